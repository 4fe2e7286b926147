// Runs a kernel over its grid, and keeps book of which kernels have run.
#pragma once

#include "tests/emulator/device/execution.h"
#include "tests/emulator/shim/cuda_runtime_api.h"

namespace moonpool::emulator {

/// What CUDA would return for this launch on sm_80 or sm_90, whichever allows less; a limit that is
/// broken is also reported. `most_dynamic_shared` is what cudaFuncSetAttribute allowed, or 0.
cudaError check_limits(const Launch& launch, std::size_t most_dynamic_shared);

/// Runs all blocks. The error is the one that CUDA would leave behind, and sticks.
cudaError run_kernel(const Launch& launch);

}  // namespace moonpool::emulator
