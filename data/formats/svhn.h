// SVHN, street view house numbers (Netzer et al., 2011), in its cropped format: MATLAB files with
// X [32, 32, 3, n], bytes, and y [n, 1], where the digit 0 has the label 10.
#pragma once

#include <filesystem>

#include "data/byte_source.h"
#include "data/dataset.h"

namespace moonpool {

/// Reads train_32x32.mat and test_32x32.mat, and extra_32x32.mat behind the training split where
/// `with_extra` is set, from `dir` or its folders svhn and SVHN. Samples are bytes, 32 x 32 x 3
/// (NHWC); class c is the digit c. Throws an Error for anything that is not as described.
Dataset load_svhn(const std::filesystem::path& dir, bool with_extra);

/// One such file.
Split read_svhn(ByteSource& file);

}  // namespace moonpool
