// RAND: uniform without replacement.
#include "active/strategies/strategy.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

class Rand : public Strategy {
 public:
  std::string_view name() const override { return "RAND"; }
  std::string_view rule() const override { return "uniform without replacement"; }
  std::vector<int64_t> select(PoolView& view, int64_t k, RandomKey key) const override {
    return RandomStream(key).sample_without_replacement(view.candidates(), k);
  }
};

}  // namespace

const Strategy& rand_strategy() {
  static const Rand strategy;
  return strategy;
}

}  // namespace moonpool
