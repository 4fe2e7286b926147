// What must hold of a PNG file before memory is taken for its pixels.
#pragma once

#include <string>
#include <string_view>

namespace moonpool {

/// The chunks of a PNG file that decide its pixels as they are stored: IHDR, PLTE, tRNS, IDAT and
/// IEND, with the signature before them. Colour management (gAMA, iCCP) is left out, as Pillow
/// leaves it out, and so are texts and all else.
///
/// Throws an Error that begins with `name` unless every one of them is whole and has its checksum,
/// and the image data unpack to as many bytes as the header's picture has: a few bytes must not
/// cost the memory of a large picture that never comes. Takes no more memory than a copy of
/// `bytes`.
std::string png_pixel_chunks(std::string_view bytes, const std::string& name);

}  // namespace moonpool
