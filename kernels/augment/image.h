// Everything that happens to one image, by a team: one thread with its cache on the CPU, one block
// with its shared memory on CUDA.
//
// A Team has
//   once(f)                                     f() by one member
//   for_each(n, f)                              f(i) for i < n; members share the work
//   for_each_in_turn(n, f)                      the same, but not vectorised: for look-ups in
//   tables for_pixels(height, width, f)                f(y, x) sum(n, f) of the uint32_t f(i);
//   every member gets it extremes(pixels, n)                         the ChannelExtremes of an
//   image, likewise histogram(pixels, n, counts, spare)         counts[3][256] of the channels;
//   spare: as many words
// After each of them, every member sees what all members wrote. Values that decide which of them is
// called are the same for all members.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/augment/affine.h"
#include "kernels/augment/draw.h"
#include "kernels/augment/job.h"
#include "kernels/augment/pixels.h"
#include "kernels/gather/gather.h"

namespace moonpool::kernels {

inline constexpr int32_t kTableSize = 3 * 256;  // an entry for every value of every channel

struct ChannelExtremes {
  int32_t low[3];
  int32_t high[3];
};

/// A team's memory: the image and a second one beside it, one operation's parameters, tables.
struct AugmentWorkspace {
  PixelMap* map;
  uint32_t* front;
  uint32_t* back;
  uint32_t* table;

  MOONPOOL_FUNCTOR AugmentWorkspace(uint32_t* words, int64_t pixels)
      : map(reinterpret_cast<PixelMap*>(words)),
        front(words + sizeof(PixelMap) / sizeof(uint32_t)),
        back(front + pixels),
        table(back + pixels) {}

  /// Its size; the words start at a multiple of eight bytes.
  static int64_t words(const ImageShape& shape) {
    const int64_t axes = shape.height + shape.width;
    const int64_t tables = std::max(axes, int64_t{3} * kTableSize);
    const int64_t all =
        static_cast<int64_t>(sizeof(PixelMap) / sizeof(uint32_t)) + 2 * shape.pixels() + tables;
    return all + all % 2;
  }
};

template <class Team>
class AugmentedImage {
 public:
  MOONPOOL_DEVICE_FUNCTOR AugmentedImage(const Team& team, const AugmentJob& job, uint32_t* words)
      : team_(team),
        job_(job),
        height_(static_cast<int32_t>(job.shape.height)),
        width_(static_cast<int32_t>(job.shape.width)),
        pixels_(height_ * width_),
        space_(words, pixels_) {}

  /// Row `row` of the batch, from the store to the output.
  MOONPOOL_DEVICE_FUNCTOR void run(int64_t row) {
    const AugmentSource& source = job_.source;
    const int64_t at = (source.position != nullptr ? *source.position : 0) + row;
    read(source.store + source.sample[at] * job_.shape.size());
    AugmentBox hole;
    if (job_.calls != nullptr) {
      for (int i = 0; i < job_.call_count; ++i) apply(job_.calls[i]);
    } else {
      const auto example = static_cast<uint32_t>(source.example[at]);
      const RandomKey key = *source.key;
      if (draw_flip(job_.settings, key, example)) mirror();
      for (int i = 0; i < job_.settings.operations; ++i) apply(draw_call(key, example, i));
      hole = draw_hole(job_.settings, job_.shape, key, example);
    }
    write(row, hole);
  }

 private:
  MOONPOOL_DEVICE_FUNCTOR void read(const uint8_t* bytes) {
    uint32_t* pixels = space_.front;
    if (job_.shape.channels == 1) {
      team_.for_each(pixels_, [=](int32_t i) { pixels[i] = bytes[i] * 0x010101u; });
    } else {
      team_.for_each(pixels_, [=](int32_t i) {
        const uint8_t* channel = bytes + 3 * int64_t{i};
        pixels[i] = make_pixel(channel[0], channel[1], channel[2]);
      });
    }
  }

