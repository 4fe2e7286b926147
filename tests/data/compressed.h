// Compressed files for the tests of loaders.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace moonpool {

/// `bytes` as gzip writes them.
std::string gzip_bytes(const std::string& bytes);

struct TarEntry {
  std::string path;
  std::string bytes;
  std::string link{};  // not empty: a link to this instead of a file
  bool is_hard = false;
};
void write_tar_gz(const std::filesystem::path& path, const std::vector<TarEntry>& entries);

}  // namespace moonpool
