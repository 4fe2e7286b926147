// ENTROPY: largest entropy of the prediction.
#include "active/strategies/strategy.h"
#include "active/strategies/top_k.h"
#include "kernels/acquisition/scores.h"

namespace moonpool {
namespace {

class EntropyStrategy : public Strategy {
 public:
  std::string_view name() const override { return "ENTROPY"; }
  std::string_view rule() const override { return "largest entropy of the prediction"; }
  std::vector<int64_t> select(PoolView& view, int64_t k, RandomKey /*key*/) const override {
    const float* probabilities = view.probabilities().data();
    const int64_t classes = view.predictions().classes;
    return top_k_by(view, k, [&](double* scores) {
      return kernels::Entropy{probabilities, scores, classes};
    });
  }
};

}  // namespace

const Strategy& entropy_strategy() {
  static const EntropyStrategy strategy;
  return strategy;
}

}  // namespace moonpool
