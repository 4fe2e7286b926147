// Throughput of the convolutions of ResNet18 with width 16, batch 64: every shape by itself, and
// all of a training step's in a row.
#include <string>
#include <vector>

#include "bench/throughput/bench_device.h"
#include "kernels/vendor/conv.h"

namespace moonpool {
namespace {

constexpr int64_t kBatch = 64;

struct Layer {
  const char* name;
  int64_t size, in, out, kernel, stride;
  int count;  // how many there are in the network
  ConvShape shape() const { return {kBatch, size, size, in, out, kernel, stride, kernel / 2}; }
};

const Layer kLayers[] = {
    {"3-16", 32, 3, 16, 3, 1, 1},
    {"16-16", 32, 16, 16, 3, 1, 4},
    {"16-32 stride 2", 32, 16, 32, 3, 2, 1},
    {"shortcut 16-32", 32, 16, 32, 1, 2, 1},
    {"32-32", 16, 32, 32, 3, 1, 3},
    {"32-64 stride 2", 16, 32, 64, 3, 2, 1},
    {"shortcut 32-64", 16, 32, 64, 1, 2, 1},
    {"64-64", 8, 64, 64, 3, 1, 3},
    {"64-128 stride 2", 8, 64, 128, 3, 2, 1},
    {"shortcut 64-128", 8, 64, 128, 1, 2, 1},
    {"128-128", 4, 128, 128, 3, 1, 3},
};

enum Op { kForward, kData, kFilter };
const char* const kOpNames[] = {"forward", "data gradient", "filter gradient"};

/// A layer with its arrays.
template <class T>
class Conv {
 public:
  static constexpr Precision kPrecision = kPrecisionOf<T>;

  Conv(Stream& stream, const ConvShape& shape)
      : shape_(shape),
        x_(waves<T>(stream, shape.in_size())),
        filter_(waves<T>(stream, shape.filter_size())),
        y_(waves<T>(stream, shape.out_size())),
        filter_grad_(stream.device(), shape.filter_size()) {}

  /// Gradients are written where their image was: the arithmetic is the same.
  void run(Stream& stream, Op op) const {
    if (op == kForward) {
      conv_forward<T>(stream, shape_, kPrecision, x_.data(), filter_.data(), y_.data());
    } else if (op == kData) {
      conv_backward_data<T>(stream, shape_, kPrecision, y_.data(), filter_.data(), x_.data());
    } else {
      conv_backward_filter<T>(stream, shape_, kPrecision, x_.data(), y_.data(),
                              filter_grad_.data());
    }
  }
  double flops() const {
    return 2.0 * static_cast<double>(shape_.out_size() * shape_.in_channels) *
           static_cast<double>(shape_.kernel * shape_.kernel);
  }

 private:
  ConvShape shape_;
  Buffer<T> x_, filter_, y_;
  Buffer<float> filter_grad_;
};

template <class T>
void convolution(benchmark::State& state, const Layer& layer, Op op) {
  Stream stream(bench_device());
  const Conv<T> conv(stream, layer.shape());
  measure(state, stream, {.flops = conv.flops()}, [&] { conv.run(stream, op); });
}

/// Forward through the network, then back, without the gradient of the network's input.
template <class T>
void all_convolutions(benchmark::State& state) {
  Stream stream(bench_device());
  std::vector<Conv<T>> convs;
  for (const Layer& layer : kLayers) {
    for (int i = 0; i < layer.count; ++i) convs.emplace_back(stream, layer.shape());
  }
  double flops = -convs[0].flops();
  for (const Conv<T>& conv : convs) flops += 3 * conv.flops();
  measure(state, stream, {.flops = flops}, [&] {
    for (const Conv<T>& conv : convs) conv.run(stream, kForward);
    for (auto conv = convs.rbegin(); conv != convs.rend(); ++conv) {
      conv->run(stream, kFilter);
      if (conv + 1 != convs.rend()) conv->run(stream, kData);
    }
  });
}

template <class T>
void add_of() {
  const std::string precision = name(kPrecisionOf<T>);
  for (const Layer& layer : kLayers) {
    for (const Op op : {kForward, kData, kFilter}) {
      add_benchmark("conv/" + precision + "/" + layer.name + "/" + kOpNames[op],
                    [=](benchmark::State& state) { convolution<T>(state, layer, op); });
    }
  }
  add_benchmark("conv/" + precision + "/all of resnet18", all_convolutions<T>);
}

[[maybe_unused]] const bool added = [] {
  add_of<float>();
  add_of<BFloat16>();
  return true;
}();

}  // namespace
}  // namespace moonpool
