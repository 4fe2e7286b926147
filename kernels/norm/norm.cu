// The functors of kernels/norm on CUDA.
#include "kernels/norm/instances.h"
#include "kernels/runtime/instantiate_channels.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_NORM_INSTANCES)
MOONPOOL_NORM_CHANNEL_INSTANCES(MOONPOOL_INSTANTIATE_REDUCE_CHANNELS)

}  // namespace moonpool
