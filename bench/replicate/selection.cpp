#include "bench/replicate/selection.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "active/strategies/strategy.h"
#include "data/noise.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

[[noreturn]] void fail_on(const std::string& text) {
  fail_usage("--only '{}': expected conditions like strategy=lhd,noise=class,percent=80,ft=yes",
             text);
}

int64_t parse_percent(const std::string& text) {
  int64_t percent = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
  if (error != std::errc() || end != text.data() + text.size() || percent < 0 || percent > 99) {
    fail_usage("--only percent={}: expected a whole number from 0 to 99", text);
  }
  return percent;
}

bool parse_tuned(const std::string& text) {
  if (text != "yes" && text != "no") fail_usage("--only ft={}: expected yes or no", text);
  return text == "yes";
}

template <class T>
bool holds(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

}  // namespace

CellFilter::CellFilter(const std::string& text) {
  std::istringstream conditions(text);
  for (std::string condition; std::getline(conditions, condition, ',');) {
    const std::size_t equals = condition.find('=');
    const std::string key = condition.substr(0, equals);
    if (equals == std::string::npos) fail_on(text);
    const std::string value = condition.substr(equals + 1);
    if (key == "strategy") {
      strategies_.emplace_back(find_strategy(value).name());
    } else if (key == "noise") {
      noises_.push_back(name(parse_noise(value)));
    } else if (key == "percent") {
      percents_.push_back(parse_percent(value));
    } else if (key == "ft") {
      tuned_.push_back(parse_tuned(value));
    } else if (key == "dataset") {
      if (value != "cifar10" && value != "svhn") {
        fail_usage("--only dataset={}: expected cifar10 or svhn", value);
      }
      datasets_.push_back(value);
    } else {
      fail_on(text);
    }
  }
}

bool CellFilter::admits(const Cell& cell) const {
  return holds(strategies_, cell.strategy) && holds(noises_, cell.noise) &&
         holds(percents_, cell.percent) && holds(tuned_, cell.fine_tuned) &&
         holds(datasets_, cell.dataset);
}

}  // namespace moonpool
