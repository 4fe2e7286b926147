// Captions in pictures.
#pragma once

#include <string_view>

#include "data/images/image.h"

namespace moonpool {

/// Height of a line in pixels at scale 1, and the width that a character takes.
inline constexpr int64_t kTextHeight = 7;
inline constexpr int64_t kTextAdvance = 6;

/// Writes `text` with its top left corner at (x, y), `scale` pixels a dot. Letters are shown as
/// capitals; characters that the font has not, as a question mark. What lies outside is cut off.
void draw_text(Image& image, int64_t x, int64_t y, std::string_view text, uint8_t grey,
               int64_t scale = 1);

}  // namespace moonpool
