// A pool, and what two models say of it, from arrays.
#pragma once

#include <map>
#include <memory>
#include <numeric>
#include <vector>

#include "active/pool_view.h"
#include "tests/active/column_classifier.h"

namespace moonpool {

/// Rows are samples: features [rows, d] and logits [rows, c] of the main and of the EMA model.
struct ModelTables {
  int64_t rows = 0;
  std::vector<float> features, logits, ema_features, ema_logits;

  /// The EMA model says what the main model says.
  static ModelTables of(int64_t rows, const std::vector<float>& features,
                        const std::vector<float>& logits) {
    return {rows, features, logits, features, logits};
  }
};

/// Candidate i shows sample candidates[i]; at first, each sample has one candidate and none is
/// labelled.
class TablePool {
 public:
  TablePool(Stream& stream, const ModelTables& tables)
      : stream_(stream),
        d_(width(tables.features, tables.rows)),
        c_(width(tables.logits, tables.rows)),
        store_(
            stream,
            side_by_side({tables.features, tables.logits, tables.ema_features, tables.ema_logits},
                         tables.rows),
            2 * (d_ + c_), {}, {}),
        main_(stream, 2 * (d_ + c_), {0, d_}, {d_, c_}),
        ema_(stream, 2 * (d_ + c_), {d_ + c_, d_}, {2 * d_ + c_, c_}),
        candidates_(static_cast<std::size_t>(tables.rows)) {
    std::iota(candidates_.begin(), candidates_.end(), 0);
  }

  void set_candidates(const std::vector<int32_t>& samples) { candidates_ = samples; }
  void set_labelled(const std::vector<int32_t>& samples) { labelled_ = samples; }

  /// A new round's view.
  PoolView view(const ModelDifference* kept = nullptr) const {
    return {stream_, store_, main_, ema_, candidates_, labelled_, 0.5f, kept};
  }

  const ColumnClassifier& main() const { return main_; }
  const ColumnClassifier& ema() const { return ema_; }

 private:
  static int64_t width(const std::vector<float>& values, int64_t rows) {
    return static_cast<int64_t>(values.size()) / rows;
  }

  Stream& stream_;
  int64_t d_, c_;
  SampleStore store_;
  ColumnClassifier main_, ema_;
  std::vector<int32_t> candidates_;
  std::vector<int32_t> labelled_;
};

/// The same samples with each different one stored once; row_of[i] is where sample i went.
struct MergedTables {
  ModelTables tables;
  std::vector<int32_t> row_of;

  explicit MergedTables(const ModelTables& all) {
    std::map<std::vector<float>, int32_t> seen;
    for (int64_t row = 0; row < all.rows; ++row) {
      std::vector<float> key;
      for (const auto* part : {&all.features, &all.logits, &all.ema_features, &all.ema_logits}) {
        append_row(*part, all.rows, row, key);
      }
      const auto [place, is_new] = seen.try_emplace(key, static_cast<int32_t>(seen.size()));
      row_of.push_back(place->second);
      if (!is_new) continue;
      append_row(all.features, all.rows, row, tables.features);
      append_row(all.logits, all.rows, row, tables.logits);
      append_row(all.ema_features, all.rows, row, tables.ema_features);
      append_row(all.ema_logits, all.rows, row, tables.ema_logits);
    }
    tables.rows = static_cast<int64_t>(seen.size());
  }

 private:
  static void append_row(const std::vector<float>& from, int64_t rows, int64_t row,
                         std::vector<float>& to) {
    const auto width = static_cast<int64_t>(from.size()) / rows;
    to.insert(to.end(), from.begin() + row * width, from.begin() + (row + 1) * width);
  }
};

}  // namespace moonpool
