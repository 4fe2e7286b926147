// CIFAR-10 (Krizhevsky, 2009) in its official binary layout: files of records of 3,073 bytes, a
// label and then the red, the green and the blue plane of a 32 x 32 image.
#pragma once

#include <filesystem>

#include "data/dataset.h"

namespace moonpool {

/// Reads data_batch_1.bin to data_batch_5.bin as the training split and test_batch.bin as the test
/// split, from `dir` or from its folder cifar-10-batches-bin. Samples are bytes, 32 x 32 x 3
/// (NHWC).
///
/// Class names come from batches.meta.txt where it is there. A file may hold any number of whole
/// records. Throws an Error for a missing or truncated file or a label above 9, with the file, what
/// was found and what was expected.
Dataset load_cifar10(const std::filesystem::path& dir);

}  // namespace moonpool
