// Tar archives, plain or compressed by gzip, read in place: nothing is unpacked to the disk.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "data/byte_source.h"

namespace moonpool {

/// One regular file of an archive while it is being read.
struct TarMember {
  std::string file_name;  // the last part of its path
  uint64_t size;          // as its header says
};

/// Calls `visit` for every file of the archive `path`, in the archive's order. What a visit does
/// not read is skipped. Throws an Error for a damaged or truncated archive, and for what no data
/// set's archive has: links, devices, and paths that are absolute or lead upwards.
void for_each_tar_member(const std::filesystem::path& path,
                         const std::function<void(const TarMember&, ByteSource&)>& visit);

}  // namespace moonpool
