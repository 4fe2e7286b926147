// BADGE: k-means++ seeding on the gradients of the last layer (Ash et al. 2020).
//
// The gradient of the cross-entropy of the hypothetical label is an outer product, (p -
// onehot(argmax p)) (x) h, of classes x width numbers; its distances factorise
// (OuterProductMetric), so it is never formed.
#include "active/strategies/strategy.h"
#include "kernels/acquisition/scores.h"
#include "kernels/seeding/seeding.h"

namespace moonpool {
namespace {

class Badge : public Strategy {
 public:
  std::string_view name() const override { return "BADGE"; }
  std::string_view rule() const override {
    return "k-means++ seeding on hypothetical last-layer gradients";
  }
  std::vector<int64_t> select(PoolView& view, int64_t k, RandomKey key) const override {
    Stream& stream = view.stream();
    const Predictions& predictions = view.predictions();
    const Buffer<float> residual(stream.device(), view.samples() * predictions.classes);
    for_each(stream, view.samples(),
             kernels::HypotheticalResidual{view.probabilities().data(), residual.data(),
                                           predictions.classes});
    const kernels::OuterProductMetric metric{residual.data(), predictions.features.data(), nullptr,
                                             predictions.classes, predictions.feature_width};
    const Candidates candidates(stream, view.samples(), view.candidate_samples());
    const auto chosen = kmeans_plus_plus(stream, metric, candidates, k, key);
    return {chosen.begin(), chosen.end()};
  }
};

}  // namespace

const Strategy& badge_strategy() {
  static const Badge strategy;
  return strategy;
}

}  // namespace moonpool
