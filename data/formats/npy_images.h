// Images and labels that somebody prepared with NumPy.
#pragma once

#include <filesystem>

#include "data/byte_source.h"
#include "data/dataset.h"

namespace moonpool {

/// Reads train_images.npy, train_labels.npy, test_images.npy and test_labels.npy from `dir`.
///
/// Images are uint8, [n, height, width, 3], or grey as [n, height, width] or with a last extent of
/// 1, which becomes three equal channels. Labels are uint8, int32 or int64, [n], from 0. There are
/// as many classes as the largest training label says, named by the lines of class_names.txt where
/// that file exists. Normalisation comes from the training images. Throws an Error for anything
/// else, with the file.
Dataset load_npy_images(const std::filesystem::path& dir);

/// A file of images; sets `shape`, which has three channels. Returns the pixels.
std::vector<uint8_t> read_npy_image_file(ByteSource& source, SampleShape& shape);
/// A file of labels from 0 to 65,535.
std::vector<int32_t> read_npy_label_file(ByteSource& source);

}  // namespace moonpool
