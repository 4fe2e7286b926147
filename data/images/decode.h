// Pictures from files: PNG by libpng, JPEG by libjpeg-turbo.
#pragma once

#include <string>
#include <string_view>

#include "data/images/image.h"

namespace moonpool {

/// The picture in `bytes`, the content of a PNG or JPEG file, whatever the file is called.
///
/// Grey becomes three equal channels; transparency is dropped, 16 bits are rounded to 8.
/// Orientation tags are not looked at. `name` is how messages call the file. Throws an Error for
/// any other content, for a truncated or damaged picture, and for one that claims more than 100
/// million pixels or more than its bytes can hold.
Image decode_image(std::string_view bytes, const std::string& name);

}  // namespace moonpool
