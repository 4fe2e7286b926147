// NVTX: ranges of a thread that no tool looks at.
#include "tests/emulator/shim/nvtx3/nvToolsExt.h"

namespace {
thread_local int depth = 0;
}

int nvtxRangePushA(const char* /*message*/) { return depth++; }

int nvtxRangePop() { return depth > 0 ? --depth : -1; }
