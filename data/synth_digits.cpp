#include "data/synth_digits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "data/image_split.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

constexpr int64_t kSide = 32;
constexpr int64_t kClasses = 10;

struct Point {
  double x = 0;
  double y = 0;
};
using Stroke = std::vector<Point>;
using Colour = std::array<double, 3>;  // 0 to 1

/// Part of an ellipse; angles in degrees, clockwise from the right, as y points down.
void append_arc(Stroke& stroke, Point centre, Point radius, double from, double to) {
  constexpr int kPieces = 12;
  for (int i = 0; i <= kPieces; ++i) {
    const double angle = (from + (to - from) * i / kPieces) * std::numbers::pi / 180.0;
    stroke.push_back(
        {centre.x + radius.x * std::cos(angle), centre.y + radius.y * std::sin(angle)});
  }
}

Stroke arc(Point centre, Point radius, double from, double to) {
  Stroke stroke;
  append_arc(stroke, centre, radius, from, to);
  return stroke;
}

/// How a pen writes a digit into the unit square.
std::vector<Stroke> strokes_of(int64_t digit) {
  switch (digit) {
    case 0:
      return {arc({.5, .5}, {.32, .5}, 0, 360)};
    case 1:
      return {{{.3, .2}, {.55, 0}, {.55, 1}}};
    case 2: {
      Stroke stroke = arc({.5, .28}, {.33, .28}, -170, 35);
      stroke.insert(stroke.end(), {{.17, 1}, {.85, 1}});
      return {stroke};
    }
    case 3: {
      Stroke stroke = arc({.47, .26}, {.3, .25}, -150, 90);
      append_arc(stroke, {.47, .75}, {.35, .25}, -90, 150);
      return {stroke};
    }
    case 4:
      return {{{.65, 1}, {.65, 0}, {.15, .68}, {.88, .68}}};
    case 5: {
      Stroke stroke{{.8, 0}, {.27, 0}, {.22, .45}};
      append_arc(stroke, {.48, .68}, {.35, .32}, -140, 140);
      return {stroke};
    }
    case 6:
      return {arc({.75, .62}, {.57, .62}, -95, -180), arc({.5, .69}, {.32, .31}, 0, 360)};
    case 7:
      return {{{.15, 0}, {.85, 0}, {.4, 1}}};
    case 8:
      return {arc({.5, .25}, {.27, .25}, 0, 360), arc({.5, .75}, {.34, .25}, 0, 360)};
    default:
      return {arc({.5, .31}, {.32, .31}, 0, 360), arc({.25, .38}, {.57, .62}, 0, 85)};
  }
}

double distance_to_segment(Point p, Point a, Point b) {
  const Point along{b.x - a.x, b.y - a.y};
  const double length = along.x * along.x + along.y * along.y;
  const double t =
      length > 0 ? std::clamp(((p.x - a.x) * along.x + (p.y - a.y) * along.y) / length, 0.0, 1.0)
                 : 0.0;
  return std::hypot(p.x - a.x - t * along.x, p.y - a.y - t * along.y);
}

class Canvas {
 public:
  explicit Canvas(RandomStream& random) : random_(random) {}

  double between(double low, double high) { return low + (high - low) * random_.uniform(); }
  Colour any_colour() { return {between(0, 1), between(0, 1), between(0, 1)}; }

  /// Four corners, each a little off one colour.
  void fill(const Colour& colour) {
    std::array<Colour, 4> corners;
    for (Colour& corner : corners) {
      for (std::size_t c = 0; c < 3; ++c) corner[c] = colour[c] + between(-0.15, 0.15);
    }
    for (int64_t y = 0; y < kSide; ++y) {
      for (int64_t x = 0; x < kSide; ++x) {
        const double u = static_cast<double>(x) / (kSide - 1);
        const double v = static_cast<double>(y) / (kSide - 1);
        for (std::size_t c = 0; c < 3; ++c) {
          const double top = corners[0][c] * (1 - u) + corners[1][c] * u;
          const double bottom = corners[2][c] * (1 - u) + corners[3][c] * u;
          at(x, y)[c] = top * (1 - v) + bottom * v;
        }
      }
    }
  }

  /// Paints over what is within `half_width` pixels of the strokes, with soft edges.
  void draw(const std::vector<Stroke>& strokes, double half_width, const Colour& colour,
            double opacity) {
    std::array<double, kSide * kSide> cover{};
    for (const Stroke& stroke : strokes) {
      for (std::size_t i = 0; i + 1 < stroke.size(); ++i) {
        cover_segment(stroke[i], stroke[i + 1], half_width, cover);
      }
    }
    for (std::size_t i = 0; i < cover.size(); ++i) {
      const double part = cover[i] * opacity;
      for (std::size_t c = 0; c < 3; ++c) {
        double& value = pixels_[i * 3 + c];
        value += part * (colour[c] - value);
      }
    }
  }

  void clutter(const Colour& around) {
    const auto shapes = 2 + random_.below(4);
    for (uint32_t i = 0; i < shapes; ++i) {
      Colour colour = any_colour();
      // Most of it is as dim as what is around it, so that it does not outshine the digit.
      for (std::size_t c = 0; c < 3; ++c) colour[c] = around[c] + 0.5 * (colour[c] - around[c]);
      const Point a{between(0, kSide), between(0, kSide)};
      const bool is_disc = random_.below(3) == 0;
      const Point b = is_disc ? a : Point{between(0, kSide), between(0, kSide)};
      draw({{a, b}}, is_disc ? between(2, 5) : between(0.5, 1.5), colour, between(0.4, 0.9));
    }
  }

