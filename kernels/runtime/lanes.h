// A register full of numbers at a time, for functors whose loops a compiler does not vectorise well
// by itself. GCC 12 gives a loop one width of register: one that reads or writes bfloat16 and
// computes in float does so in half of every register, and rounds with eight instructions where
// some processors have one for it.
//
// A functor writes its arithmetic once, on a type V that is a number (a call for one element, on
// either device) or Lanes (host only), and reads and writes through `read` and `write`.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__SSE__) && !defined(__CUDACC__)
#include <immintrin.h>
#endif

#include "kernels/runtime/bfloat16.h"

namespace moonpool {

#if defined(__CUDACC__)
struct Lanes;  // nvcc sees the members that take it, and never compiles one
#else
#if defined(__AVX512F__)
inline constexpr int kLanesAtOnce = 16;
#elif defined(__AVX__)
inline constexpr int kLanesAtOnce = 8;
#else
inline constexpr int kLanesAtOnce = 4;
#endif
/// Has +, -, *, /, comparisons and ?: element by element.
using Lanes = float __attribute__((vector_size(4 * kLanesAtOnce)));
#endif

/// Whether images of T can be taken so many numbers at a time.
template <class T>
inline constexpr bool kHasLanes = std::is_same_v<Accumulator<T>, float>;

/// Whether a loop over matrices of T that a compiler can vectorise is better written by lanes: in
/// float it is as good as it is.
template <class T>
inline constexpr bool kBetterByLanes = std::is_same_v<T, BFloat16>;

/// The number at `from`.
template <class V, class T>
requires std::is_arithmetic_v<V> MOONPOOL_FUNCTOR V read(const T* from) {
  return static_cast<V>(*from);
}

/// Puts the number where `to` points.
template <class V, class T>
requires std::is_arithmetic_v<V> MOONPOOL_FUNCTOR void write(const V& value, T* to) {
  *to = static_cast<T>(value);
}

/// 1 / sqrt(value).
template <class V>
requires std::is_arithmetic_v<V> MOONPOOL_FUNCTOR V inverse_root(V value) {
  return V(1) / std::sqrt(value);
}

// The same for all of a register, on the host.
#if !defined(__CUDACC__)

namespace detail {
using Halves = uint16_t __attribute__((vector_size(2 * kLanesAtOnce)));
using Words = uint32_t __attribute__((vector_size(4 * kLanesAtOnce)));
}  // namespace detail

template <class V>
requires std::is_same_v<V, Lanes> MOONPOOL_FUNCTOR V read(const float* from) {
  V values;
  std::memcpy(&values, from, sizeof values);
  return values;
}

template <class V>
requires std::is_same_v<V, Lanes> MOONPOOL_FUNCTOR V read(const BFloat16* from) {
  detail::Halves halves;
  std::memcpy(&halves, from, sizeof halves);
#if defined(__AVX512F__)
  // GCC 12 widens half a register at a time, and warns of the intrinsic without a mask.
  const auto all = static_cast<__mmask16>(-1);
  const __m512i words = _mm512_maskz_cvtepu16_epi32(all, std::bit_cast<__m256i>(halves));
  return std::bit_cast<V>(std::bit_cast<detail::Words>(words) << 16);
#else
  return std::bit_cast<V>(__builtin_convertvector(halves, detail::Words) << 16);
#endif
}

template <class V>
requires std::is_same_v<V, Lanes> MOONPOOL_FUNCTOR void write(const V& values, float* to) {
  std::memcpy(to, &values, sizeof values);
}

/// The first `count` numbers of a register; the others are 0, or stay as they are in memory.
inline Lanes read_first(const float* from, int64_t count) {
#if defined(__AVX512F__)
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), from);
#else
  Lanes values = {};
  for (int64_t i = 0; i < count; ++i) values[i] = from[i];
  return values;
#endif
}
inline void write_first(const Lanes& values, int64_t count, float* to) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1), values);
#else
  for (int64_t i = 0; i < count; ++i) to[i] = values[i];
#endif
}

/// Rounds as BFloat16(float) does; a denormal may become zero.
template <class V>
requires std::is_same_v<V, Lanes> MOONPOOL_FUNCTOR void write(const V& values, BFloat16* to) {
#if defined(__AVX512BF16__)
  const __m256bh halves = _mm512_cvtneps_pbh(values);
  std::memcpy(to, &halves, sizeof halves);
#else
  const auto words = std::bit_cast<detail::Words>(values);
  const detail::Words nearest = (words + 0x7fffu + ((words >> 16) & 1u)) >> 16;
  const detail::Words quiet = (words >> 16) | 0x40u;
  const detail::Words rounded = (words & 0x7fffffffu) > 0x7f800000u ? quiet : nearest;
  const detail::Halves halves = __builtin_convertvector(rounded, detail::Halves);
  std::memcpy(to, &halves, sizeof halves);
#endif
}

/// What write_past_caches needs of an address.
template <class T>
inline constexpr std::size_t kPastCachesAlignment = kLanesAtOnce * sizeof(T);

/// The same bits as `write`, past the caches where the processor can (non-temporal stores): for
/// arrays that are larger than they are. `to` is a multiple of kPastCachesAlignment<T>. Other
/// threads see them after finish_writes_past_caches.
inline void write_past_caches(const Lanes& values, float* to) {
#if defined(__AVX512F__)
  _mm512_stream_ps(to, values);
#elif defined(__AVX__)
  _mm256_stream_ps(to, values);
#elif defined(__SSE__)
  _mm_stream_ps(to, values);
#else
  write(values, to);
#endif
}
inline void write_past_caches(const Lanes& values, BFloat16* to) {
#if defined(__AVX512F__)
  alignas(kPastCachesAlignment<BFloat16>) BFloat16 halves[kLanesAtOnce];
  write(values, halves);
  __m256i all;
  std::memcpy(&all, halves, sizeof all);
  _mm256_stream_si256(reinterpret_cast<__m256i*>(to), all);
#else
  write(values, to);
#endif
}
inline void finish_writes_past_caches() {
#if defined(__SSE__)
  _mm_sfence();
#endif
}

template <class V>
requires std::is_same_v<V, Lanes> MOONPOOL_FUNCTOR V inverse_root(V values) {
  for (int lane = 0; lane < kLanesAtOnce; ++lane) values[lane] = inverse_root(float{values[lane]});
  return values;
}

#endif

}  // namespace moonpool
