// The functors of kernels/gather on the CPU.
#include "kernels/gather/instances.h"
#include "kernels/runtime/instantiate.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_GATHER_INSTANCES)

}  // namespace moonpool
