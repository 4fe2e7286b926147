// CONF: smallest largest probability.
#include "active/strategies/strategy.h"
#include "active/strategies/top_k.h"
#include "kernels/acquisition/scores.h"

namespace moonpool {
namespace {

class Conf : public Strategy {
 public:
  std::string_view name() const override { return "CONF"; }
  std::string_view rule() const override { return "smallest largest probability"; }
  std::vector<int64_t> select(PoolView& view, int64_t k, RandomKey /*key*/) const override {
    const float* probabilities = view.probabilities().data();
    const int64_t classes = view.predictions().classes;
    return top_k_by(view, k, [&](double* scores) {
      return kernels::LeastConfidence{probabilities, scores, classes};
    });
  }
};

}  // namespace

const Strategy& conf_strategy() {
  static const Conf strategy;
  return strategy;
}

}  // namespace moonpool
