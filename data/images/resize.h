// Pictures made smaller or larger.
#pragma once

#include "data/images/image.h"

namespace moonpool {

/// `image` at another size, by a triangle filter that widens with the reduction, so that every
/// pixel of the source has its part ("bilinear with antialiasing"). The sides are scaled
/// independently. Byte for byte what Pillow's Image.resize(size, BILINEAR) gives.
Image resize(const Image& image, int64_t width, int64_t height);

}  // namespace moonpool
