// Files that are either whole or as they were before: what a run leaves behind when it is killed
// can always be read.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace moonpool {

/// Puts `bytes` into the file `path`, in place of what it held.
///
/// Writes `path` + ".partial", flushes it to the disk and renames it, so that a reader or a crash
/// sees the old file or the new one and nothing between. One writer per file at a time. Throws an
/// Error that names the file and the system's reason; `path` is then as it was. What is there and
/// is no regular file (a folder, a device) is not replaced.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// The same for a file that is written piece by piece. What was written is gone if the object goes
/// without a commit.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void append(std::string_view bytes);
  /// Flushes the file and puts it into its place.
  void commit();

 private:
  [[noreturn]] void fail_to_write();

  std::filesystem::path path_;
  std::filesystem::path partial_;
  int descriptor_;
};

/// Makes the folder `path` with its parents, and makes sure that files can be created in it: a run
/// should learn before its hours of work that it cannot keep their result.
void create_directories_or_fail(const std::filesystem::path& path);

/// The bytes of the regular file `path`.
std::string read_file(const std::filesystem::path& path);

}  // namespace moonpool