  MOONPOOL_DEVICE_FUNCTOR void write(int64_t row, const AugmentBox& hole) {
    const int64_t size = job_.shape.size();
    const bool after = job_.settings.cutout_after_normalisation && job_.normalised != nullptr;
    if (!after) {
      uint32_t* pixels = space_.front;
      const int32_t width = width_;
      team_.for_pixels(hole.bottom - hole.top, hole.right - hole.left, [=](int32_t y, int32_t x) {
        pixels[(hole.top + y) * width + hole.left + x] = 0;
      });
    }
    if (job_.normalised == nullptr) return pack(job_.bytes + row * size);
    auto* bytes = reinterpret_cast<uint8_t*>(space_.back);
    pack(bytes);
    normalise(bytes, job_.normalised + row * size);
    if (after) {
      float* out = job_.normalised + row * size;
      const auto channels = static_cast<int32_t>(job_.shape.channels);
      const int32_t columns = width_ * channels;
      team_.for_pixels(hole.bottom - hole.top, (hole.right - hole.left) * channels,
                       [=](int32_t y, int32_t x) {
                         out[(hole.top + y) * columns + hole.left * channels + x] = 0.0f;
                       });
    }
  }

  /// The image as bytes, channels last.
  MOONPOOL_DEVICE_FUNCTOR void pack(uint8_t* bytes) {
    const uint32_t* pixels = space_.front;
    if (job_.shape.channels == 1) {
      team_.for_each(pixels_, [=](int32_t i) { bytes[i] = static_cast<uint8_t>(pixels[i]); });
    } else {
      team_.for_each(pixels_, [=](int32_t i) {
        uint8_t* channel = bytes + 3 * int64_t{i};
        channel[0] = static_cast<uint8_t>(pixels[i]);
        channel[1] = static_cast<uint8_t>(pixels[i] >> 8);
        channel[2] = static_cast<uint8_t>(pixels[i] >> 16);
      });
    }
  }

  MOONPOOL_DEVICE_FUNCTOR void normalise(const uint8_t* bytes, float* out) {
    const float* mean = job_.mean;
    const float* deviation = job_.deviation;
    team_.for_each(static_cast<int32_t>(job_.shape.size()), [=](int32_t i) {
      out[i] = normalised(static_cast<float>(bytes[i]), 1.0f / 255.0f, mean[i], deviation[i]);
    });
  }

  MOONPOOL_DEVICE_FUNCTOR void apply(const AugmentCall& call) {
    switch (call.operation) {
      case AugmentOperation::kAutoContrast:
        return autocontrast();
      case AugmentOperation::kEqualize:
        return equalize();
      case AugmentOperation::kSolarize:
        return solarize_from(call.magnitude);
      case AugmentOperation::kColor:
        return color(static_cast<float>(call.magnitude));
      case AugmentOperation::kContrast:
        return contrast(static_cast<float>(call.magnitude));
      case AugmentOperation::kBrightness:
        return brighten_from(0, static_cast<float>(call.magnitude));
      case AugmentOperation::kSharpness:
        return sharpen(static_cast<float>(call.magnitude));
      case AugmentOperation::kPosterize:
        return posterize(call.magnitude);
      case AugmentOperation::kRotate:
      case AugmentOperation::kShearX:
      case AugmentOperation::kShearY:
      case AugmentOperation::kTranslateX:
      case AugmentOperation::kTranslateY:
        return transform(call);
      case AugmentOperation::kIdentity:
        return;
    }
  }

  template <class F>
  MOONPOOL_DEVICE_FUNCTOR void replace_pixels(const F& f) {
    uint32_t* pixels = space_.front;
    team_.for_each(pixels_, [=](int32_t i) { pixels[i] = f(pixels[i]); });
  }

  MOONPOOL_DEVICE_FUNCTOR void posterize(double bits) {
    const uint32_t mask = posterize_mask(bits);
    replace_pixels([=](uint32_t pixel) { return pixel & mask; });
  }

  MOONPOOL_DEVICE_FUNCTOR void solarize_from(double magnitude) {
    // A value is below the threshold if it is below the next integer.
    const auto threshold = static_cast<int32_t>(std::ceil(magnitude));
    replace_pixels([=](uint32_t pixel) {
      return make_pixel(solarize(channel_of(pixel, 0), threshold),
                        solarize(channel_of(pixel, 1), threshold),
                        solarize(channel_of(pixel, 2), threshold));
    });
  }

