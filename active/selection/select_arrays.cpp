#include "active/selection/select_arrays.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>

#include "active/selection/npy_rows.h"
#include "active/selection/select_on_cuda.h"
#include "active/strategies/strategy.h"
#include "active/strategies/top_k.h"
#include "kernels/acquisition/scores.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"
#include "kernels/seeding/row_blocks.h"
#include "kernels/seeding/seeding.h"

namespace moonpool {
namespace {

/// The arrays of a request by their options, and which strategies use them.
struct ArrayUse {
  const char* option;
  std::filesystem::path ArraySelection::*path;
  std::vector<std::string_view> needed_by;
  std::vector<std::string_view> taken_by;
};
const std::vector<ArrayUse>& array_uses() {
  using S = ArraySelection;
  static const std::vector<ArrayUse> uses = {
      {"--probabilities", &S::probabilities, {"CONF", "MARG", "ENTROPY", "BADGE", "LHD"}, {"RAND"}},
      {"--features", &S::features, {"CORESET", "BADGE", "LHD"}, {"RAND"}},
      {"--labelled-features", &S::labelled_features, {}, {"CORESET"}},
      {"--ema-probabilities", &S::ema_probabilities, {"LHD"}, {}},
      {"--ema-features", &S::ema_features, {"LHD"}, {}},
      {"--mc-probabilities", &S::mc_probabilities, {"BALD"}, {"RAND"}},
  };
  return uses;
}

void check_options(const ArraySelection& request, std::string_view strategy) {
  const auto names = [&](const std::vector<std::string_view>& list) {
    return std::ranges::find(list, strategy) != list.end();
  };
  bool any = false;
  for (const ArrayUse& use : array_uses()) {
    const bool given = !(request.*use.path).empty();
    any |= given;
    if (!given && names(use.needed_by)) fail_usage("strategy {} needs {}", strategy, use.option);
    if (given && !names(use.needed_by) && !names(use.taken_by)) {
      fail_usage("strategy {} does not use {}", strategy, use.option);
    }
  }
  if (!any) {
    fail_usage(
        "strategy {} needs --probabilities, --features or --mc-probabilities, for their "
        "number of rows",
        strategy);
  }
}

/// The files of a request, open and of shapes that fit each other.
class Arrays {
 public:
  explicit Arrays(const ArraySelection& request) : request_(request) {
    open(probabilities_, request.probabilities, 2);
    open(features_, request.features, 2);
    open(ema_probabilities_, request.ema_probabilities, 2);
    open(ema_features_, request.ema_features, 2);
    open(mc_probabilities_, request.mc_probabilities, 3);
    open(labelled_features_, request.labelled_features, 2);
    check_columns(probabilities_, ema_probabilities_);
    check_columns(features_, ema_features_);
    check_columns(features_, labelled_features_);
    for (const auto* file : {&probabilities_, &ema_probabilities_, &mc_probabilities_}) {
      check(!*file || (*file)->shape().back() >= 2,
            "{} has {} columns; expected at least 2 classes", *file ? (*file)->name() : "",
            *file ? (*file)->shape().back() : 0);
    }
  }

  int64_t rows() const { return rows_; }
  uint64_t bytes() const { return bytes_; }
  /// Bytes that a row of all arrays takes as float32, which blocks of rows are copied to.
  int64_t row_bytes() const { return row_bytes_; }
  void set_through_file(bool through_file) { through_file_ = through_file; }

  ProbabilityRows probabilities() const { return rows_of<ProbabilityRows>(*probabilities_); }
  ProbabilityRows ema_probabilities() const {
    return rows_of<ProbabilityRows>(*ema_probabilities_);
  }
  NpyRows features() const { return rows_of<NpyRows>(*features_); }
  NpyRows ema_features() const { return rows_of<NpyRows>(*ema_features_); }
  int64_t passes() const { return mc_probabilities_->shape()[0]; }
  ProbabilityRows mc_probabilities(int64_t pass) const {
    const int64_t classes = mc_probabilities_->shape()[2];
    return {*mc_probabilities_, pass * rows_ * classes, rows_, classes, through_file_};
  }
  bool has_labelled() const { return labelled_features_.has_value(); }
  NpyRows labelled_features() const {
    const auto& shape = labelled_features_->shape();
    return {*labelled_features_, 0, shape[0], shape[1], through_file_};
  }

