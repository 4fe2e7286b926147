// The right to write into a folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace moonpool {

/// A lock on the file `.lock` of a folder. The system takes it from a process that ends, however it
/// does, so that a dead process never keeps one. Two locks of one process exclude each other, too.
///
/// It is flock's: on a network file system it holds between machines where the server supports it
/// (NFS does on Linux). The file stays when the lock goes: were it removed, two processes could
/// hold locks on two files of its name.
class FolderLock {
 public:
  /// Makes the folder if need be, and takes its lock if nobody has it. An Error if the folder
  /// cannot be written.
  static std::optional<FolderLock> try_lock(const std::filesystem::path& folder);

  /// Whether a process has the lock of `folder` now. Changes nothing, and works where nothing can
  /// be written.
  static bool is_held(const std::filesystem::path& folder);

  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;  // -1: moved away
};

}  // namespace moonpool
