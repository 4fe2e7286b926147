// Pictures to files.
#pragma once

#include <filesystem>

#include "data/images/image.h"

namespace moonpool {

/// Writes `image` as a PNG of 8-bit RGB, atomically. Throws an Error that names the file.
void write_png(const std::filesystem::path& path, const Image& image);

}  // namespace moonpool
