#include "active/strategies/strategy.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "kernels/runtime/error.h"

namespace moonpool {

std::span<const Strategy* const> all_strategies() {
  static const std::array<const Strategy*, 8> all = {
      &rand_strategy(),    &conf_strategy(),  &marg_strategy(), &bald_strategy(),
      &coreset_strategy(), &badge_strategy(), &lhd_strategy(),  &entropy_strategy()};
  return all;
}

const Strategy& find_strategy(const std::string& name) {
  std::string upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  for (const Strategy* strategy : all_strategies()) {
    if (strategy->name() == upper) return *strategy;
  }
  fail_usage("strategy {}: unknown; expected one of {}", name, strategy_names());
}

std::string strategy_names() {
  std::string names;
  for (const Strategy* strategy : all_strategies()) {
    names += (names.empty() ? "" : ", ") + std::string(strategy->name());
  }
  return names;
}

}  // namespace moonpool
