// The functors of kernels/seeding on the CPU.
#include "kernels/runtime/instantiate.h"
#include "kernels/seeding/instances.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_SEEDING_INSTANCES)

}  // namespace moonpool
