// The part of a file that has already been downloaded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace moonpool {

/// Beside the place of the finished file, under its name with ".part" behind. Locked while it is
/// open, so that two programs do not write it at once; it stays when the object goes, for the next
/// attempt.
class PartFile {
 public:
  /// Opens what an earlier download left, or makes the file. Throws an Error if it cannot, or if
  /// another program has it.
  explicit PartFile(std::filesystem::path target);
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  ~PartFile();

  const std::filesystem::path& path() const { return path_; }
  uint64_t size() const { return size_; }

  void append(std::span<const char> bytes);
  void clear();
  /// Flushes the file and puts it into the place of the finished one.
  void finish();

 private:
  [[noreturn]] void fail_to_write() const;

  std::filesystem::path target_;
  std::filesystem::path path_;
  int descriptor_;
  uint64_t size_ = 0;
};

}  // namespace moonpool
