// MARG: smallest difference of the two largest probabilities.
#include "active/strategies/strategy.h"
#include "active/strategies/top_k.h"
#include "kernels/acquisition/scores.h"

namespace moonpool {
namespace {

class Marg : public Strategy {
 public:
  std::string_view name() const override { return "MARG"; }
  std::string_view rule() const override {
    return "smallest difference of the two largest probabilities";
  }
  std::vector<int64_t> select(PoolView& view, int64_t k, RandomKey /*key*/) const override {
    const float* probabilities = view.probabilities().data();
    const int64_t classes = view.predictions().classes;
    return top_k_by(view, k, [&](double* scores) {
      return kernels::Margin{probabilities, scores, classes};
    });
  }
};

}  // namespace

const Strategy& marg_strategy() {
  static const Marg strategy;
  return strategy;
}

}  // namespace moonpool
