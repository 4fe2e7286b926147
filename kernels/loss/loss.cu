// The functors of kernels/loss on CUDA.
#include "kernels/loss/instances.h"
#include "kernels/runtime/instantiate.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_LOSS_INSTANCES)

}  // namespace moonpool
