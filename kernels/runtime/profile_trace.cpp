#include "kernels/runtime/profile_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>

namespace moonpool::profile {
namespace {

constexpr std::size_t kWriteAtOnce = std::size_t{1} << 20;

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

const char* category_name(Category category) {
  switch (category) {
    case Category::kPhase:
      return "phase";
    case Category::kStep:
      return "step";
    case Category::kPart:
      return "part";
    case Category::kLayer:
      return "layer";
    case Category::kKernel:
      break;
  }
  return "kernel";
}

/// Nanoseconds as microseconds with all digits.
std::string microseconds(int64_t nanoseconds) {
  return fmt::format("{}.{:03}", nanoseconds / 1000, nanoseconds % 1000);
}

std::string arguments_of(const Event& event) {
  if (event.columns > 0) return fmt::format("\"size\":\"{} x {}\"", event.rows, event.columns);
  if (event.rows > 0) return fmt::format("\"size\":\"{}\"", event.rows);
  return event.number >= 0 ? fmt::format("\"number\":{}", event.number) : "";
}

std::string line_of(const Event& event) {
  return fmt::format(
      R"({{"name":{},"cat":"{}","ph":"X","ts":{},"dur":{},"pid":1,"tid":{},"args":{{{}}}}})",
      json_text(event.name), category_name(event.category), microseconds(event.begin),
      microseconds(event.end - event.begin), event.track, arguments_of(event));
}

std::string name_line(const char* kind, int32_t track, const std::string& name) {
  return fmt::format(R"({{"name":"{}","ph":"M","pid":1,"tid":{},"args":{{"name":{}}}}})", kind,
                     track, json_text(name));
}

/// Of each track in the order of time, what is around before what is inside.
std::vector<std::size_t> order_of(const std::vector<Event>& events) {
  std::vector<std::size_t> order(events.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t i, std::size_t j) {
    const Event& a = events[i];
    const Event& b = events[j];
    if (a.track != b.track) return a.track < b.track;
    if (a.begin != b.begin) return a.begin < b.begin;
    return a.end > b.end;
  });
  return order;
}

}  // namespace

void write_trace(const Recorder& recorder, const std::string& process,
                 const std::vector<std::pair<std::string, std::string>>& remarks,
                 AtomicFile& file) {
  std::string text = "{\"displayTimeUnit\":\"ms\",\n\"otherData\":{";
  for (const auto& [name, value] : remarks) {
    if (text.back() != '{') text += ',';
    text += json_text(name) + ':' + json_text(value);
  }
  text += "},\n\"traceEvents\":[\n" + name_line("process_name", 0, process);
  for (int32_t track = 0; track < recorder.tracks(); ++track) {
    text += ",\n" + name_line("thread_name", track,
                              track == 0 ? "host" : fmt::format("CUDA stream {}", track));
  }
  for (const std::size_t i : order_of(recorder.events())) {
    text += ",\n" + line_of(recorder.events()[i]);
    if (text.size() > kWriteAtOnce) {
      file.append(text);
      text.clear();
    }
  }
  file.append(text + "\n]}\n");
}

}  // namespace moonpool::profile
