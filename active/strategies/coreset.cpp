// CORESET: k-centre greedy on the penultimate features (Sener and Savarese 2018).
#include "active/strategies/strategy.h"
#include "kernels/seeding/seeding.h"

namespace moonpool {
namespace {

class Coreset : public Strategy {
 public:
  std::string_view name() const override { return "CORESET"; }
  std::string_view rule() const override {
    return "k-centre greedy: farthest from all that is labelled or taken, in feature space";
  }
  std::vector<int64_t> select(PoolView& view, int64_t k, RandomKey /*key*/) const override {
    const Predictions& predictions = view.predictions();
    const kernels::EuclideanMetric metric{predictions.features.data(), predictions.feature_width};
    const Candidates candidates(view.stream(), view.samples(), view.candidate_samples());
    const auto chosen =
        k_centre_greedy(view.stream(), metric, candidates, view.labelled_samples(), k);
    return {chosen.begin(), chosen.end()};
  }
};

}  // namespace

const Strategy& coreset_strategy() {
  static const Coreset strategy;
  return strategy;
}

}  // namespace moonpool