  /// The strokes of a digit as they lie on the picture, `shift` pixels beside its middle.
  std::vector<Stroke> place(int64_t digit, double shift) {
    const double height = between(17, 25), width = height * between(0.6, 0.85);
    const double turn = between(-0.22, 0.22), shear = between(-0.2, 0.2);
    const Point middle{kSide / 2.0 + shift + between(-2.5, 2.5), kSide / 2.0 + between(-2.5, 2.5)};
    std::vector<Stroke> strokes = strokes_of(digit);
    // A pen that trembles slowly: the whole is bent by a wave in each direction.
    const double bend = between(-0.06, 0.06), wave = between(-0.06, 0.06);
    for (Stroke& stroke : strokes) {
      for (Point& p : stroke) {
        const double u = p.x - 0.5 + bend * std::sin(2 * std::numbers::pi * p.y);
        const double v = p.y - 0.5 + wave * std::sin(2 * std::numbers::pi * p.x);
        const double x = (u + shear * v) * width, y = v * height;
        p = {middle.x + x * std::cos(turn) - y * std::sin(turn),
             middle.y + x * std::sin(turn) + y * std::cos(turn)};
      }
    }
    return strokes;
  }

  void append_bytes(double grain, std::vector<uint8_t>& bytes) {
    for (const double value : pixels_) {
      const double byte = 255.0 * (value + grain * (random_.uniform() - 0.5));
      bytes.push_back(static_cast<uint8_t>(std::clamp(byte + 0.5, 0.0, 255.0)));
    }
  }

 private:
  double* at(int64_t x, int64_t y) {
    return &pixels_[static_cast<std::size_t>((y * kSide + x) * 3)];
  }

  static void cover_segment(Point a, Point b, double half_width,
                            std::array<double, kSide * kSide>& cover) {
    const double reach = half_width + 1;
    const auto clip = [](double value) {
      return static_cast<int64_t>(std::clamp(value, 0.0, static_cast<double>(kSide)));
    };
    const int64_t left = clip(std::min(a.x, b.x) - reach), top = clip(std::min(a.y, b.y) - reach);
    const int64_t right = clip(std::max(a.x, b.x) + reach + 1);
    const int64_t bottom = clip(std::max(a.y, b.y) + reach + 1);
    for (int64_t y = top; y < bottom; ++y) {
      for (int64_t x = left; x < right; ++x) {
        const Point centre{static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5};
        const double inside = half_width + 0.5 - distance_to_segment(centre, a, b);
        double& value = cover[static_cast<std::size_t>(y * kSide + x)];
        value = std::max(value, std::clamp(inside, 0.0, 1.0));
      }
    }
  }

  RandomStream& random_;
  std::array<double, kSide * kSide * 3> pixels_{};
};

double luminance(const Colour& colour) {
  return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
}

void draw_example(int64_t digit, RandomStream& random, std::vector<uint8_t>& bytes) {
  constexpr double kLeastContrast = 0.35;
  Canvas canvas(random);
  const Colour background = canvas.any_colour();
  Colour ink = canvas.any_colour();
  while (std::abs(luminance(ink) - luminance(background)) < kLeastContrast) {
    ink = canvas.any_colour();
  }
  canvas.fill(background);
  canvas.clutter(background);
  const double half_width = canvas.between(1.0, 2.2);
  for (const double side : {-1.0, 1.0}) {  // its neighbours, as on a house number
    if (random.below(2) == 0) continue;
    const auto neighbour = static_cast<int64_t>(random.below(kClasses));
    canvas.draw(canvas.place(neighbour, side * canvas.between(21, 26)), half_width, ink, 1.0);
  }
  canvas.draw(canvas.place(digit, 0), half_width, ink, 1.0);
  canvas.append_bytes(canvas.between(0.0, 0.15), bytes);
}

Split make_split(int64_t size, uint64_t seed, uint32_t split_number) {
  ImageSplit split;
  split.reserve(size, kSide * kSide * 3);
  for (int64_t i = 0; i < size; ++i) {
    RandomStream random(RandomKey{.seed = seed,
                                  .purpose = RandomPurpose::kData,
                                  .round = split_number,
                                  .step = static_cast<uint32_t>(i)});
    draw_example(i % kClasses, random, split.pixels);
    split.labels.push_back(static_cast<int32_t>(i % kClasses));
  }
  return split.finish();
}

}  // namespace

Dataset make_synth_digits(int64_t train, int64_t test, uint64_t seed) {
  constexpr int64_t kMost = 10'000'000;
  if (train < kClasses || test < kClasses || train > kMost || test > kMost) {
    fail_usage("synth-digits with {} training and {} test pictures; expected {} to {} of each",
               train, test, kClasses, kMost);
  }
  Dataset dataset;
  dataset.name = "synth-digits";
  dataset.shape = {kSide, kSide, 3};
  for (int64_t digit = 0; digit < kClasses; ++digit) {
    dataset.class_names.push_back(std::to_string(digit));
  }
  dataset.train = make_split(train, seed, 1);
  dataset.test = make_split(test, seed, 2);
  normalise_by_training_split(dataset);
  return dataset;
}

}  // namespace moonpool
