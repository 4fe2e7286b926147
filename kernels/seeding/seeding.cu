// The functors of kernels/seeding on CUDA.
#include "kernels/runtime/instantiate.h"
#include "kernels/seeding/instances.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_SEEDING_INSTANCES)

}  // namespace moonpool
