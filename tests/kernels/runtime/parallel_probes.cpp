// The probes on the CPU.
#include "tests/kernels/runtime/parallel_probes.h"

#include "kernels/runtime/instantiate.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_PROBE_INSTANCES)

}  // namespace moonpool
