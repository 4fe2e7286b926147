#include "models/vgg16.h"

#include <array>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

struct GroupPlan {
  int layers;
  int64_t widths;  // channels, in multiples of the network's width
};
constexpr std::array<GroupPlan, 5> kGroups = {{{2, 1}, {2, 2}, {3, 4}, {3, 8}, {3, 8}}};
constexpr int64_t kSmallestSide = int64_t{1} << kGroups.size();

}  // namespace

Vgg16::Vgg16(Device device, const ImageShape& shape, int64_t classes, int64_t width,
             Precision precision, bool with_gradients)
    : ImageClassifier(shape, precision) {
  check(shape.height >= kSmallestSide && shape.width >= kSmallestSide,
        "VGG16 halves images five times: {} x {} pixels are too few, expected at least {} x {}",
        shape.height, shape.width, kSmallestSide, kSmallestSide);
  int64_t in = shape.channels;
  int index = 0;  // of the modules that PyTorch's Sequential counts
  for (const GroupPlan& plan : kGroups) {
    Group group;
    for (int layer = 0; layer < plan.layers; ++layer) {
      ConvNormSettings settings = conv(in, plan.widths * width);
      settings.bias = true;
      group.layers.emplace_back(parameters(), fmt::format("features.{}", index),
                                fmt::format("features.{}", index + 1), settings);
      in = settings.out;
      index += 3;  // convolution, batch norm, ReLU
    }
    ++index;  // max pool
    groups_.push_back(std::move(group));
  }
  finish("classifier", in, classes, device, with_gradients);
}

Tensor Vgg16::image_features(Tape& tape, Tensor images) const {
  Tensor x = std::move(images);
  for (const Group& group : groups_) {
    for (const ConvNorm& layer : group.layers) x = layer.relu(tape, x);
    x = ops::max_pool(tape, x, 2, 2);
  }
  return ops::global_average_pool(tape, x);
}

}  // namespace moonpool
