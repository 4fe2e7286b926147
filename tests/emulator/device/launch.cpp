#include "tests/emulator/device/launch.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "tests/emulator/device/symbols.h"
#include "tests/emulator/options.h"

namespace moonpool::emulator {
namespace {

// CUDA programming guide, "Technical specifications per compute capability".
constexpr unsigned kMostThreads = 1024;
constexpr unsigned kMostThreadsZ = 64;
constexpr unsigned kMostBlocksX = 0x7fffffff;
constexpr unsigned kMostBlocksYZ = 65535;
constexpr std::size_t kSharedUnasked = 48 << 10;   // static and dynamic, without an attribute
constexpr std::size_t kMostShared80 = 163 << 10;   // with one, on sm_80; sm_90 has 227 KiB
constexpr std::size_t kMostArgumentBytes = 32764;  // since CUDA 12.1

cudaError refuse(const Launch& launch, cudaError error, const std::string& what) {
  const std::string kernel = symbol_name(launch.call.kernel);
  report({.kind = Finding::Kind::kLaunchLimit,
          .text = "kernel " + kernel + ": a launch breaks a limit: " + what,
          .kernel = kernel});
  return error;
}

// Appends the kernel's name to the file that MOONPOOL_EMULATOR_COVERAGE names, once per process.
// Short appended writes of several processes do not mix.
void note_run(const void* kernel) {
  static const char* const path = std::getenv("MOONPOOL_EMULATOR_COVERAGE");
  if (path == nullptr) return;
  static auto* const seen = new std::set<const void*>;
  if (!seen->insert(kernel).second) return;
  const std::string line = symbol_name(kernel) + "\n";
  const int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (file < 0 || write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    std::perror("emulator: MOONPOOL_EMULATOR_COVERAGE");
  }
  if (file >= 0) close(file);
}

uint3 block_at(uint64_t number, const dim3& grid) {
  return {static_cast<unsigned>(number % grid.x), static_cast<unsigned>(number / grid.x % grid.y),
          static_cast<unsigned>(number / grid.x / grid.y)};
}

/// The n-th block to run. In the seeded order: all blocks, from a random one on.
uint64_t block_number(uint64_t n, uint64_t blocks, uint64_t first) {
  switch (options().order) {
    case Order::kForward:
      return n;
    case Order::kReverse:
      return blocks - 1 - n;
    case Order::kSeeded:
      return (n + first) % blocks;
  }
  return n;
}

cudaError error_after(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::kMisaligned:
      return cudaErrorMisalignedAddress;
    case Finding::Kind::kGlobalOutOfBounds:
    case Finding::Kind::kSharedOutOfBounds:
    case Finding::Kind::kFreedMemory:
    case Finding::Kind::kHostPointer:
      return cudaErrorIllegalAddress;
    default:
      return cudaErrorLaunchFailure;
  }
}

}  // namespace

cudaError check_limits(const Launch& launch, std::size_t most_dynamic_shared) {
  const dim3& block = launch.block;
  const dim3& grid = launch.grid;
  const uint64_t threads = uint64_t{block.x} * block.y * block.z;
  if (threads == 0 || threads > kMostThreads || block.z > kMostThreadsZ) {
    return refuse(launch, cudaErrorInvalidConfiguration,
                  "a block of " + to_string(block) + " threads; 1 to 1024 are allowed, 64 along z");
  }
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > kMostBlocksX ||
      grid.y > kMostBlocksYZ || grid.z > kMostBlocksYZ) {
    return refuse(launch, cudaErrorInvalidConfiguration,
                  "a grid of " + to_string(grid) + " blocks; at least 1 each way are allowed, at" +
                      " most 2^31 - 1 along x and 65535 along y and z");
  }
  const std::size_t fixed = static_shared_bytes(launch.call.kernel);
  const std::size_t shared = fixed + launch.dynamic_shared;
  if (fixed > kSharedUnasked || shared > kMostShared80 ||
      (shared > kSharedUnasked && launch.dynamic_shared > most_dynamic_shared)) {
    return refuse(launch, cudaErrorInvalidValue,
                  "too much shared memory: " + std::to_string(shared) + " bytes; allowed are " +
                      std::to_string(kSharedUnasked) + ", or what cudaFuncSetAttribute asked for" +
                      " up to " + std::to_string(kMostShared80) + " (sm_80)");
  }
  if (launch.call.argument_bytes > kMostArgumentBytes) {
    return refuse(launch, cudaErrorInvalidValue,
                  std::to_string(launch.call.argument_bytes) +
                      " bytes of arguments; at most 32764 are allowed");
  }
  return cudaSuccess;
}

cudaError run_kernel(const Launch& launch) {
  note_run(launch.call.kernel);
  if (options().fail_launch > 0 && --options().fail_launch == 0) return cudaErrorLaunchFailure;
  const uint64_t blocks = uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
  const uint64_t first = options().order == Order::kSeeded ? random_bits()() % blocks : 0;
  for (uint64_t n = 0; n < blocks; ++n) {
    Block block(launch, block_at(block_number(n, blocks, first), launch.grid));
    if (!block.run()) return error_after(block.mistake());
  }
  return cudaSuccess;
}

}  // namespace moonpool::emulator
