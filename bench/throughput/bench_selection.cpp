// Throughput of every strategy: 1,000 of 250,000 rows, from mapped .npy files to the choices. Items
// are rows; bytes are one pass over the arrays.
//
// Features of width 128 are as a ReLU leaves them, around the means of ten classes; probabilities
// depend on them; an EMA model is near by; BALD has ten passes, CORESET 2,000 labelled rows. The
// files lie in bench_folder(), or in a temporary folder while the program runs, and are drawn if
// they are not there. In bench_folder() the choices are left, too: chosen_STRATEGY.npy.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "active/selection/select_arrays.h"
#include "active/strategies/strategy.h"
#include "bench/throughput/bench_device.h"
#include "bench/throughput/bench_folder.h"
#include "data/npy.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

constexpr int64_t kRows = 250'000;
constexpr int64_t kLabelled = 2'000;
constexpr int64_t kQuery = 1'000;
constexpr int64_t kWidth = 128;
constexpr int64_t kClasses = 10;
constexpr int64_t kPasses = 10;

/// Removes the arrays when the program ends, unless somebody named the folder.
class ArrayFolder {
 public:
  ArrayFolder() : path_(bench_folder()), mine_(path_.empty()) {
    if (!mine_) return;
    path_ = std::filesystem::temp_directory_path() / fmt::format("moonpool_bench_{}", getpid());
    std::filesystem::create_directories(path_);
  }
  ~ArrayFolder() {
    std::error_code none;
    if (mine_) std::filesystem::remove_all(path_, none);
  }
  ArrayFolder(const ArrayFolder&) = delete;
  ArrayFolder& operator=(const ArrayFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  bool mine() const { return mine_; }

 private:
  std::filesystem::path path_;
  bool mine_;
};

using Values = std::vector<float>;

/// max(mean of a class + normal noise, 0).
Values draw_features(const Values& means, int64_t rows, uint32_t step) {
  Values features(static_cast<std::size_t>(rows * kWidth));
  RandomStream random({1, RandomPurpose::kData, 1, step});
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t label = random.below(kClasses);
    for (int64_t c = 0; c < kWidth; ++c) {
      const auto noise = static_cast<float>(random.normal());
      features[row * kWidth + c] = std::max(means[label * kWidth + c] + noise, 0.0f);
    }
  }
  return features;
}

Values with_noise(const Values& values, float deviation, uint32_t step) {
  RandomStream random({1, RandomPurpose::kData, 2, step});
  Values out = values;
  for (float& v : out) v = std::max(v + deviation * static_cast<float>(random.normal()), 0.0f);
  return out;
}

/// softmax(features head), row by row; some features are dropped if `keep` is below 1.
Values probabilities(const Values& features, const Values& head, double keep, uint32_t step) {
  const int64_t rows = static_cast<int64_t>(features.size()) / kWidth;
  Values out(static_cast<std::size_t>(rows * kClasses));
  RandomStream random({1, RandomPurpose::kDropout, 0, step});
  std::array<float, kClasses> logits{};
  for (int64_t row = 0; row < rows; ++row) {
    logits.fill(0);
    for (int64_t c = 0; c < kWidth; ++c) {
      if (keep < 1 && uniform_float(random.next_u32()) >= keep) continue;
      const float value = features[row * kWidth + c] / static_cast<float>(keep);
      for (int64_t k = 0; k < kClasses; ++k) logits[k] += value * head[c * kClasses + k];
    }
    const float largest = *std::max_element(logits.begin(), logits.end());
    float sum = 0;
    for (float& logit : logits) sum += logit = std::exp(logit - largest);
    for (int64_t k = 0; k < kClasses; ++k) out[row * kClasses + k] = logits[k] / sum;
  }
  return out;
}

void draw_arrays(const ArrayFolder& folder) {
  if (std::filesystem::exists(folder / "mc_probabilities.npy")) return;  // the last one
  RandomStream random({1, RandomPurpose::kData});
  Values means(kClasses * kWidth);
  for (float& value : means) value = static_cast<float>(random.normal());
  Values head(kWidth * kClasses);
  for (float& value : head) value = 0.15f * static_cast<float>(random.normal());
  const auto write = [&](const char* name, std::vector<int64_t> shape, Values values) {
    write_npy(folder / fmt::format("{}.npy", name), {std::move(shape), std::move(values)});
  };
  write("labelled_features", {kLabelled, kWidth}, draw_features(means, kLabelled, 1));
  const Values features = draw_features(means, kRows, 0);
  const Values ema_features = with_noise(features, 0.1f, 0);
  write("features", {kRows, kWidth}, features);
  write("ema_features", {kRows, kWidth}, ema_features);
  write("probabilities", {kRows, kClasses}, probabilities(features, head, 1, 0));
  write("ema_probabilities", {kRows, kClasses}, probabilities(ema_features, head, 1, 0));
  Values passes;
  for (uint32_t pass = 0; pass < kPasses; ++pass) {
    const Values one = probabilities(features, head, 0.5, pass);
    passes.insert(passes.end(), one.begin(), one.end());
  }
  write("mc_probabilities", {kPasses, kRows, kClasses}, std::move(passes));
}

/// The arrays that a strategy uses, and how many floats a row of them has.
double set_arrays(ArraySelection& request, const ArrayFolder& folder) {
  const std::string& s = request.strategy;
  double floats = 0;
  const auto use = [&](std::filesystem::path ArraySelection::*path, const char* name,
                       int64_t columns) {
    request.*path = folder / fmt::format("{}.npy", name);
    floats += static_cast<double>(columns);
  };
  using Request = ArraySelection;
  if (s == "BALD") {
    use(&Request::mc_probabilities, "mc_probabilities", kPasses * kClasses);
    return floats;
  }
  if (s != "CORESET") use(&Request::probabilities, "probabilities", kClasses);
  if (s == "CORESET") use(&Request::labelled_features, "labelled_features", 0);
  if (s == "CORESET" || s == "BADGE" || s == "LHD") use(&Request::features, "features", kWidth);
  if (s == "LHD") {
    use(&Request::ema_probabilities, "ema_probabilities", kClasses);
    use(&Request::ema_features, "ema_features", kWidth);
  }
  return floats;
}

void select(benchmark::State& state, const std::string& strategy) {
  static const ArrayFolder folder;
  draw_arrays(folder);
  ArraySelection request;
  request.strategy = strategy;
  request.query = kQuery;
  const double floats = set_arrays(request, folder);
  request.device = bench_device();
  ArraySelectionResult result;
  Stream stream(request.device);
  measure(state, stream, {.bytes = 4 * floats * kRows, .items = kRows},
          [&] { result = select_from_arrays(request, {}); });
  state.counters["passes"] = result.passes();
  if (!folder.mine()) {
    write_npy(folder / fmt::format("chosen_{}.npy", strategy),
              {{kQuery}, std::move(result.chosen)});
  }
}

[[maybe_unused]] const bool added = [] {
  for (const Strategy* strategy : all_strategies()) {
    const std::string name(strategy->name());
    add_benchmark("select/" + name, [=](benchmark::State& state) { select(state, name); });
  }
  return true;
}();

}  // namespace
}  // namespace moonpool
