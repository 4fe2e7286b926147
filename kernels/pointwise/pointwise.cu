// The functors of kernels/pointwise on CUDA.
#include "kernels/pointwise/instances.h"
#include "kernels/runtime/instantiate.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_POINTWISE_INSTANCES)

}  // namespace moonpool
