// Pictures of digits that are drawn and not read: a data set for machines that have none.
#pragma once

#include <cstdint>

#include "data/dataset.h"
#include "data/images/image.h"

namespace moonpool {

/// Coloured digits on cluttered backgrounds, 32 x 32 x 3: pen strokes, bent, turned, sheared and
/// shifted at random, with parts of neighbouring digits, lines and discs behind them. Example i is
/// of class i % 10 and depends on the seed, the split and i alone, so that a larger set begins with
/// the smaller one. Normalisation comes from the training pictures. Sizes that are not positive are
/// usage errors.
Dataset make_synth_digits(int64_t train, int64_t test, uint64_t seed);

}  // namespace moonpool
