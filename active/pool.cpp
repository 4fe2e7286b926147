#include "active/pool.h"

#include <algorithm>

#include "kernels/runtime/error.h"

namespace moonpool {

Pool::Pool(ExampleTable examples)
    : examples_(std::move(examples)), is_labelled_(examples_.sample.size(), 0) {}

void Pool::query(std::span<const int64_t> examples) {
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const int64_t example = examples[i];
    const bool valid = example >= 0 && example < size() && is_labelled_[example] == 0;
    if (!valid) {
      for (std::size_t j = 0; j < i; ++j) is_labelled_[examples[j]] = 0;
      check(example >= 0 && example < size(), "query: example {} is not in a pool of {}", example,
            size());
      fail("query: example {} is already labelled, or was given twice", example);
    }
    is_labelled_[example] = 1;
  }
  for (const int64_t example : examples) {
    labelled_.push_back(example);
    labelled_samples_.push_back(examples_.sample[example]);
    labelled_labels_.push_back(examples_.label[example]);
  }
}

std::vector<int64_t> Pool::unlabelled() const {
  std::vector<int64_t> rest;
  rest.reserve(static_cast<std::size_t>(unlabelled_count()));
  for (int64_t example = 0; example < size(); ++example) {
    if (is_labelled_[example] == 0) rest.push_back(example);
  }
  return rest;
}

int64_t Pool::count_clean(std::span<const int64_t> examples) const {
  return std::count_if(examples.begin(), examples.end(), [this](int64_t example) {
    return examples_.origin[example] == Origin::kClean;
  });
}

}  // namespace moonpool
