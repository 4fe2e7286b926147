// LHD: k-means++ seeding on the difference between the main and the EMA model, loss difference
// times feature difference. The paper's idea is that this difference is small where the labels are
// noise: nothing is learnt there, so the average has nothing to lag behind in.
#include "active/strategies/strategy.h"
#include "kernels/seeding/seeding.h"

namespace moonpool {
namespace {

class Lhd : public Strategy {
 public:
  std::string_view name() const override { return "LHD"; }
  std::string_view rule() const override {
    return "k-means++ seeding on loss difference times feature difference of main and EMA model";
  }
  bool uses_model_difference() const override { return true; }
  std::vector<int64_t> select(PoolView& view, int64_t k, RandomKey key) const override {
    const ModelDifference& difference = view.difference();
    const kernels::EuclideanMetric metric{difference.embedding.data(), difference.width};
    const Candidates candidates(view.stream(), view.samples(), view.candidate_samples());
    const auto chosen = kmeans_plus_plus(view.stream(), metric, candidates, k, key);
    return {chosen.begin(), chosen.end()};
  }
};

}  // namespace

const Strategy& lhd_strategy() {
  static const Lhd strategy;
  return strategy;
}

}  // namespace moonpool
