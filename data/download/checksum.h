// Checksums of files and of what is in memory.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace moonpool {

/// The MD5 of a file's bytes as 32 lower-case hexadecimal digits. (What the data sets' authors
/// publish is MD5; it finds damage, which is what it is for here.)
std::string md5_of_file(const std::filesystem::path& path);

/// SHA-256 (FIPS 180-4) of bytes that come piece by piece.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();

  void add(std::string_view bytes);
  /// 64 lower-case hexadecimal digits. Nothing can be added afterwards.
  std::string finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace moonpool
