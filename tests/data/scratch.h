// A folder for one test's files, and the checks of error messages that tests of loaders share.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>

#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {

/// A new folder that is removed, with all in it, at the end of the scope.
class ScratchFolder {
 public:
  ScratchFolder() {
    static std::atomic<int> made{0};
    // What a dead process with this number left is stepped over.
    do {
      path_ = ::testing::TempDir() + fmt::format("moonpool-test-{}-{}", getpid(), made++);
    } while (!std::filesystem::create_directory(path_));
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// A path as error messages show it.
inline std::string quoted(const std::filesystem::path& path) {
  return fmt::format("'{}'", path.string());
}

/// The message of the Error that `action()` throws; "" if it throws none.
template <class Action>
std::string error_of(const Action& action, Error::Kind kind = Error::Kind::kRuntime) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos);
    return error.what();
  }
  return "";
}

}  // namespace moonpool
