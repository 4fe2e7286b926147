// The IDX format of MNIST (LeCun, Cortes, Burges) and of the sets made in its image: a magic number
// that names the type and the rank, the extents, then the values; big-endian; plain or gzipped.
#pragma once

#include <filesystem>
#include <string>

#include "data/byte_source.h"
#include "data/dataset.h"

namespace moonpool {

enum class IdxKind {
  kMnist,
  kFashionMnist,
  kKmnist,
};

/// Reads train-images-idx3-ubyte, train-labels-idx1-ubyte and the two files t10k-..., each as it is
/// or with .gz behind, from `dir` or from the folder that torchvision makes in it (MNIST/raw,
/// FashionMNIST/raw, KMNIST/raw). Grey becomes three equal channels: samples are bytes,
/// 28 x 28 x 3 (NHWC), which is what the released code shows to its networks.
///
/// The constants of normalisation are MNIST's for KMNIST, too, as in the released code. Throws an
/// Error for a missing, truncated or overlong file, a wrong magic number, a label above 9, and
/// numbers of images and labels that differ.
Dataset load_idx(IdxKind kind, const std::filesystem::path& dir);

/// One file of images of any size, and one of as many labels below `classes`.
struct IdxImages {
  SampleShape shape;  // three channels
  std::vector<uint8_t> pixels;
  int64_t count = 0;
};
IdxImages read_idx_images(ByteSource& source);
std::vector<int32_t> read_idx_labels(ByteSource& source, int32_t classes);

}  // namespace moonpool
