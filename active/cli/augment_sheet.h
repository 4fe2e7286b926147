// Pictures of what augmentation does.
#pragma once

#include <cstdint>
#include <span>

#include "data/images/image.h"
#include "kernels/runtime/image_shape.h"

namespace moonpool {

/// The first images of a set (up to 64), sixteen a row, and under each row the same images after
/// augmentation. Both hold whole images of `shape`, as many.
Image augment_sheet(const ImageShape& shape, std::span<const uint8_t> before,
                    std::span<const uint8_t> after);

}  // namespace moonpool
