// The CPU side of channels.h, on OpenMP. Included through instantiate_channels.h only.
#pragma once

#include "kernels/runtime/channels.h"
#include "kernels/runtime/lanes.h"
#include "kernels/runtime/parallel_cpu.h"

namespace moonpool::cpu {

/// Channels are summed in groups of 64, 32 or 16, whose sums stay in registers, and what is left in
/// one smaller group.
inline constexpr int kSmallestGroup = 16;

template <class F>
inline constexpr bool kTakesLanes =
    std::is_same_v<typename F::Value, float>&& requires(const F& f, Lanes (&sums)[F::kSums]) {
  f.add(int64_t{}, int64_t{}, sums);
};

/// Adds up the rows [begin, end) of the channels [first, first + kWidth). Of few channels several
/// rows are added up side by side, because one sum has to wait for the other.
template <int kWidth, class F>
void sum_channel_lanes(int64_t begin, int64_t end, int64_t first, int64_t channels,
                       typename F::Value* partial, const F& f) {
  constexpr int kTogether = 4 * kLanesAtOnce;  // all their sums stay in registers
  if constexpr (kWidth > kTogether) {
    for (int64_t some = first; some < first + kWidth; some += kTogether) {
      sum_channel_lanes<kTogether>(begin, end, some, channels, partial, f);
    }
  } else {
    constexpr int kParts = kWidth / kLanesAtOnce;
    constexpr int kRows = kWidth < kTogether ? kTogether / kWidth : 1;
    Lanes sums[kRows][kParts][F::kSums] = {};
    const auto add_rows = [&](int64_t row, int count) {
#pragma GCC unroll 4
      for (int r = 0; r < count; ++r) {
#pragma GCC unroll 4
        for (int64_t part = 0; part < kParts; ++part) {
          f.add(row + r, first + part * kLanesAtOnce, sums[r][part]);
        }
      }
    };
    int64_t row = begin;
    for (; row + kRows <= end; row += kRows) add_rows(row, kRows);
    for (; row < end; ++row) add_rows(row, 1);
    for (int64_t part = 0; part < kParts; ++part) {
      for (int s = 0; s < F::kSums; ++s) {
        for (int r = 1; r < kRows; ++r) sums[0][part][s] += sums[r][part][s];
        write(sums[0][part][s], partial + s * channels + first + part * kLanesAtOnce);
      }
    }
  }
}

/// The same; kWidth is the width where the compiler knows it, and 0 where it does not.
template <int kWidth, class F>
void sum_channel_group(int64_t begin, int64_t end, int64_t first, int width, int64_t channels,
                       typename F::Value* partial, const F& f) {
  if constexpr (kWidth > 0 && kTakesLanes<F>) {
    sum_channel_lanes<kWidth>(begin, end, first, channels, partial, f);
  } else {
    using Value = typename F::Value;
    const int lanes = kWidth > 0 ? kWidth : width;
    Value sums[F::kSums][kWidth > 0 ? kWidth : kSmallestGroup] = {};
    for (int64_t row = begin; row < end; ++row) {
#pragma omp simd
      for (int lane = 0; lane < lanes; ++lane) {
        Value own[F::kSums];
        for (int s = 0; s < F::kSums; ++s) own[s] = sums[s][lane];
        f.add(row, first + lane, own);
        for (int s = 0; s < F::kSums; ++s) sums[s][lane] = own[s];
      }
    }
    for (int s = 0; s < F::kSums; ++s) {
      for (int lane = 0; lane < lanes; ++lane) partial[s * channels + first + lane] = sums[s][lane];
    }
  }
}

template <class F>
void channel_partial_sums(int64_t rows, int64_t channels, typename F::Value* partial, const F& f) {
  const int64_t step = rows_per_chunk(rows);
  const int64_t chunks = channel_chunks(rows);
  const int threads = threads_for(rows * channels * cost_of<F>());
  const auto one_chunk = [=](int64_t chunk, const F& g) {
    const int64_t begin = chunk * step;
    const int64_t end = std::min(rows, begin + step);
    typename F::Value* sums = partial + chunk * F::kSums * channels;
    int64_t first = 0;
    for (; first + 64 <= channels; first += 64) {
      sum_channel_group<64>(begin, end, first, 64, channels, sums, g);
    }
    for (; first + 32 <= channels; first += 32) {
      sum_channel_group<32>(begin, end, first, 32, channels, sums, g);
    }
    for (; first + 16 <= channels; first += 16) {
      sum_channel_group<16>(begin, end, first, 16, channels, sums, g);
    }
    const int rest = static_cast<int>(channels - first);
    if (rest > 0) sum_channel_group<0>(begin, end, first, rest, channels, sums, g);
  };
  if (threads == 1) {
    const FlushDenormals guard;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) one_chunk(chunk, f);
    return;
  }
#pragma omp parallel num_threads(threads)
  {
    const FlushDenormals guard;
    const F local = f;
#pragma omp for schedule(static)
    for (int64_t chunk = 0; chunk < chunks; ++chunk) one_chunk(chunk, local);
  }
}

template <class F>
void combine_chunks(int64_t chunks, int64_t channels, const typename F::Value* partial,
                    const F& f) {
  constexpr int64_t kGroup = 16;
  for (int64_t first = 0; first < channels; first += kGroup) {
    const int64_t lanes = std::min(kGroup, channels - first);
    double sums[F::kSums][kGroup] = {};
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      for (int s = 0; s < F::kSums; ++s) {
        const typename F::Value* values = partial + (chunk * F::kSums + s) * channels + first;
#pragma omp simd
        for (int64_t lane = 0; lane < lanes; ++lane) {
          sums[s][lane] += static_cast<double>(values[lane]);
        }
      }
    }
    for (int64_t lane = 0; lane < lanes; ++lane) {
      double own[F::kSums];
      for (int s = 0; s < F::kSums; ++s) own[s] = sums[s][lane];
      f.finish(first + lane, own);
    }
  }
}

}  // namespace moonpool::cpu
