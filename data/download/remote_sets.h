// Where the data sets' authors keep them, and what checksums they publish.
#pragma once

#include <string>
#include <vector>

#include "data/download/download.h"

namespace moonpool {

/// Data sets that can be downloaded: "cifar10", "svhn", "svhn-extra", "kmnist", "mnist",
/// "fashion-mnist".
const std::vector<std::string>& remote_set_names();

/// The files of one of them, each with the place at which its loader finds it. With a `mirror`, a
/// URL, the files are looked for right there instead. A usage error for an unknown name.
std::vector<RemoteFile> remote_files(const std::string& name, const std::string& mirror = "");

}  // namespace moonpool
