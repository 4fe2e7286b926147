// Blocks of rows that threads share out: the loop around everything that goes over a whole pool.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <limits>

#include "kernels/runtime/parallel_cpu.h"

namespace moonpool {

/// Rows that a thread takes at a time: with 128 columns 128 KiB, so that they stay in its cache.
inline constexpr int64_t kRowsPerBlock = 256;

/// Calls work(first, count) of a `make_work()` of each thread for all blocks of `rows` rows.
/// `columns` multiply-adds a row decide whether threads are worth it. Of several errors the one of
/// the lowest block is thrown.
template <class MakeWork>
void for_row_blocks(int64_t rows, int64_t columns, const MakeWork& make_work) {
  const int64_t blocks = (rows + kRowsPerBlock - 1) / kRowsPerBlock;
  const int threads = static_cast<int>(std::min<int64_t>(cpu::threads_for(rows * columns), blocks));
  std::exception_ptr error;
  int64_t error_block = std::numeric_limits<int64_t>::max();
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    auto work = make_work();
#pragma omp for schedule(dynamic, 1)
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t first = block * kRowsPerBlock;
      try {
        work(first, std::min(kRowsPerBlock, rows - first));
      } catch (...) {
#pragma omp critical(moonpool_row_blocks)
        if (block < error_block) {
          error_block = block;
          error = std::current_exception();
        }
      }
    }
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace moonpool
