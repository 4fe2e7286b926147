// Warp shuffles, votes, match and reductions (CUDA programming guide, "Warp vote functions" and
// following). All of them meet in one place, warp_collective.
#pragma once

#include <cstdint>
#include <cstring>
#include <source_location>

namespace moonpool::emulator {

enum class WarpOp {
  kSync,
  kShuffle,
  kShuffleUp,
  kShuffleDown,
  kShuffleXor,
  kAll,
  kAny,
  kBallot,
  kMatchAny,
  kMatchAll,
  kAdd,
  kMinUnsigned,
  kMaxUnsigned,
  kMinSigned,
  kMaxSigned,
  kAnd,
  kOr,
  kXor,
};

/// Gives `value` to the other lanes of `mask` and returns what the operation makes of all of them.
/// `parameter` and `width` are the shuffles': source lane, offset or lane mask, and segment width.
uint64_t warp_collective(WarpOp op, unsigned mask, uint64_t value, int parameter, int width,
                         const std::source_location& where);
unsigned active_mask();

template <class T>
T shuffle(WarpOp op, unsigned mask, T value, int parameter, int width,
          const std::source_location& where) {
  static_assert(sizeof(T) <= 8);
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  bits = warp_collective(op, mask, bits, parameter, width, where);
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

}  // namespace moonpool::emulator

#define MOONPOOL_WHERE std::source_location where = std::source_location::current()

inline void __syncwarp(unsigned mask = 0xffffffffu, MOONPOOL_WHERE) {
  moonpool::emulator::warp_collective(moonpool::emulator::WarpOp::kSync, mask, 0, 0, 32, where);
}
inline unsigned __activemask() { return moonpool::emulator::active_mask(); }

#define MOONPOOL_SHUFFLE(NAME, OP, TYPE)                                            \
  template <class T>                                                                \
  T NAME(unsigned mask, T value, TYPE parameter, int width = 32, MOONPOOL_WHERE) {  \
    return moonpool::emulator::shuffle(moonpool::emulator::WarpOp::OP, mask, value, \
                                       static_cast<int>(parameter), width, where);  \
  }
MOONPOOL_SHUFFLE(__shfl_sync, kShuffle, int)
MOONPOOL_SHUFFLE(__shfl_up_sync, kShuffleUp, unsigned)
MOONPOOL_SHUFFLE(__shfl_down_sync, kShuffleDown, unsigned)
MOONPOOL_SHUFFLE(__shfl_xor_sync, kShuffleXor, int)
#undef MOONPOOL_SHUFFLE

#define MOONPOOL_VOTE(RESULT, NAME, OP)                                               \
  inline RESULT NAME(unsigned mask, int predicate, MOONPOOL_WHERE) {                  \
    return static_cast<RESULT>(moonpool::emulator::warp_collective(                   \
        moonpool::emulator::WarpOp::OP, mask, predicate != 0 ? 1 : 0, 0, 32, where)); \
  }
MOONPOOL_VOTE(int, __all_sync, kAll)
MOONPOOL_VOTE(int, __any_sync, kAny)
MOONPOOL_VOTE(unsigned, __ballot_sync, kBallot)
#undef MOONPOOL_VOTE

template <class T>
unsigned __match_any_sync(unsigned mask, T value, MOONPOOL_WHERE) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return static_cast<unsigned>(moonpool::emulator::warp_collective(
      moonpool::emulator::WarpOp::kMatchAny, mask, bits, 0, 32, where));
}
template <class T>
unsigned __match_all_sync(unsigned mask, T value, int* predicate, MOONPOOL_WHERE) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  const auto lanes = static_cast<unsigned>(moonpool::emulator::warp_collective(
      moonpool::emulator::WarpOp::kMatchAll, mask, bits, 0, 32, where));
  *predicate = lanes != 0;
  return lanes;
}

#define MOONPOOL_WARP_REDUCE(TYPE, NAME, OP)                                                \
  inline TYPE NAME(unsigned mask, TYPE value, MOONPOOL_WHERE) {                             \
    return static_cast<TYPE>(moonpool::emulator::warp_collective(                           \
        moonpool::emulator::WarpOp::OP, mask, static_cast<unsigned>(value), 0, 32, where)); \
  }
MOONPOOL_WARP_REDUCE(unsigned, __reduce_add_sync, kAdd)
MOONPOOL_WARP_REDUCE(unsigned, __reduce_min_sync, kMinUnsigned)
MOONPOOL_WARP_REDUCE(unsigned, __reduce_max_sync, kMaxUnsigned)
MOONPOOL_WARP_REDUCE(int, __reduce_add_sync, kAdd)
MOONPOOL_WARP_REDUCE(int, __reduce_min_sync, kMinSigned)
MOONPOOL_WARP_REDUCE(int, __reduce_max_sync, kMaxSigned)
MOONPOOL_WARP_REDUCE(unsigned, __reduce_and_sync, kAnd)
MOONPOOL_WARP_REDUCE(unsigned, __reduce_or_sync, kOr)
MOONPOOL_WARP_REDUCE(unsigned, __reduce_xor_sync, kXor)
#undef MOONPOOL_WARP_REDUCE
#undef MOONPOOL_WHERE
