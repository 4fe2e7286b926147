// Published constants by which networks see images: (x / 255 - mean) / deviation, channel by
// channel.
#pragma once

#include <string>
#include <vector>

namespace moonpool {

struct Normalisation {
  std::vector<float> mean;
  std::vector<float> deviation;
};

/// Of CIFAR-10's training images.
inline Normalisation cifar10_normalisation() {
  return {{0.4914f, 0.4822f, 0.4465f}, {0.2470f, 0.2435f, 0.2616f}};
}

/// Of SVHN's.
inline Normalisation svhn_normalisation() {
  return {{0.4377f, 0.4438f, 0.4728f}, {0.1980f, 0.2010f, 0.1970f}};
}

}  // namespace moonpool