 private:
  void open(std::optional<MappedNpy>& file, const std::filesystem::path& path, std::size_t rank) {
    if (path.empty()) return;
    file.emplace(path);
    const std::vector<int64_t>& shape = file->shape();
    check(shape.size() == rank && std::ranges::find(shape, 0) == shape.end(),
          "{} has shape {}; expected {}", file->name(), file->shape_text(),
          rank == 3 ? "(passes, n, classes)" : "(rows, columns)");
    bytes_ += file->bytes();
    row_bytes_ += 4 * static_cast<int64_t>(rank == 3 ? shape[0] * shape[2] : shape[1]);
    if (&file == &labelled_features_) return;
    const int64_t rows = shape[rank - 2];
    if (first_ == nullptr) {
      first_ = &*file;
      rows_ = rows;
    }
    check(rows == rows_, "{} has shape {}, which has {} rows; {} has {}", file->name(),
          file->shape_text(), rows, first_->name(), rows_);
  }
  static void check_columns(const std::optional<MappedNpy>& a, const std::optional<MappedNpy>& b) {
    if (!a || !b) return;
    check(a->shape()[1] == b->shape()[1], "{} has shape {}; expected {} columns, as {} has",
          b->name(), b->shape_text(), a->shape()[1], a->name());
  }
  template <class Rows>
  Rows rows_of(const MappedNpy& file) const {
    return {file, 0, file.shape()[0], file.shape()[1], through_file_};
  }

