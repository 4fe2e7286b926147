#include "kernels/runtime/atomic_file.h"

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
  Descriptor(const std::filesystem::path& path, int flags) : number_(open(path.c_str(), flags)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }

  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

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

/// What is at `path`, through links; 0 where nothing is.
mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_mode : 0;
}

/// A rename is on the disk only once its folder is. File systems that cannot flush a folder keep no
/// such promise for anybody, so there is nothing to report.
void flush_directory(const std::filesystem::path& path) {
  const Descriptor folder(path.empty() ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder.is_open()) fsync(folder.number());
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)), partial_(path_) {
  partial_ += ".partial";
  // A rename would replace a folder or a device, and opening a FIFO would wait.
  const mode_t mode = mode_of(path_);
  if (mode != 0 && !S_ISREG(mode)) {
    fail("cannot write '{}': it is there and is no regular file", path_.string());
  }
  if (S_ISFIFO(mode_of(partial_))) {
    fail("cannot write '{}': '{}' is there and is no regular file", path_.string(),
         partial_.string());
  }
  descriptor_ = open(partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail_to_write();
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(partial_.c_str());
}

void AtomicFile::fail_to_write() {
  const int reason = errno;
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
  unlink(partial_.c_str());
  fail("cannot write '{}': {}", path_.string(), std::strerror(reason));
}

void AtomicFile::append(std::string_view bytes) {
  if (!write_all(descriptor_, bytes)) fail_to_write();
}

void AtomicFile::commit() {
  if (fsync(descriptor_) != 0) fail_to_write();
  // Some file systems report a failed write only here.
  if (close(std::exchange(descriptor_, -1)) != 0) fail_to_write();
  if (std::rename(partial_.c_str(), path_.c_str()) != 0) fail_to_write();
  flush_directory(path_.parent_path());
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.append(bytes);
  file.commit();
}

void create_directories_or_fail(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail("cannot create the folder '{}': {}", path.string(), error.message());

  // A name of this process's own, which must be new; as .partial, so that what a kill leaves in a
  // run's folder goes with that run's other leftovers. If it is there, another thread just made it.
  const std::filesystem::path probe = path / fmt::format(".moonpool-{}.partial", getpid());
  const int descriptor = open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0 && errno != EEXIST) {
    fail("cannot create files in the folder '{}': {}", path.string(), std::strerror(errno));
  }
  if (descriptor >= 0) close(descriptor);
  unlink(probe.c_str());
}

std::string read_file(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a FIFO must not make it wait
  struct stat status {};
  if (!file.is_open() || fstat(file.number(), &status) != 0) {
    fail("cannot open '{}': {}", path.string(), std::strerror(errno));
  }
  check(S_ISREG(status.st_mode), "'{}' is no regular file", path.string());
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
