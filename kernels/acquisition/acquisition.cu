// The functors of kernels/acquisition on CUDA.
#include "kernels/acquisition/instances.h"
#include "kernels/runtime/instantiate.h"

namespace moonpool {

MOONPOOL_INSTANTIATE(MOONPOOL_ACQUISITION_INSTANCES)

}  // namespace moonpool
