#include "active/report/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "active/report/text_table.h"

namespace moonpool {
namespace {

constexpr double kSecondsBetweenFrames = 0.1;
constexpr double kSecondsBetweenLogLines = 10;
constexpr std::string_view kWipeLine = "\r\x1b[2K";
constexpr std::size_t kBarWidth = 24;

double steady_seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

ProgressOptions with_clock(ProgressOptions options) {
  if (!options.seconds_now) options.seconds_now = steady_seconds;
  return options;
}

bool is_terminal(std::FILE* stream) {
  const char* kind = std::getenv("TERM");
  return isatty(fileno(stream)) == 1 && (kind == nullptr || std::string_view(kind) != "dumb");
}

std::size_t terminal_columns(std::FILE* stream) {
  winsize size = {};
  const bool known = ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

/// "0:07", "12:30", "3:05:00".
std::string clock_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(std::max(0.0, seconds)));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string bar_text(double share) {
  const auto filled = static_cast<std::size_t>(share * kBarWidth);
  std::string bar(kBarWidth, ' ');
  std::fill_n(bar.begin(), filled, '=');
  if (filled < kBarWidth) bar[filled] = '>';
  return bar;
}

/// The first `columns` characters: a line that wrapped could not be wiped.
std::string cut_to(std::string text, std::size_t columns) {
  while (display_width(text) > columns) text.pop_back();
  return text;
}

void write_text(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

}  // namespace

Progress::Progress(std::string title, int64_t units, ProgressOptions options)
    : title_(std::move(title)),
      units_(std::max<int64_t>(units, 1)),
      options_(with_clock(std::move(options))),
      on_terminal_(options_.on_terminal.value_or(is_terminal(options_.stream))),
      start_(options_.seconds_now()) {
  if (!on_terminal_) return;
  draw(true);
  ticker_ = std::jthread([this](const std::stop_token& stop) { tick(stop); });
}

Progress::~Progress() {
  if (!on_terminal_) return;
  ticker_.request_stop();
  ticker_.join();
  write_text(options_.stream, kWipeLine);
}

void Progress::set_label(std::string label) {
  const std::lock_guard lock(mutex_);
  label_ = std::move(label);
  if (on_terminal_) draw(false);
}

void Progress::advance(int64_t units) {
  const std::lock_guard lock(mutex_);
  if (done_ == units_) return;
  done_ = std::min(done_ + units, units_);
  if (on_terminal_) {
    draw(false);
  } else {
    log();
  }
}

void Progress::print(std::string_view line, std::FILE* to) {
  const std::lock_guard lock(mutex_);
  if (on_terminal_) write_text(options_.stream, kWipeLine);
  write_text(to != nullptr ? to : options_.stream, fmt::format("{}\n", line));
  if (on_terminal_) draw(true);
}

std::string Progress::line(double now) const {
  const double elapsed = now - start_;
  const double share = static_cast<double>(done_) / static_cast<double>(units_);
  const std::string bar = on_terminal_ ? fmt::format("[{}]  ", bar_text(share)) : "";
  std::string text =
      fmt::format("{}  {}{}/{}  {}", title_, bar, done_, units_, clock_text(elapsed));
  if (done_ > 0 && done_ < units_) {
    text += fmt::format(", about {} left", clock_text(elapsed * (1 - share) / share));
  }
  if (!label_.empty()) text += "  " + label_;
  return text;
}

void Progress::draw(bool even_if_drawn_just_now) {
  const double now = options_.seconds_now();
  if (!even_if_drawn_just_now && last_shown_ && now - *last_shown_ < kSecondsBetweenFrames) return;
  last_shown_ = now;
  const std::size_t columns = terminal_columns(options_.stream);
  write_text(options_.stream, fmt::format("{}{}", kWipeLine, cut_to(line(now), columns - 1)));
}

void Progress::log() {
  const double now = options_.seconds_now();
  const double quiet_since = last_shown_.value_or(start_);
  if (done_ < units_ && now - quiet_since < kSecondsBetweenLogLines) return;
  last_shown_ = now;
  write_text(options_.stream, line(now) + "\n");
}

void Progress::tick(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
    if (!stop.stop_requested()) draw(false);
  }
}

}  // namespace moonpool
