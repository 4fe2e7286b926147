// Ten small kernels, each right and with one bug planted. Device pointers.
#pragma once

namespace moonpool::plants {

inline constexpr int kThreads = 128;

// Each of these queues one kernel on `stream` (a cudaStream_t).

/// out[i] = in[kThreads - 1 - i] through shared memory; the plant forgets the barrier.
void reverse(void* stream, bool planted, const float* in, float* out);
/// out[0] = the sum of in[0 .. 32) by shuffles; the plant names half of the lanes.
void warp_sum(void* stream, bool planted, const float* in, float* out);
/// out[i] = 2 in[i] for i < n; the plant goes on to n.
void twice(void* stream, bool planted, int n, const float* in, float* out);
/// out[b] = how many of in[0 .. kThreads) are b, for b < 8; the plant counts without atomics.
void histogram(void* stream, bool planted, const float* in, float* out);
/// The same; the plant does not set the counts to zero first.
void histogram_from_zero(void* stream, bool planted, const float* in, float* out);
/// out[i] = in[i] - in[i - 1], in[-1] being 0; the plant reads in[-1].
void differences(void* stream, bool planted, int n, const float* in, float* out);
/// out[i] = in[i] through dynamic shared memory; the plant asks for more than there is.
void through_shared(void* stream, bool planted, const float* in, float* out);
/// out[i] = in[i] for i < 4 kThreads; the plant puts too many threads into a block.
void copy(void* stream, bool planted, const float* in, float* out);
/// out[0] = the sum of in[0 .. kThreads) by halving; the plant has the barrier inside of the
/// branch.
void halving_sum(void* stream, bool planted, const float* in, float* out);
/// out[i] = in[i] + 1; what makes it wrong is a host pointer.
void increment(void* stream, int n, const float* in, float* out);

}  // namespace moonpool::plants
