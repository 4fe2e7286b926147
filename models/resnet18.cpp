#include "models/resnet18.h"

namespace moonpool {
namespace {

constexpr int kStages = 4;
constexpr int kBlocksPerStage = 2;

}  // namespace

ResNet18::ResNet18(Device device, const ImageShape& shape, int64_t classes, int64_t width,
                   Precision precision, bool with_gradients)
    : ImageClassifier(shape, precision),
      stem_(parameters(), "conv1", "bn1", conv(shape.channels, width)) {
  int64_t in = width;
  for (int stage = 0; stage < kStages; ++stage) {
    const int64_t out = width << stage;
    for (int block = 0; block < kBlocksPerStage; ++block) {
      const int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      blocks_.push_back(make_block(fmt::format("layer{}.{}.", stage + 1, block), in, out, stride));
      blocks_.back().recompute = stage == 0;  // whose maps are the largest
      in = out;
    }
  }
  finish("linear", in, classes, device, with_gradients);
}

ResNet18::BasicBlock ResNet18::make_block(const std::string& name, int64_t in, int64_t out,
                                          int64_t stride) {
  ConvNormSettings first = conv(in, out);
  first.stride = stride;
  BasicBlock block{{parameters(), name + "conv1", name + "bn1", first},
                   {parameters(), name + "conv2", name + "bn2", conv(out, out)},
                   std::nullopt};
  if (stride != 1 || in != out) {
    ConvNormSettings shortcut = first;
    shortcut.kernel = 1;
    shortcut.padding = 0;
    block.shortcut.emplace(parameters(), name + "shortcut.0", name + "shortcut.1", shortcut);
  }
  return block;
}

Tensor ResNet18::BasicBlock::operator()(Tape& tape, const Tensor& x) const {
  const Tensor hidden = first.relu(tape, x);
  const Tensor residual = shortcut ? (*shortcut)(tape, x) : x;
  Tensor y = second.add_relu(tape, hidden, residual);
  if (shortcut && tape.recording()) {
    Tape::drop_values(residual);  // neither gradient needs them
  } else if (recompute) {
    tape.drop_until_backward(hidden);
  }
  return y;
}

Tensor ResNet18::image_features(Tape& tape, Tensor images) const {
  Tensor x = stem_.relu(tape, images);
  images = {};  // what nobody needs any more makes room
  for (const BasicBlock& block : blocks_) x = block(tape, x);
  return ops::global_average_pool(tape, x);
}

}  // namespace moonpool
