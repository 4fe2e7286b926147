// Files from the network, which may be slow, cut off, or something else than was asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace moonpool {

struct RemoteFile {
  std::string url;
  std::filesystem::path place;  // where it belongs, relative to the data folder
  std::string md5;              // published
  uint64_t most_bytes = 0;      // a body that is longer is somebody's mistake
};

struct DownloadOptions {
  int attempts = 5;            // in a row that bring less than a mebibyte
  double first_pause = 1.0;    // seconds before the second attempt; doubles from one to the next
  int64_t stall_seconds = 30;  // without a byte until an attempt counts as failed
  std::function<void(uint64_t done, uint64_t total)> progress{};  // in bytes; total 0: unknown
  std::function<void(std::string_view line)> note{};  // what went wrong and is tried again
};

enum class DownloadResult {
  kAlreadyThere,  // with the published checksum
  kDownloaded,
};

/// Brings `file` to `data_dir` / `file.place`.
///
/// Bytes gather in a file beside it that ends in ".part", from where a later call goes on; only
/// when all have come and have the published checksum is it renamed. A server that ignores the
/// request to go on from there makes it start again, and so does a wrong checksum. Follows up to
/// five redirections, over HTTP and HTTPS only. Throws an Error when an answer says that another
/// attempt is useless, or when attempts run out; the reason is in it.
DownloadResult download(const RemoteFile& file, const std::filesystem::path& data_dir,
                        const DownloadOptions& options);

}  // namespace moonpool