  const ArraySelection& request_;
  std::optional<MappedNpy> probabilities_, features_, ema_probabilities_, ema_features_;
  std::optional<MappedNpy> mc_probabilities_, labelled_features_;
  const MappedNpy* first_ = nullptr;
  int64_t rows_ = 0;
  uint64_t bytes_ = 0;
  int64_t row_bytes_ = 0;
  bool through_file_ = false;
};

/// Bytes that a selection takes beside its files: numbers and tables per row, blocks per thread,
/// centres and leaders; generously.
int64_t working_bytes(const Arrays& arrays, int64_t k) {
  constexpr int64_t kProgram = 64 << 20;  // libraries, and the code that they make
  constexpr int64_t kPerRow = 96;
  const int64_t in_tables =
      2 * k + 8192 + (int64_t{1} << 23) / std::max<int64_t>(1, arrays.row_bytes() / 4);
  return kProgram + kPerRow * arrays.rows() +
         arrays.row_bytes() * (in_tables + 2 * kRowsPerBlock * cpu_threads());
}

/// Columns that have to be side by side for a score, and how a block of rows of them is read.
struct ScoreInput {
  int64_t columns;
  std::function<void(int64_t first, int64_t count, float* values)> read;
};

ScoreInput probabilities_input(const ProbabilityRows& rows) {
  return {rows.width(), [&rows](int64_t first, int64_t count, float* values) {
            const float* p = rows.read(first, count, values);
            if (p != values) std::copy_n(p, count * rows.width(), values);
          }};
}

/// BALD's: of a block of rows all passes, [passes, count, classes].
ScoreInput passes_input(const Arrays& arrays) {
  const int64_t classes = arrays.mc_probabilities(0).width();
  return {arrays.passes() * classes, [&arrays, classes](int64_t first, int64_t count, float* to) {
            for (int64_t t = 0; t < arrays.passes(); ++t) {
              float* place = to + t * count * classes;
              const float* p = arrays.mc_probabilities(t).read(first, count, place);
              if (p != place) std::copy_n(p, count * classes, place);
            }
          }};
}

/// The k rows with the largest scores; `make(values, scores, count)` is the functor that computes
/// those of a block.
template <class Make>
std::vector<int64_t> by_score(Stream& stream, int64_t rows, int64_t k, const ScoreInput& input,
                              const Make& make) {
  if (stream.device().is_cuda()) {
    return top_k_of(scores_on_device(stream, rows, input.columns, input.read,
                                     [&](const float* values, double* scores, int64_t count) {
                                       for_each(stream, count, make(values, scores, count));
                                     }),
                    k);
  }
  std::vector<double> scores(static_cast<std::size_t>(rows));
  for_row_blocks(rows, 16 * input.columns, [&] {
    return
        [&, values = std::vector<float>(static_cast<std::size_t>(input.columns * kRowsPerBlock))](
            int64_t first, int64_t count) mutable {
          input.read(first, count, values.data());
          const auto functor = make(values.data(), scores.data() + first, count);
          call_on_host(functor, 0, count);
        };
  });
  return top_k_of(scores, k);
}

template <class Functor>
std::vector<int64_t> by_probabilities(Stream& stream, const Arrays& arrays, int64_t k) {
  const ProbabilityRows rows = arrays.probabilities();
  return by_score(stream, arrays.rows(), k, probabilities_input(rows),
                  [&](const float* p, double* scores, int64_t /*count*/) {
                    return Functor{p, scores, rows.width()};
                  });
}

std::vector<int64_t> by_mutual_information(Stream& stream, const Arrays& arrays, int64_t k) {
  const int64_t passes = arrays.passes();
  const ScoreInput input = passes_input(arrays);
  return by_score(
      stream, arrays.rows(), k, input, [&](const float* p, double* scores, int64_t count) {
        return kernels::MutualInformation{p, scores, passes, count, input.columns / passes};
      });
}

/// Each row is a candidate of its own.
Candidates one_candidate_per_row(int64_t rows) {
  std::vector<int32_t> row_of(static_cast<std::size_t>(rows));
  std::iota(row_of.begin(), row_of.end(), 0);
  Stream stream(kCpu);
  return {stream, rows, row_of};
}

class Selection {
 public:
  Selection(const ArraySelection& request, const Arrays& arrays,
            const std::function<void(int64_t)>& progress, ArraySelectionResult& result)
      : k_(request.query),
        key_{.seed = request.seed, .purpose = RandomPurpose::kSeeding},
        arrays_(arrays),
        progress_(progress),
        stream_(request.device),
        result_(result) {}

  void run(std::string_view strategy) {
    if (strategy == "CORESET") return coreset();
    if (strategy == "BADGE") return badge();
    if (strategy == "LHD") return lhd();
    if (strategy == "RAND") {
      result_.chosen = RandomStream(key_).sample_without_replacement(arrays_.rows(), k_);
      return;
    }
    result_.rows_read = arrays_.rows();
    if (strategy == "CONF") {
      result_.chosen = by_probabilities<kernels::LeastConfidence>(stream_, arrays_, k_);
    } else if (strategy == "MARG") {
      result_.chosen = by_probabilities<kernels::Margin>(stream_, arrays_, k_);
    } else if (strategy == "ENTROPY") {
      result_.chosen = by_probabilities<kernels::Entropy>(stream_, arrays_, k_);
    } else if (strategy == "BALD") {
      result_.chosen = by_mutual_information(stream_, arrays_, k_);
    } else {
      fail("strategy {} cannot select from arrays", strategy);
    }
  }

