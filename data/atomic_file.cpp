#include "data/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

/// An open file. Move-only by having neither copy nor move.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : number_(open(path.c_str(), flags, 0666)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }

  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

  /// Closes now: some file systems report a failed write only here.
  bool close_checked() { return close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool write_and_flush(const std::filesystem::path& path, std::string_view bytes) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
  return file.is_open() && write_all(file.number(), bytes) && fsync(file.number()) == 0 &&
         file.close_checked();
}

/// A rename is on the disk only once its folder is. File systems that cannot flush a folder keep no
/// such promise for anybody, so there is nothing to report.
void flush_directory(const std::filesystem::path& path) {
  const Descriptor folder(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder.is_open()) fsync(folder.number());
}

}  // namespace

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path partial = path;
  partial += ".partial";
  if (!write_and_flush(partial, bytes) || std::rename(partial.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    unlink(partial.c_str());
    fail("cannot write '{}': {}", path.string(), std::strerror(reason));
  }
  flush_directory(path.parent_path());
}

void create_directories_or_fail(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail("cannot create the folder '{}': {}", path.string(), error.message());

  std::string probe = (path / ".moonpool-XXXXXX").string();
  const int descriptor = mkstemp(probe.data());
  if (descriptor < 0) {
    fail("cannot create files in the folder '{}': {}", path.string(), std::strerror(errno));
  }
  close(descriptor);
  unlink(probe.c_str());
}

std::string read_file(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (!file.is_open() || fstat(file.number(), &status) != 0) {
    fail("cannot open '{}': {}", path.string(), std::strerror(errno));
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = read(file.number(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read '{}': {}", path.string(), std::strerror(errno));
    if (got == 0) break;  // it shrank meanwhile
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace moonpool
