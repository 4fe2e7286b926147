// The pool U, the labelled set S, and the oracle between them.
#pragma once

#include <span>
#include <vector>

#include "data/dataset.h"

namespace moonpool {

/// Examples over unique samples (data/dataset.h), some of them labelled. Labels of the others are
/// known to the oracle only: nothing but `query` hands them out.
class Pool {
 public:
  explicit Pool(ExampleTable examples);

  int64_t size() const { return examples_.size(); }
  int64_t labelled_count() const { return static_cast<int64_t>(labelled_.size()); }
  int64_t unlabelled_count() const { return size() - labelled_count(); }

  /// Asks the oracle for the labels of these examples; from now on they are in S. Throws if one of
  /// them is already labelled, given twice, or no example; then nothing changes.
  void query(std::span<const int64_t> examples);

  /// Samples and labels of S, in the order in which they were queried.
  std::span<const int32_t> labelled_samples() const { return labelled_samples_; }
  std::span<const int32_t> labelled_labels() const { return labelled_labels_; }
  /// The examples of S, in that order.
  std::span<const int64_t> labelled() const { return labelled_; }

  /// The examples of U \ S, ascending.
  std::vector<int64_t> unlabelled() const;
  int32_t sample_of(int64_t example) const { return examples_.sample[example]; }

  // For metrics and pictures only.
  Origin origin_of(int64_t example) const { return examples_.origin[example]; }
  bool has_label(int64_t example, int32_t label) const { return examples_.label[example] == label; }
  int64_t count_clean(std::span<const int64_t> examples) const;

 private:
  ExampleTable examples_;
  std::vector<uint8_t> is_labelled_;
  std::vector<int64_t> labelled_;
  std::vector<int32_t> labelled_samples_;
  std::vector<int32_t> labelled_labels_;
};

}  // namespace moonpool