 private:
  void keep(const HostVectors& vectors, const std::vector<int32_t>& chosen) {
    result_.chosen.assign(chosen.begin(), chosen.end());
    result_.rows_read = vectors.rows_read();
  }
  void keep(const CudaSelection& selection) {
    result_.chosen.assign(selection.chosen.begin(), selection.chosen.end());
    result_.rows_read = selection.work.rows_read;
  }
  bool on_cuda() const { return stream_.device().is_cuda(); }
  void draw(const HostVectors& vectors) {
    const Candidates candidates = one_candidate_per_row(arrays_.rows());
    keep(vectors, kmeans_plus_plus(vectors, candidates, k_, key_, progress_));
  }
  void badge() {
    const ProbabilityRows probabilities = arrays_.probabilities();
    const ResidualRows residual(probabilities);
    const NpyRows features = arrays_.features();
    if (on_cuda()) return keep(seeding_on_cuda(stream_, residual, features, k_, key_, progress_));
    draw(HostVectors(residual, features));
  }
  void lhd() {
    const ProbabilityRows probabilities = arrays_.probabilities();
    const ProbabilityRows ema_probabilities = arrays_.ema_probabilities();
    const NpyRows features = arrays_.features();
    const NpyRows ema_features = arrays_.ema_features();
    const ModelDifferenceRows difference(probabilities, features, ema_probabilities, ema_features);
    if (on_cuda()) return keep(seeding_on_cuda(stream_, difference, k_, key_, progress_));
    draw(HostVectors(difference));
  }
  void coreset() {
    const NpyRows features = arrays_.features();
    if (on_cuda() && !arrays_.has_labelled()) {
      return keep(k_centre_on_cuda(stream_, features, nullptr, k_, progress_));
    }
    if (on_cuda()) {
      const NpyRows labelled = arrays_.labelled_features();
      return keep(k_centre_on_cuda(stream_, features, &labelled, k_, progress_));
    }
    const HostVectors vectors(features);
    const Candidates candidates = one_candidate_per_row(arrays_.rows());
    if (!arrays_.has_labelled()) {
      return keep(vectors, k_centre_greedy(vectors, candidates, vectors, {}, k_, progress_));
    }
    const NpyRows labelled = arrays_.labelled_features();
    const HostVectors centres(labelled);
    std::vector<int32_t> all(static_cast<std::size_t>(labelled.rows()));
    std::iota(all.begin(), all.end(), 0);
    keep(vectors, k_centre_greedy(vectors, candidates, centres, all, k_, progress_));
  }

  int64_t k_;
  RandomKey key_;
  const Arrays& arrays_;
  const std::function<void(int64_t)>& progress_;
  Stream stream_;
  ArraySelectionResult& result_;
};

}  // namespace

ArraySelectionResult select_from_arrays(const ArraySelection& request,
                                        const std::function<void(int64_t)>& progress) {
  const std::string_view strategy = find_strategy(request.strategy).name();
  check_options(request, strategy);
  Arrays arrays(request);
  constexpr int64_t kMostRows = std::numeric_limits<int32_t>::max();
  check(arrays.rows() <= kMostRows, "the arrays have {} rows; expected at most {}", arrays.rows(),
        kMostRows);
  if (request.query < 1 || request.query > arrays.rows()) {
    fail_usage("--query {}: expected 1 to {}, the number of rows", request.query, arrays.rows());
  }
  ArraySelectionResult result;
  result.rows = arrays.rows();
  if (request.memory_limit > 0) {
    const int64_t needed = working_bytes(arrays, request.query);
    if (needed > request.memory_limit) {
      fail_usage("--memory-limit: choosing {} of {} rows takes up to {} MiB beside the arrays",
                 request.query, arrays.rows(), (needed >> 20) + 1);
    }
    result.streamed = arrays.bytes() > static_cast<uint64_t>(request.memory_limit - needed);
    arrays.set_through_file(result.streamed);
  }
  Selection(request, arrays, progress, result).run(strategy);
  return result;
}

int64_t parse_memory(const std::string& text, const std::string& option) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  int shift = -1;
  if (unit.empty()) shift = 0;
  if (unit == "K") shift = 10;
  if (unit == "M") shift = 20;
  if (unit == "G") shift = 30;
  if (error != std::errc() || shift < 0 || value < 1 || value > (int64_t{1} << 62 >> shift)) {
    fail_usage("{} {}: expected a size such as 2G, 500M or 64K", option, text);
  }
  return value << shift;
}

}  // namespace moonpool
