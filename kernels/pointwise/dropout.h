// Inverted dropout (Srivastava et al. 2014): out = in / keep where the element is kept, else 0.
//
// Element i uses word i % 4 of counter i / 4 of its key, so that the mask is the same on every
// device and the backward pass draws it again instead of storing it.
#pragma once

#include <algorithm>

#include "kernels/runtime/parallel.h"
#include "kernels/runtime/philox.h"

namespace moonpool::kernels {

/// The word that decides about element i. Counters wrap around at 2^32.
MOONPOOL_FUNCTOR uint32_t dropout_word(const RandomKey& key, int64_t i) {
  return key.at(static_cast<uint32_t>(i / 4)).word[i % 4];
}

template <class T>
MOONPOOL_FUNCTOR T dropped(T value, float keep, uint32_t word) {
  return uniform_float(word) < keep ? value / static_cast<T>(keep) : T(0);
}

/// Host only: calls use(first, last, words) for pieces of [begin, end) one after the other, with
/// words[i - first] = dropout_word(key, i) for the i in [first, last). Every counter is drawn once,
/// and many at a time.
template <class Use>
void with_dropout_words(const RandomKey& key, int64_t begin, int64_t end, const Use& use) {
  constexpr int64_t kWords = 1024;
  uint32_t words[kWords];
  for (int64_t start = begin / 4 * 4; start < end; start += kWords) {
    for (int64_t c = 0; c < kWords / 4; ++c) {
      const Philox4 drawn = key.at(static_cast<uint32_t>(start / 4 + c));
      for (int w = 0; w < 4; ++w) words[4 * c + w] = drawn.word[w];
    }
    const int64_t first = std::max(begin, start);
    use(first, std::min(end, start + kWords), words + (first - start));
  }
}

/// out = (accumulate ? out : 0) + dropout of in.
template <class T>
struct Dropout {
  const T* in;
  T* out;
  RandomKey key;
  float keep;  // the probability of keeping an element, in (0, 1]
  bool accumulate;
  static constexpr int64_t kCost = 6;
  MOONPOOL_FUNCTOR void operator()(int64_t i) const { write(i, dropout_word(key, i)); }

  void span(int64_t begin, int64_t end) const {
    const Dropout self = *this;  // the compiler sees that no result is written into it
    with_dropout_words(key, begin, end, [self](int64_t first, int64_t last, const uint32_t* words) {
#pragma omp simd
      for (int64_t i = first; i < last; ++i) self.write(i, words[i - first]);
    });
  }

 private:
  MOONPOOL_FUNCTOR void write(int64_t i, uint32_t word) const {
    const T value = dropped(in[i], keep, word);
    out[i] = accumulate ? out[i] + value : value;
  }
};

}  // namespace moonpool::kernels
