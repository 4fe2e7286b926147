// Checksums of files, to compare with published ones.
#pragma once

#include <filesystem>
#include <string>

namespace moonpool {

/// The MD5 of a file's bytes as 32 lower-case hexadecimal digits. (What the data sets' authors
/// publish is MD5; it finds damage, which is what it is for here.)
std::string md5_of_file(const std::filesystem::path& path);

}  // namespace moonpool
