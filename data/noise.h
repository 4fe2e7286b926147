// The noise benchmarks: what is added to the clean training examples of a data set to make a pool
// (paper, section 5).
#pragma once

#include <cstdint>
#include <string>

#include "data/dataset.h"

namespace moonpool {

enum class NoiseKind {
  kClean,  // nothing
  kBlank,  // Noisy-Blank: one all-black image, again and again, each time with a random label
};

/// The kind with that name on the command line ("clean", "blank"); a usage error that lists the
/// names for any other.
NoiseKind parse_noise(const std::string& name);
/// "clean" or "blank".
std::string name(NoiseKind kind);

/// Every sample of `train` once, with its label, in order.
ExampleTable clean_pool(const Split& train);

/// The pool of a benchmark: the clean pool, then round(ratio x clean) noisy examples with labels
/// drawn uniformly. Unique samples that the noisy ones need are appended to `dataset.train`; they
/// have no true class, and their entry in `dataset.train.labels` is 0.
///
/// `ratio` is noisy examples per clean one (4 in the paper's tables: 80 %) and is not looked at for
/// kClean. A ratio that is not positive and finite, and Noisy-Blank for points, are usage errors.
ExampleTable make_pool(Dataset& dataset, NoiseKind kind, double ratio, uint64_t seed);

}  // namespace moonpool
