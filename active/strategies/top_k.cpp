#include "active/strategies/top_k.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

/// A candidate with its score; the larger score comes first, and of equals the lower candidate.
struct Scored {
  double score;
  int64_t candidate;
  bool operator<(const Scored& other) const {
    return score != other.score ? score > other.score : candidate < other.candidate;
  }
};

/// The k of `count` candidates with the largest score_of(candidate), in order.
///
/// Only those that could be among them are kept, and whenever there are a few times k, all but the
/// best k of these go: one pass over the scores, and work on the few that are left, whatever their
/// order.
template <class ScoreOf>
std::vector<int64_t> largest(int64_t count, int64_t k, const ScoreOf& score_of) {
  check(k >= 1 && k <= count, "cannot choose {} of {} candidates", k, count);
  const auto most = static_cast<std::size_t>(std::min(count, 4 * k + 1024));
  std::vector<Scored> kept;
  kept.reserve(most);
  // Once k are kept: a candidate has to be better, for those that follow are higher.
  double bar = -std::numeric_limits<double>::infinity();
  const auto drop = [&] {
    std::nth_element(kept.begin(), kept.begin() + (k - 1), kept.end());
    kept.resize(static_cast<std::size_t>(k));
    bar = kept.back().score;
  };
  bool full = false;
  for (int64_t i = 0; i < count; ++i) {
    const double score = score_of(i);
    if (full && !(score > bar)) continue;
    kept.push_back({score, i});
    if (kept.size() < most) continue;
    drop();
    full = true;
  }
  drop();
  std::sort(kept.begin(), kept.end());
  std::vector<int64_t> chosen(kept.size());
  std::ranges::transform(kept, chosen.begin(), &Scored::candidate);
  return chosen;
}

void check_numbers(std::span<const double> scores) {
  const auto bad =
      std::find_if(scores.begin(), scores.end(), [](double s) { return std::isnan(s); });
  check(bad == scores.end(), "the score of sample {} is not a number", bad - scores.begin());
}

}  // namespace

std::vector<int64_t> top_k(PoolView& view, const Buffer<double>& sample_scores, int64_t k) {
  const std::vector<double> scores = sample_scores.download(view.stream());
  check_numbers(scores);
  const std::span<const int32_t> sample = view.candidate_samples();
  return largest(view.candidates(), k, [&](int64_t i) { return scores[sample[i]]; });
}

std::vector<int64_t> top_k_of(std::span<const double> scores, int64_t k) {
  check_numbers(scores);
  return largest(static_cast<int64_t>(scores.size()), k, [&](int64_t i) { return scores[i]; });
}

}  // namespace moonpool
