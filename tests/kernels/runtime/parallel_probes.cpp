// The probes on the CPU.
#include "tests/kernels/runtime/parallel_probes.h"

#include "kernels/runtime/instantiate_channels.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_PROBE_INSTANCES)
MOONPOOL_PROBE_CHANNEL_INSTANCES(MOONPOOL_INSTANTIATE_REDUCE_CHANNELS)

}  // namespace moonpool