  MOONPOOL_DEVICE_FUNCTOR void color(float factor) {
    replace_pixels([=](uint32_t pixel) { return blend_from_grey(luma(pixel), pixel, factor); });
  }

  MOONPOOL_DEVICE_FUNCTOR void contrast(float factor) {
    const uint32_t* pixels = space_.front;
    const uint32_t sum =
        team_.sum(pixels_, [=](int32_t i) { return static_cast<uint32_t>(luma(pixels[i])); });
    // int(sum / pixels + 0.5): in double it is that of the exact quotient.
    const uint64_t doubled = 2 * static_cast<uint64_t>(sum) + static_cast<uint32_t>(pixels_);
    brighten_from(static_cast<int32_t>(doubled / (2 * static_cast<uint64_t>(pixels_))), factor);
  }

  MOONPOOL_DEVICE_FUNCTOR void brighten_from(int32_t grey, float factor) {
    replace_pixels([=](uint32_t pixel) { return blend_from_grey(grey, pixel, factor); });
  }

  MOONPOOL_DEVICE_FUNCTOR void sharpen(float factor) {
    if (width_ < 3 || height_ < 3) return;
    const uint32_t* pixels = space_.front;
    uint32_t* sharp = space_.back;
    const int32_t width = width_;
    const int32_t height = height_;
    // From the second pixel of the second row on, borders at the left and right included, so that
    // it is one long loop; they are put right afterwards.
    const int32_t first = width + 1;
    const int32_t last = (height - 1) * width;
    team_.for_each(pixels_ - 2 * first, [=](int32_t i) {
      sharp[first + i] = sharpened(pixels + first + i, width, factor);
    });
    team_.for_each(width, [=](int32_t x) {
      sharp[x] = pixels[x];
      sharp[last + x] = pixels[last + x];
    });
    team_.for_each(height, [=](int32_t y) {
      const int32_t left = y * width;
      const int32_t right = left + width - 1;
      sharp[left] = pixels[left];
      sharp[right] = pixels[right];
    });
    swap_images();
  }

  MOONPOOL_DEVICE_FUNCTOR void autocontrast() {
    const ChannelExtremes range = team_.extremes(space_.front, pixels_);
    uint32_t* table = space_.table;
    for (int channel = 0; channel < 3; ++channel) {
      const int32_t low = range.low[channel];
      const int32_t high = range.high[channel];
      team_.for_each(256, [=](int32_t value) {
        table[256 * channel + value] = static_cast<uint32_t>(stretched(value, low, high));
      });
    }
    look_up(table);
  }

  MOONPOOL_DEVICE_FUNCTOR void equalize() {
    const ChannelExtremes range = team_.extremes(space_.front, pixels_);
    const uint32_t* counts = space_.table;
    uint32_t* sums = space_.table + kTableSize;
    uint32_t* next = sums + kTableSize;
    team_.histogram(space_.front, pixels_, space_.table, sums);
    // How many pixels have each value or a lower one (Hillis and Steele 1986).
    team_.for_each(kTableSize,
                   [=](int32_t i) { sums[i] = counts[i] + ((i & 255) >= 1 ? counts[i - 1] : 0u); });
    for (int32_t distance = 2; distance < 256; distance *= 2) {
      team_.for_each(kTableSize, [=](int32_t i) {
        next[i] = sums[i] + ((i & 255) >= distance ? sums[i - distance] : 0u);
      });
      uint32_t* const swapped = sums;
      sums = next;
      next = swapped;
    }
    const auto pixels = static_cast<uint32_t>(pixels_);
    for (int channel = 0; channel < 3; ++channel) {
      const int32_t high = range.high[channel];
      const bool single = range.low[channel] == high;
      team_.for_each(256, [=](int32_t value) {
        const int32_t i = 256 * channel + value;
        const uint32_t brightest = single ? pixels : counts[256 * channel + high];
        next[i] = static_cast<uint32_t>(equalized(value, sums[i] - counts[i], pixels, brightest));
      });
    }
    look_up(next);
  }

