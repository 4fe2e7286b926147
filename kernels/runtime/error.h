// The one exception type of the project, and the checks that throw it.
//
// A message says what was wrong, where, and what was expected, in one line: programs print it as it
// is. `Error::Kind` decides the exit status of a program: 2 for a mistake in how it was called, 1
// for everything else.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace moonpool {

class Error : public std::runtime_error {
 public:
  enum class Kind {
    kRuntime,     // a file, a device or a number is not as it must be
    kUsage,       // an argument or an option is wrong
    kDivergence,  // training left the finite numbers: nothing is wrong with machine or files
  };

  Error(Kind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  Kind kind() const { return kind_; }
  int exit_status() const { return kind_ == Kind::kUsage ? 2 : 1; }

 private:
  Kind kind_;
};

/// Throws an Error of kind kRuntime with a formatted message.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(Error::Kind::kRuntime, fmt::format(format, std::forward<Args>(args)...));
}

/// Throws an Error of kind kUsage with a formatted message.
template <class... Args>
[[noreturn]] void fail_usage(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(Error::Kind::kUsage, fmt::format(format, std::forward<Args>(args)...));
}

/// Throws an Error of kind kDivergence with a formatted message.
template <class... Args>
[[noreturn]] void fail_diverged(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(Error::Kind::kDivergence, fmt::format(format, std::forward<Args>(args)...));
}

/// Throws unless `condition` holds. The message is formatted only on failure.
template <class... Args>
void check(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) [[unlikely]] {
    fail(format, std::forward<Args>(args)...);
  }
}

}  // namespace moonpool
