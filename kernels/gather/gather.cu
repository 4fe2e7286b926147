// The functors of kernels/gather on CUDA.
#include "kernels/gather/instances.h"
#include "kernels/runtime/instantiate.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_GATHER_INSTANCES)

}  // namespace moonpool