  MOONPOOL_DEVICE_FUNCTOR void look_up(const uint32_t* table) {
    uint32_t* pixels = space_.front;
    team_.for_each_in_turn(pixels_, [=](int32_t i) {
      const uint32_t pixel = pixels[i];
      pixels[i] = table[pixel & 0xffu] | table[256 + (pixel >> 8 & 0xffu)] << 8 |
                  table[512 + (pixel >> 16)] << 16;
    });
  }

  MOONPOOL_DEVICE_FUNCTOR void mirror() {
    PixelMap* map = space_.map;
    const int32_t width = width_;
    team_.once([=] { *map = mirror_map(width); });
    take_pixels();
  }

  MOONPOOL_DEVICE_FUNCTOR void transform(const AugmentCall& call) {
    PixelMap* map = space_.map;
    const int32_t width = width_;
    const int32_t height = height_;
    team_.once([=] { *map = pixel_map(call, height, width); });
    take_pixels();
  }

  MOONPOOL_DEVICE_FUNCTOR void take_pixels() {
    switch (space_.map->kind) {
      case PixelMap::Kind::kMove:
        take_moved();
        break;
      case PixelMap::Kind::kFixed:
        take_fixed();
        break;
      case PixelMap::Kind::kAxes:
        take_along_axes();
        break;
    }
    swap_images();
  }

  MOONPOOL_DEVICE_FUNCTOR void take_moved() {
    const uint32_t* from = space_.front;
    uint32_t* to = space_.back;
    const int32_t width = width_;
    const int32_t origin = space_.map->origin;
    const int32_t per_row = space_.map->per_row;
    const int32_t per_column = space_.map->per_column;
    team_.for_pixels(height_, width, [=](int32_t y, int32_t x) {
      to[y * width + x] = from[origin + y * per_row + x * per_column];
    });
  }

  MOONPOOL_DEVICE_FUNCTOR void take_fixed() {
    const uint32_t* from = space_.front;
    uint32_t* to = space_.back;
    const int32_t width = width_;
    const int32_t height = height_;
    const int32_t* fixed = space_.map->fixed;
    const int32_t x_by_x = fixed[0], x_by_y = fixed[1], x_start = fixed[2];
    const int32_t y_by_x = fixed[3], y_by_y = fixed[4], y_start = fixed[5];
    team_.for_pixels(height, width, [=](int32_t y, int32_t x) {
      const int32_t from_x = (x_start + y * x_by_y + x * x_by_x) >> 16;
      const int32_t from_y = (y_start + y * y_by_y + x * y_by_x) >> 16;
      const bool inside = static_cast<uint32_t>(from_x) < static_cast<uint32_t>(width) &&
                          static_cast<uint32_t>(from_y) < static_cast<uint32_t>(height);
      const uint32_t pixel = from[inside ? from_y * width + from_x : 0];
      to[y * width + x] = inside ? pixel : 0u;
    });
  }

  /// Places are stepped one by one, as rounding adds up on the way.
  MOONPOOL_DEVICE_FUNCTOR void take_along_axes() {
    const uint32_t* from = space_.front;
    uint32_t* to = space_.back;
    const int32_t width = width_;
    const int32_t height = height_;
    const PixelMap* map = space_.map;
    auto* from_x = reinterpret_cast<int32_t*>(space_.table);
    int32_t* from_y = from_x + width;
    team_.for_each(2, [=](int32_t axis) {
      int32_t* places = axis == 0 ? from_x : from_y;
      const int32_t count = axis == 0 ? width : height;
      const double step = map->step[axis];
      double place = map->start[axis];
      for (int32_t i = 0; i < count; ++i, place += step) places[i] = pixel_at(place, count);
    });
    team_.for_pixels(height, width, [=](int32_t y, int32_t x) {
      const bool inside = from_x[x] >= 0 && from_y[y] >= 0;
      const uint32_t pixel = from[inside ? from_y[y] * width + from_x[x] : 0];
      to[y * width + x] = inside ? pixel : 0u;
    });
  }

  MOONPOOL_DEVICE_FUNCTOR void swap_images() {
    uint32_t* const swapped = space_.front;
    space_.front = space_.back;
    space_.back = swapped;
  }

  const Team& team_;
  const AugmentJob& job_;
  int32_t height_;
  int32_t width_;
  int32_t pixels_;
  AugmentWorkspace space_;
};

}  // namespace moonpool::kernels
