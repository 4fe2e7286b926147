// Pictures to files.
#pragma once

#include <filesystem>
#include <string>

#include "data/images/image.h"

namespace moonpool {

/// The bytes of `image` as a PNG of 8-bit RGB.
std::string encode_png(const Image& image);

/// Writes `image` as a PNG of 8-bit RGB, atomically. Throws an Error that names the file.
void write_png(const std::filesystem::path& path, const Image& image);

}  // namespace moonpool
