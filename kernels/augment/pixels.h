// Arithmetic on pixels, as Pillow does it.
//
// A pixel is a word: red, green and blue from the lowest byte up, the highest byte zero. A grey
// image has three equal channels here: every operation then gives what Pillow gives for mode "L",
// because the luma of (v, v, v) is v.
#pragma once

#include <cstdint>

#include "kernels/runtime/host_device.h"

namespace moonpool::kernels {

MOONPOOL_FUNCTOR int32_t channel_of(uint32_t pixel, int channel) {
  return static_cast<int32_t>(pixel >> (8 * channel) & 0xffu);
}

MOONPOOL_FUNCTOR uint32_t make_pixel(int32_t red, int32_t green, int32_t blue) {
  return static_cast<uint32_t>(red) | static_cast<uint32_t>(green) << 8 |
         static_cast<uint32_t>(blue) << 16;
}

/// Image.convert("L").
MOONPOOL_FUNCTOR int32_t luma(uint32_t pixel) {
  return (channel_of(pixel, 0) * 19595 + channel_of(pixel, 1) * 38470 +
          channel_of(pixel, 2) * 7471 + 0x8000) >>
         16;
}

/// Image.blend of one channel, which ImageEnhance is made of: float32, the product rounded before
/// the sum, cut off at 0 and 255, truncated.
MOONPOOL_FUNCTOR int32_t blend(int32_t from, int32_t to, float factor) {
  float value = static_cast<float>(from) + factor * static_cast<float>(to - from);
  value = value > 0.0f ? value : 0.0f;
  value = value < 255.0f ? value : 255.0f;
  return static_cast<int32_t>(value);
}

/// Each channel of `pixel`, seen from the grey value `from`.
MOONPOOL_FUNCTOR uint32_t blend_from_grey(int32_t from, uint32_t pixel, float factor) {
  return make_pixel(blend(from, channel_of(pixel, 0), factor),
                    blend(from, channel_of(pixel, 1), factor),
                    blend(from, channel_of(pixel, 2), factor));
}

/// ImageOps.solarize: a channel from `threshold` up is inverted.
MOONPOOL_FUNCTOR int32_t solarize(int32_t value, int32_t threshold) {
  return value < threshold ? value : 255 - value;
}

/// ImageFilter.SMOOTH from the sum T of the eight neighbours and five times the centre: Pillow sums
/// the products with float32(1/13) and float32(5/13) and rounds T / 13. T / 13 + 1/2 is never
/// within 1/26 of an integer, and the sum is much closer to it, so this is the same number:
/// floor((2 T + 13) / 26), by a product.
MOONPOOL_FUNCTOR constexpr int32_t smoothed(uint32_t weighted_sum) {
  return static_cast<int32_t>(((2 * weighted_sum + 13) * 20165u) >> 19);
}

/// A pixel of ImageEnhance.Sharpness inside the border. `at` points to the pixel in an image that
/// is `width` wide. Two channels of a word are summed at once: a sum has 12 bits.
MOONPOOL_FUNCTOR uint32_t sharpened(const uint32_t* at, int64_t width, float factor) {
  constexpr uint32_t kEven = 0x00ff00ffu;
  uint32_t red_blue = 5 * (at[0] & kEven);
  uint32_t green = 5 * (at[0] >> 8 & 0xffu);
  const uint32_t around[8] = {at[-width - 1], at[-width],    at[-width + 1], at[-1],
                              at[1],          at[width - 1], at[width],      at[width + 1]};
  for (const uint32_t pixel : around) {
    red_blue += pixel & kEven;
    green += pixel >> 8 & 0xffu;
  }
  return make_pixel(blend(smoothed(red_blue & 0xffffu), channel_of(at[0], 0), factor),
                    blend(smoothed(green), channel_of(at[0], 1), factor),
                    blend(smoothed(red_blue >> 16), channel_of(at[0], 2), factor));
}

/// Entry `value` of ImageOps.autocontrast's table for a channel whose values are `low` to `high`.
MOONPOOL_FUNCTOR int32_t stretched(int32_t value, int32_t low, int32_t high) {
  if (high <= low) return value;
  const double scale = 255.0 / (high - low);
  const double offset = -low * scale;
  const auto entry = static_cast<int32_t>(value * scale + offset);
  return entry < 0 ? 0 : (entry > 255 ? 255 : entry);
}

/// Entry of ImageOps.equalize's table for a value with `below` pixels darker than it, out of
/// `pixels`, of which `brightest` have the channel's largest value. The quotient in float32 is
/// right up to 2^24 pixels: where the exact one is no integer, its distance to the next is at least
/// 1 / step, more than rounding takes.
MOONPOOL_FUNCTOR int32_t equalized(int32_t value, uint32_t below, uint32_t pixels,
                                   uint32_t brightest) {
  const uint32_t step = (pixels - brightest) / 255;
  if (step == 0) return value;
  const uint32_t scaled = step / 2 + below;
  const auto entry = static_cast<int32_t>(static_cast<float>(scaled) / static_cast<float>(step));
  return entry > 255 ? 255 : entry;
}

/// The bits that ImageOps.posterize keeps of every channel; `bits` is truncated to an integer.
MOONPOOL_FUNCTOR uint32_t posterize_mask(double bits) {
  const uint32_t kept = 0xffu & ~((1u << (8 - static_cast<int32_t>(bits))) - 1u);
  return kept * 0x010101u;
}

}  // namespace moonpool::kernels
