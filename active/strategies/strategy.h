// Query strategies (SPEC.md section 2). Stateless: everything a choice depends on is in the view
// and the key.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "active/pool_view.h"

namespace moonpool {

class Strategy {
 public:
  virtual ~Strategy() = default;

  /// As the paper's tables write it: "RAND", "CONF", ...
  virtual std::string_view name() const = 0;
  /// One line for `--help`.
  virtual std::string_view rule() const = 0;

  /// `k` different candidates in the order chosen; 1 <= k <= view.candidates(). `key` (purpose
  /// kSeeding, the present round) is all the randomness there is.
  virtual std::vector<int64_t> select(PoolView& view, int64_t k, RandomKey key) const = 0;

  /// Whether `select` reads view.difference(), so that it may have to be kept during training.
  virtual bool uses_model_difference() const { return false; }
};

/// All strategies, in the order of the paper's tables, then ENTROPY.
std::span<const Strategy* const> all_strategies();

/// The strategy of that name, in any case; a usage Error that lists the names for any other.
const Strategy& find_strategy(const std::string& name);

/// "RAND, CONF, ...".
std::string strategy_names();

// One per file of this folder.
const Strategy& rand_strategy();
const Strategy& conf_strategy();
const Strategy& marg_strategy();
const Strategy& bald_strategy();
const Strategy& coreset_strategy();
const Strategy& badge_strategy();
const Strategy& lhd_strategy();
const Strategy& entropy_strategy();

}  // namespace moonpool
