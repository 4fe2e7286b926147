// BALD: largest mutual information between prediction and weights (Houlsby et al. 2011), estimated
// by Monte Carlo dropout before the last layer.
// Masks belong to a sample: its copies share them, and so have one score.
#include "active/strategies/strategy.h"
#include "active/strategies/top_k.h"
#include "kernels/acquisition/scores.h"

namespace moonpool {
namespace {

constexpr int64_t kPasses = 10;

class Bald : public Strategy {
 public:
  std::string_view name() const override { return "BALD"; }
  std::string_view rule() const override {
    return "largest mutual information over 10 Monte Carlo dropout passes";
  }
  std::vector<int64_t> select(PoolView& view, int64_t k, RandomKey key) const override {
    key.purpose = RandomPurpose::kDropout;
    const Buffer<float> passes = view.monte_carlo_probabilities(kPasses, key);
    const int64_t classes = view.predictions().classes;
    return top_k_by(view, k, [&](double* scores) {
      return kernels::MutualInformation{passes.data(), scores, kPasses, view.samples(), classes};
    });
  }
};

}  // namespace

const Strategy& bald_strategy() {
  static const Bald strategy;
  return strategy;
}

}  // namespace moonpool
