// A practitioner's own pictures: a folder for each class.
#pragma once

#include <filesystem>

#include "data/dataset.h"

namespace moonpool {

struct ImageFolderOptions {
  int64_t side = 32;  // pictures become squares of so many pixels; 0: they are all of one size
};

/// Reads `dir`/train/CLASS/*.png and `dir`/test/CLASS/*.png; where there is no folder train,
/// `dir`/CLASS/*.png, of which every fifth picture of a class, in the order of their names, is for
/// testing. Pictures end in .png, .jpg or .jpeg, in any case; other files are left out, as is
/// everything whose name starts with a dot.
///
/// Classes are in the order of their names' bytes. Samples are bytes, side x side x 3 (NHWC),
/// resized as data/images/resize.h says, whatever their proportions. Normalisation comes from the
/// training pictures. Throws an Error for a class without pictures, a picture that cannot be read,
/// fewer than two classes, classes that differ between train and test, and, with side 0, a picture
/// of another size than the first, each with the file.
Dataset load_image_folder(const std::filesystem::path& dir, const ImageFolderOptions& options);

}  // namespace moonpool
