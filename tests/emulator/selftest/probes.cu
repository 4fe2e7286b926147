#include "tests/emulator/selftest/probes.h"

#include "kernels/runtime/launch.cuh"

namespace moonpool::probes {
namespace {

constexpr unsigned kAll = 0xffffffffu;

__global__ void warp_kernel(int32_t* out) {
  const int lane = static_cast<int>(threadIdx.x);
  int32_t* mine = out + kWarpResults * lane;
  int i = 0;
  mine[i++] = __shfl_sync(kAll, 100 + lane, 3);
  mine[i++] = __shfl_sync(kAll, 100 + lane, 3, 8);
  mine[i++] = __shfl_up_sync(kAll, 100 + lane, 2);
  mine[i++] = __shfl_down_sync(kAll, 100 + lane, 2, 16);
  mine[i++] = __shfl_xor_sync(kAll, 100 + lane, 5);
  mine[i++] = __all_sync(kAll, lane >= 0);
  mine[i++] = __any_sync(kAll, lane == 40);
  mine[i++] = static_cast<int32_t>(__ballot_sync(kAll, lane % 2 == 0));
  mine[i++] = static_cast<int32_t>(__match_any_sync(kAll, lane / 8));
  int all_equal = 0;
  mine[i++] = static_cast<int32_t>(__match_all_sync(kAll, 7, &all_equal));
  mine[i++] = all_equal;
  mine[i++] = __reduce_add_sync(kAll, lane);
  mine[i++] = __reduce_min_sync(kAll, lane - 5);
  mine[i++] = static_cast<int32_t>(__reduce_max_sync(kAll, static_cast<unsigned>(lane) - 5u));
  // Only the even lanes, with their own mask.
  mine[i++] = lane % 2 == 0 ? __shfl_down_sync(0x55555555u, lane, 2) : -1;
  mine[i++] = static_cast<int32_t>(__popc(__activemask()));
}

__global__ void barrier_kernel(int32_t* out) {
  if (threadIdx.x >= 90) return;
  const int low = threadIdx.x < 40 ? 1 : 0;
  const int all = __syncthreads_and(low);
  const int any = __syncthreads_or(low);
  const int count = __syncthreads_count(low);
  if (threadIdx.x == 0) {
    out[0] = all;
    out[1] = any;
    out[2] = count;
  }
}

__global__ void atomic_kernel(int32_t* counts) {
  const int t = static_cast<int>(threadIdx.x);
  atomicAdd(&counts[0], t);
  atomicSub(&counts[1], 1);
  atomicMin(&counts[2], t - 3);
  atomicMax(&counts[3], t);
  atomicCAS(&counts[4], 5, 77);
  atomicXor(&counts[5], t);
}

__global__ void coordinates_kernel(int32_t* out) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  out[block * blockDim.x * blockDim.y * blockDim.z + thread] =
      static_cast<int32_t>(blockIdx.x * 100000 + blockIdx.y * 10000 + blockIdx.z * 1000 +
                           threadIdx.x * 100 + threadIdx.y * 10 + threadIdx.z);
}

__global__ void first_thread_kernel(int32_t* out, int32_t* ticket) {
  if (atomicAdd(ticket, 1) == 0) out[0] = static_cast<int32_t>(threadIdx.x);
}

__global__ void add_kernel(int n, int32_t value, int32_t* out) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) out[i] += value;
}

__global__ void ended_lane_kernel(int32_t* out) {
  if (threadIdx.x == 31) return;
  out[threadIdx.x] = __shfl_sync(kAll, 1, 31);
}

__global__ void misaligned_kernel(int32_t* out) {
  out[0] = static_cast<int32_t>(*reinterpret_cast<const int64_t*>(out + 1));
}

__global__ void behind_dynamic_kernel(int32_t* out) {
  auto* shared = cuda::dynamic_shared<int32_t>();
  shared[threadIdx.x + 1] = 1;
  out[threadIdx.x] = 1;
}

__global__ void behind_static_kernel(int index, int32_t* out) {
  __shared__ int32_t tile[32];
  tile[index] = 1;
  *out = tile[index];
}

__global__ void conversation_kernel(bool with_sync, int32_t* out) {
  __shared__ int32_t tile[32];
  tile[threadIdx.x] = 1;
  if (with_sync) __syncwarp();
  out[threadIdx.x] = tile[31 - threadIdx.x];
}

}  // namespace

using cuda::launch;

void warp_functions(void* stream, int32_t* out) { launch(warp_kernel, 1, 32, 0, stream, out); }
void barrier_functions(void* stream, int32_t* out) {
  launch(barrier_kernel, 1, 96, 0, stream, out);
}
void atomic_functions(void* stream, int32_t* counts) {
  launch(atomic_kernel, 1, 64, 0, stream, counts);
}
void coordinates(void* stream, int32_t* out) {
  launch(coordinates_kernel, dim3(2, 3, 4), dim3(5, 2, 3), 0, stream, out);
}
void first_thread(void* stream, int32_t* out, int32_t* ticket) {
  launch(first_thread_kernel, 1, 64, 0, stream, out, ticket);
}
void add(void* stream, int n, int32_t value, int32_t* out) {
  launch(add_kernel, static_cast<unsigned>((n + 63) / 64), 64, 0, stream, n, value, out);
}
void shuffle_from_ended_lane(void* stream, int32_t* out) {
  launch(ended_lane_kernel, 1, 32, 0, stream, out);
}
void misaligned(void* stream, int32_t* out) { launch(misaligned_kernel, 1, 1, 0, stream, out); }
void behind_dynamic_shared(void* stream, int32_t* out) {
  launch(behind_dynamic_kernel, 1, 32, 32 * sizeof(int32_t), stream, out);
}
void behind_static_shared(void* stream, int index, int32_t* out) {
  launch(behind_static_kernel, 1, 1, 0, stream, index, out);
}
void warp_conversation(void* stream, bool with_sync, int32_t* out) {
  launch(conversation_kernel, 1, 32, 0, stream, with_sync, out);
}

}  // namespace moonpool::probes
