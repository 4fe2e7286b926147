// The convolutions of ResNet18 for images of 32 x 32 x 3: that of the image first, and those of one
// shape once.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "kernels/vendor/conv.h"

namespace moonpool {

struct Resnet18Conv {
  std::string name;
  int64_t size, in, out, kernel, stride;
  int count;  // how many there are in the network
  ConvShape shape(int64_t batch) const {
    return {batch, size, size, in, out, kernel, stride, kernel / 2};
  }
};

inline std::vector<Resnet18Conv> resnet18_convs(int64_t width) {
  std::vector<Resnet18Conv> convs = {{fmt::format("3-{}", width), 32, 3, width, 3, 1, 1},
                                     {fmt::format("{0}-{0}", width), 32, width, width, 3, 1, 4}};
  for (int64_t size = 32, in = width; size > 4; size /= 2, in *= 2) {
    const int64_t out = 2 * in;
    convs.push_back({fmt::format("{}-{} stride 2", in, out), size, in, out, 3, 2, 1});
    convs.push_back({fmt::format("shortcut {}-{}", in, out), size, in, out, 1, 2, 1});
    convs.push_back({fmt::format("{0}-{0}", out), size / 2, out, out, 3, 1, 3});
  }
  return convs;
}

/// Operations of a forward pass, and of each gradient.
inline double conv_flops(const ConvShape& shape) {
  return 2.0 * static_cast<double>(shape.out_size() * shape.in_channels) *
         static_cast<double>(shape.kernel * shape.kernel);
}

}  // namespace moonpool
