// The functors of kernels/seeding on the CPU.
#include "kernels/seeding/instances.h"
#include "kernels/runtime/instantiate.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_SEEDING_INSTANCES)

}  // namespace moonpool
