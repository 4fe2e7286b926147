// How the emulated device behaves. Read from the environment once; tests may change it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace moonpool::emulator {

/// The order in which the threads of a block start, and its blocks; with kSeeded also when queued
/// work runs. Everything that CUDA leaves open, so no result may depend on it.
enum class Order { kForward, kReverse, kSeeded };

struct Options {
  // MOONPOOL_EMULATOR_ORDER: forward (the default), reverse, or the number of a seed.
  Order order = Order::kForward;
  uint64_t seed = 0;
  std::size_t memory = std::size_t{4} << 30;
  int compute_capability = 8;  // its first number
  // Errors on demand, counted from now; 0: none. MOONPOOL_EMULATOR_FAIL_ALLOCATION and
  // MOONPOOL_EMULATOR_FAIL_LAUNCH.
  int64_t fail_allocation = 0;  // the n-th cudaMalloc is out of memory
  int64_t fail_launch = 0;      // the n-th kernel that runs fails, and the error sticks
};

Options& options();

/// Random bits of the seeded order. Call `reseed` after changing options().seed.
std::mt19937_64& random_bits();
void reseed();

/// Takes back every error that sticks and all queued work, as if the process were new; memory,
/// streams and events stay. The counts of options() go back to 0.
void reset_device();

}  // namespace moonpool::emulator
