// The functors of kernels/pool on the CPU.
#include "kernels/pool/instances.h"
#include "kernels/runtime/instantiate.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_POOL_INSTANCES)

}  // namespace moonpool
