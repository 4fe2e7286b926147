// CIFAR as torchvision keeps it: the "Python version", pickled dictionaries of the planes of all
// images and a list of labels.
#pragma once

#include <string>

#include "data/byte_source.h"
#include "data/image_split.h"

namespace moonpool {

/// Appends the images of one such file, with the labels below `classes` in the dictionary's entry
/// `label_key` ("labels", "fine_labels").
///
/// A pickle is a program; this is not an interpreter of it. The opcodes that the official files
/// consist of are stepped over, and the values looked for are taken as they pass by; any other
/// opcode is an Error.
void read_cifar_pickle(ByteSource& source, const std::string& label_key, int32_t classes,
                       ImageSplit& split);

}  // namespace moonpool
