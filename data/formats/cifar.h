// CIFAR-10 and CIFAR-100 (Krizhevsky, 2009) in their official binary layout: records of one or two
// label bytes and then the red, the green and the blue plane of a 32 x 32 image.
#pragma once

#include <filesystem>

#include "data/byte_source.h"
#include "data/dataset.h"
#include "data/image_split.h"

namespace moonpool {

/// Which of the two.
enum class CifarKind {
  k10,
  k100,  // the 100 fine classes
};

/// Reads the training and the test split. Samples are bytes, 32 x 32 x 3 (NHWC).
///
/// For CIFAR-10, `dir` or one of its folders CIFAR10 and cifar10 holds data_batch_1.bin to
/// data_batch_5.bin and test_batch.bin, or the folder cifar-10-batches-bin with them, or the
/// official cifar-10-binary.tar.gz, which is read in place; `dir` may also be the archive itself.
/// For CIFAR-100 likewise: train.bin and test.bin, cifar-100-binary, cifar-100-binary.tar.gz.
///
/// Class names come from the data set's own list of them where it is there. A file may hold any
/// number of whole records. Throws an Error for a missing or truncated file or a label out of
/// range, with the file, what was found and what was expected.
Dataset load_cifar(CifarKind kind, const std::filesystem::path& dir);

/// Appends the records of one such file to `split`.
void read_cifar_records(CifarKind kind, ByteSource& source, ImageSplit& split);

}  // namespace moonpool
