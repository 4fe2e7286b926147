#include "data/download/part_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "data/byte_source.h"
#include "kernels/runtime/error.h"

namespace moonpool {

PartFile::PartFile(std::filesystem::path target) : target_(std::move(target)), path_(target_) {
  path_ += ".part";
  struct stat status {};
  for (const std::filesystem::path& place : {target_, path_}) {
    check(stat(place.c_str(), &status) != 0 || S_ISREG(status.st_mode),
          "cannot download to {}: {} is there and is no regular file", shown(target_),
          shown(place));
  }
  descriptor_ = open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail_to_write();
  const bool locked = flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
  if (!locked || fstat(descriptor_, &status) != 0) {
    close(descriptor_);
    fail("{} is being downloaded by another program", shown(target_));
  }
  size_ = static_cast<uint64_t>(status.st_size);
}

PartFile::~PartFile() { close(descriptor_); }

void PartFile::fail_to_write() const {
  fail("cannot write {}: {}", shown(path_), std::strerror(errno));
}

void PartFile::append(std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_to_write();
    size_ += static_cast<uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void PartFile::clear() {
  if (ftruncate(descriptor_, 0) != 0) fail_to_write();
  size_ = 0;
}

void PartFile::finish() {
  if (fsync(descriptor_) != 0 || std::rename(path_.c_str(), target_.c_str()) != 0) fail_to_write();
}

}  // namespace moonpool
