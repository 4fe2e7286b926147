// Throughput of the convolutions of ResNet18 with width 16, batch 64: every shape by itself, and
// all of a training step's in a row.
#include "bench/throughput/bench_device.h"
#include "bench/throughput/resnet18_convs.h"

namespace moonpool {
namespace {

constexpr int64_t kWidth = 16;
constexpr int64_t kBatch = 64;

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
  double flops() const { return conv_flops(shape_); }

 private:
  ConvShape shape_;
  Buffer<T> x_, filter_, y_;
  Buffer<float> filter_grad_;
};

template <class T>
void convolution(benchmark::State& state, const Resnet18Conv& layer, Op op) {
  Stream stream(bench_device());
  const Conv<T> conv(stream, layer.shape(kBatch));
  measure(state, stream, {.flops = conv.flops()}, [&] { conv.run(stream, op); });
}

/// Forward through the network, then back, without the gradient of the network's input.
template <class T>
void all_convolutions(benchmark::State& state) {
  Stream stream(bench_device());
  std::vector<Conv<T>> convs;
  for (const Resnet18Conv& layer : resnet18_convs(kWidth)) {
    for (int i = 0; i < layer.count; ++i) convs.emplace_back(stream, layer.shape(kBatch));
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
  for (const Resnet18Conv& layer : resnet18_convs(kWidth)) {
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
