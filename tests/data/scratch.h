// A folder for one test's files, and the checks of error messages that tests of loaders share.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

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
    std::string name = ::testing::TempDir() + "moonpool-test-XXXXXX";
    check(mkdtemp(name.data()) != nullptr, "cannot create {}", name);
    path_ = name;
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
