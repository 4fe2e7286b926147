// Philox 4x32-10, the counter-based random number generator of Salmon et al., "Parallel random
// numbers: as easy as 1, 2, 3" (SC 2011), on the host and on the device.
//
// One call turns a 128-bit counter and a 64-bit key into four independent 32-bit words; there is no
// state. Everything random in Moonpool is such a call with
//
//   key     = seed
//   counter = (index, step, round, stream)
//
// where `stream` names what the number is for (see RandomPurpose). So the same seed gives the same
// numbers on every device, whatever the batch or the number of threads, and a resumed run needs no
// generator state. cuRAND's CURAND_RNG_PSEUDO_PHILOX4_32_10 uses the same function with
// offset / 4 = index + 2^32 step and subsequence = round + 2^32 stream (curand_philox4x32_x.h).
#pragma once

#include <cstdint>

#include "kernels/runtime/host_device.h"

namespace moonpool {

/// What a random number is for. A value is never reused for another purpose: records of old runs
/// would change.
enum class RandomPurpose : uint32_t {
  kInitialLabels = 1,
  kWeights = 2,
  kEmaWeights = 3,
  kShuffle = 4,
  kDropout = 5,
  kAugmentation = 6,
  kSeeding = 7,
  kNoise = 8,
  kData = 9,
  kFineTuneShuffle = 10,
};

struct Philox4 {
  uint32_t word[4];
};

/// The high and the low half of a 32 x 32 bit product.
MOONPOOL_FUNCTOR void multiply_wide(uint32_t a, uint32_t b, uint32_t* high, uint32_t* low) {
  const uint64_t product = static_cast<uint64_t>(a) * b;
  *high = static_cast<uint32_t>(product >> 32);
  *low = static_cast<uint32_t>(product);
}

/// Ten rounds of Philox 4x32.
MOONPOOL_FUNCTOR Philox4 philox4x32_10(Philox4 counter, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    uint32_t high0, low0, high1, low1;
    multiply_wide(0xD2511F53u, counter.word[0], &high0, &low0);
    multiply_wide(0xCD9E8D57u, counter.word[2], &high1, &low1);
    counter = {{high1 ^ counter.word[1] ^ key0, low1, high0 ^ counter.word[3] ^ key1, low0}};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

/// Names one sequence of random numbers; element `index` of it is `at(index)`.
struct RandomKey {
  uint64_t seed = 0;
  RandomPurpose purpose = RandomPurpose::kData;
  uint32_t round = 0;
  uint32_t step = 0;

  /// The four words of counter `index`.
  MOONPOOL_FUNCTOR Philox4 at(uint32_t index) const { return at(index, 0); }

  /// The same for what needs more than four words an index: block 0 is at(index), and blocks below
  /// 2^24 are all different. (They are the stream's upper bits; purposes stay below 256.)
  MOONPOOL_FUNCTOR Philox4 at(uint32_t index, uint32_t block) const {
    return philox4x32_10({{index, step, round, static_cast<uint32_t>(purpose) | block << 8}},
                         static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32));
  }
};

/// A float in [0, 1) with 24 random bits; never 1.
MOONPOOL_FUNCTOR float uniform_float(uint32_t word) {
  return static_cast<float>(word >> 8) * (1.0f / 16777216.0f);
}

/// A double in [0, 1) with 53 random bits; never 1.
MOONPOOL_FUNCTOR double uniform_double(uint32_t high, uint32_t low) {
  const uint64_t bits = (static_cast<uint64_t>(high) << 21) ^ (low >> 11);
  return static_cast<double>(bits) * (1.0 / 9007199254740992.0);
}

}  // namespace moonpool
