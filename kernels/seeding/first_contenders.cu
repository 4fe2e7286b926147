// The contenders that come first, by radix selection: the key of the first that is not among them
// is found digit by digit from counts, and all that come before it are taken.
#include "kernels/runtime/parallel_cuda.cuh"
#include "kernels/seeding/device_calls.h"

namespace moonpool::cuda {

constexpr int kDigits = 12;  // of eight bits: eight of the score, four of the example
constexpr int kValues = 256;
constexpr int64_t kBlocks = 264;  // a GPU's multiprocessors, twice
static_assert(kValues == kThreadsPerBlock);

/// A contender's place in Best's order, the larger the earlier. Scores are not negative, so their
/// bits are in the order of their values.
struct ContenderKey {
  uint64_t score;
  uint32_t example;

  __device__ static ContenderKey of(const kernels::Contender& contender) {
    return {static_cast<uint64_t>(__double_as_longlong(contender.score)),
            ~static_cast<uint32_t>(contender.example)};
  }
  __device__ unsigned digit(int d) const {
    return d < 8 ? static_cast<unsigned>(score >> (56 - 8 * d)) & 255u
                 : example >> (24 - 8 * (d - 8)) & 255u;
  }
  __device__ bool same_before(const ContenderKey& other, int d) const {
    if (d == 0) return true;
    if (d <= 8) return (score ^ other.score) >> (64 - 8 * d) == 0;
    return score == other.score && (example ^ other.example) >> (32 - 8 * (d - 8)) == 0;
  }
};

/// The digits known so far of the key that is sought.
struct KeySearch {
  ContenderKey key;
  int64_t rank;  // how many of those with these digits come before it; -1: there is no such key
};

struct FirstWorkspace {
  unsigned count[kDigits][kValues];  // of the contenders with the digits before, by their digit
  KeySearch search[kDigits];         // before each digit
  unsigned taken;
};

/// What is known after digit d - 1 was counted; the whole block calls this.
__device__ KeySearch next_search(const FirstWorkspace& work, int d, int64_t wanted) {
  __shared__ unsigned count[kValues];
  __shared__ uint64_t score;
  __shared__ uint32_t example;
  __shared__ int64_t rank;
  if (d == 0) return {{0, 0}, wanted};
  count[threadIdx.x] = work.count[d - 1][threadIdx.x];
  __syncthreads();
  if (threadIdx.x == 0) {
    KeySearch search = work.search[d - 1];
    int value = kValues - 1;
    while (value >= 0 && search.rank >= count[value]) search.rank -= count[value--];
    if (value < 0 || search.rank < 0) {
      search.rank = -1;
    } else if (d <= 8) {
      search.key.score |= static_cast<uint64_t>(value) << (64 - 8 * d);
    } else {
      search.key.example |= static_cast<uint32_t>(value) << (32 - 8 * (d - 8));
    }
    score = search.key.score;
    example = search.key.example;
    rank = search.rank;
  }
  __syncthreads();
  return {{score, example}, rank};
}

/// Counts digit d of the contenders that have the digits before.
__global__ void __launch_bounds__(kThreadsPerBlock)
    count_digit_kernel(const kernels::Contender* contender, int64_t contenders, int64_t wanted,
                       int d, FirstWorkspace* work) {
  __shared__ unsigned count[kValues];
  const KeySearch search = next_search(*work, d, wanted);
  if (blockIdx.x == 0 && threadIdx.x == 0) work->search[d] = search;
  if (search.rank < 0) return;
  count[threadIdx.x] = 0;
  __syncthreads();
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < contenders;
       i += stride) {
    if (contender[i].row < 0) continue;
    const ContenderKey key = ContenderKey::of(contender[i]);
    if (key.same_before(search.key, d)) atomicAdd(&count[key.digit(d)], 1u);
  }
  __syncthreads();
  if (count[threadIdx.x] > 0) atomicAdd(&work->count[d][threadIdx.x], count[threadIdx.x]);
}

/// Takes all contenders that come before the key, in the order in which threads come.
__global__ void __launch_bounds__(kThreadsPerBlock)
    take_first_kernel(const kernels::Contender* contender, int64_t contenders, FirstWorkspace* work,
                      int32_t* row, kernels::Contender* bound) {
  const KeySearch search = next_search(*work, kDigits, 0);
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < contenders;
       i += stride) {
    if (contender[i].row < 0) continue;
    const ContenderKey key = ContenderKey::of(contender[i]);
    const bool all = search.rank < 0;
    if (!all && key.score == search.key.score && key.example == search.key.example) {
      *bound = contender[i];
    } else if (all || key.score > search.key.score ||
               (key.score == search.key.score && key.example > search.key.example)) {
      row[atomicAdd(&work->taken, 1u)] = contender[i].row;
    }
  }
}

/// Before the search: nobody is taken.
__global__ void __launch_bounds__(kThreadsPerBlock)
    clear_first_kernel(int64_t wanted, FirstWorkspace* work, int32_t* row,
                       kernels::Contender* bound) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  const int64_t first = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (int64_t i = first; i < wanted; i += stride) row[i] = -1;
  for (int64_t i = first; i < kDigits * kValues; i += stride) {
    work->count[i / kValues][i % kValues] = 0;
  }
  if (first == 0) {
    work->taken = 0;
    *bound = kernels::Best().identity();
  }
}

void first_contenders(void* stream, const kernels::Contender* contender, int64_t count,
                      int64_t wanted, void* workspace, int32_t* row, kernels::Contender* bound) {
  auto* const work = static_cast<FirstWorkspace*>(workspace);
  const dim3 block(kThreadsPerBlock);
  const auto grid = [](int64_t n) {
    return dim3(static_cast<unsigned>(
        std::clamp<int64_t>((n + kThreadsPerBlock - 1) / kThreadsPerBlock, 1, kBlocks)));
  };
  launch(clear_first_kernel, grid(std::max<int64_t>(wanted, kDigits * kValues)), block, 0, stream,
         wanted, work, row, bound);
  for (int d = 0; d < kDigits; ++d) {
    launch(count_digit_kernel, grid(count), block, 0, stream, contender, count, wanted, d, work);
  }
  launch(take_first_kernel, grid(count), block, 0, stream, contender, count, work, row, bound);
}

std::size_t first_contenders_bytes() { return sizeof(FirstWorkspace); }

}  // namespace moonpool::cuda
