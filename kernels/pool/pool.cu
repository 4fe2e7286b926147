// The functors of kernels/pool on CUDA.
#include "kernels/pool/instances.h"
#include "kernels/runtime/instantiate.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_POOL_INSTANCES)

}  // namespace moonpool
