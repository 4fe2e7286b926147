// The functors of kernels/optim on CUDA.
#include "kernels/optim/instances.h"
#include "kernels/runtime/instantiate.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_OPTIM_INSTANCES)

}  // namespace moonpool
