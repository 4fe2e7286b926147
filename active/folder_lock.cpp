#include "active/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr const char* kLock = ".lock";

}  // namespace

std::optional<FolderLock> FolderLock::try_lock(const std::filesystem::path& folder) {
  create_directories_or_fail(folder);
  const std::filesystem::path file = folder / kLock;
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) fail("cannot write '{}': {}", file.string(), std::strerror(errno));
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return FolderLock(descriptor);
  const int reason = errno;
  close(descriptor);
  if (reason == EWOULDBLOCK) return std::nullopt;
  fail("cannot lock '{}': {}", file.string(), std::strerror(reason));
}

bool FolderLock::is_held(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / kLock;
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  // A shared lock, so that two who ask at once do not see each other.
  const bool held = flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(descriptor);
  return held;
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace moonpool
