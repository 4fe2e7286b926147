// From a store of unique samples to a batch that a network can read.
#pragma once

#include <cmath>

#include "kernels/runtime/parallel.h"
#include "kernels/runtime/philox.h"

namespace moonpool::kernels {

/// (unit * value - mean) / deviation, the first two as one fused operation: what each compiler
/// would make of it by itself, said so that no device differs.
MOONPOOL_FUNCTOR float normalised(float value, float unit, float mean, float deviation) {
  return std::fma(unit, value, -mean) / deviation;
}

/// Gathers rows of a store and normalises them: for_each_2d over [batch, width].
///
///   out[row, column] = (unit * store[index[*position + row], column] - mean[column]) /
///   deviation[column]
///
/// Source is uint8_t (unit 1/255: images) or float (unit 1: points).
template <class Source>
struct GatherNormalise {
  const Source* store;      // [samples, width]
  const int32_t* index;     // the sample of each example
  const int64_t* position;  // where in `index` the batch starts; null: at its front
  const float* mean;        // [width]
  const float* deviation;   // [width]
  float unit;
  float* out;  // [batch, width]
  int64_t width;
  MOONPOOL_FUNCTOR void operator()(int64_t row, int64_t column) const {
    const int64_t first = position != nullptr ? *position : 0;
    const int64_t sample = index[first + row];
    const auto value = static_cast<float>(store[sample * width + column]);
    out[row * width + column] = normalised(value, unit, mean[column], deviation[column]);
  }
};

/// GatherNormalise for points that are moved at random: to every value of a row a normal number of
/// that deviation is added before it is normalised. The numbers belong to (*key, example).
struct GatherJitter {
  const float* store;       // [samples, width]
  const int32_t* sample;    // of each example
  const int32_t* example;   // whose numbers
  const int64_t* position;  // where in both lists the batch starts
  const RandomKey* key;
  float jitter;
  const float* mean;       // [width]
  const float* deviation;  // [width]
  float* out;              // [batch, width]
  int64_t width;
  static constexpr int64_t kCost = 64;
  MOONPOOL_FUNCTOR void operator()(int64_t row, int64_t column) const {
    const int64_t at = *position + row;
    const auto index = static_cast<uint32_t>(example[at] * width + column);
    const Philox4 words = key->at(index);
    // Box and Muller; 1 - u lies in (0, 1].
    const float radius = std::sqrt(-2.0f * std::log(1.0f - uniform_float(words.word[0])));
    const float normal = radius * std::cos(6.2831853f * uniform_float(words.word[1]));
    const float value = store[sample[at] * width + column] + jitter * normal;
    out[row * width + column] = (value - mean[column]) / deviation[column];
  }
};

/// out[i] = values[*position + i].
struct GatherLabels {
  const int32_t* values;
  const int64_t* position;
  int32_t* out;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const { out[i] = values[*position + i]; }
};

}  // namespace moonpool::kernels
