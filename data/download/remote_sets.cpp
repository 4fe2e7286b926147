#include "data/download/remote_sets.h"

#include <algorithm>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;

struct PublishedFile {
  const char* name;
  const char* md5;
  uint64_t most_mebibytes;
};

struct RemoteSet {
  const char* name;
  const char* base;
  const char* folder;  // below the data folder
  std::vector<PublishedFile> files;
};

const std::vector<RemoteSet>& remote_sets() {
  constexpr const char* kSvhn = "http://ufldl.stanford.edu/housenumbers/";
  constexpr PublishedFile kSvhnTrain{"train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373", 200};
  constexpr PublishedFile kSvhnTest{"test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3", 100};
  static const std::vector<RemoteSet> all{
      {"cifar10",
       "https://www.cs.toronto.edu/~kriz/",
       "",
       {{"cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 200}}},
      {"svhn", kSvhn, "", {kSvhnTrain, kSvhnTest}},
      {"svhn-extra",
       kSvhn,
       "",
       {kSvhnTrain, kSvhnTest, {"extra_32x32.mat", "a93ce644f1a588dc4d68dda5feec44a7", 1400}}},
      {"kmnist",
       "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
       "KMNIST/raw",
       {{"train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7", 50},
        {"train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344", 1},
        {"t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7", 10},
        {"t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134", 1}}},
      {"mnist",
       "https://ossci-datasets.s3.amazonaws.com/mnist/",
       "MNIST/raw",
       {{"train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", 50},
        {"train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 1},
        {"t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", 10},
        {"t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 1}}},
      {"fashion-mnist",
       "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
       "FashionMNIST/raw",
       {{"train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", 50},
        {"train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 1},
        {"t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", 10},
        {"t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 1}}},
  };
  return all;
}

}  // namespace

const std::vector<std::string>& remote_set_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const RemoteSet& set : remote_sets()) all.emplace_back(set.name);
    return all;
  }();
  return names;
}

std::vector<RemoteFile> remote_files(const std::string& name, const std::string& mirror) {
  const auto set = std::find_if(remote_sets().begin(), remote_sets().end(),
                                [&](const RemoteSet& s) { return name == s.name; });
  if (set == remote_sets().end()) {
    fail_usage("cannot fetch '{}'; expected one of {}", name, fmt::join(remote_set_names(), ", "));
  }
  std::string base = mirror.empty() ? set->base : mirror;
  if (!base.ends_with('/')) base += '/';
  std::vector<RemoteFile> files;
  for (const PublishedFile& file : set->files) {
    files.push_back({.url = base + file.name,
                     .place = std::filesystem::path(set->folder) / file.name,
                     .md5 = file.md5,
                     .most_bytes = file.most_mebibytes * kMebibyte});
  }
  return files;
}

}  // namespace moonpool
