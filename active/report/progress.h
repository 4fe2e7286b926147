// What long work says about itself while it lasts.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace moonpool {

struct ProgressOptions {
  std::FILE* stream = stderr;
  std::optional<bool> on_terminal;      // asked of the system where not given
  std::function<double()> seconds_now;  // a clock that only goes forward; the system's by default
};

/// Counts finished units of work. All functions may be called from any thread.
///
/// On a terminal it is one line, redrawn at most ten times a second and about once a second at
/// least:
///     Figure 1  [======>                 ]  12/40  0:31, about 1:12 left  LHD, seed 3
/// In a log it is a plain line for a finished unit, at most one in ten seconds, and one for the
/// last. A stream that cannot be written is no error.
class Progress {
 public:
  Progress(std::string title, int64_t units, ProgressOptions options = {});
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Wipes the line off the terminal, so that what is printed next starts on an empty one.
  ~Progress();

  /// What is being worked on: shown at the end of the line.
  void set_label(std::string label);

  void advance(int64_t units = 1);

  /// Prints a whole line (a warning, a result) where the bar is, and draws the bar below it. `to`
  /// is another stream than the bar's, if it is given.
  void print(std::string_view line, std::FILE* to = nullptr);

 private:
  std::string line(double now) const;
  void draw(bool even_if_drawn_just_now);
  void log();
  void tick(const std::stop_token& stop);

  const std::string title_;
  const int64_t units_;
  const ProgressOptions options_;
  const bool on_terminal_;
  const double start_;

  std::mutex mutex_;  // guards what follows, and the stream
  int64_t done_ = 0;
  std::string label_;
  std::optional<double> last_shown_;

  std::condition_variable_any wake_;
  std::jthread ticker_;  // keeps the clock on the terminal going while a unit takes long
};

}  // namespace moonpool
