// Throughput of elementwise functors and of sums over rows and columns: in the second cache, and in
// main memory.
#include <fmt/format.h>

#include "bench/throughput/bench_device.h"
#include "kernels/pointwise/dropout.h"
#include "kernels/pointwise/pointwise.h"

namespace moonpool {
namespace {

constexpr int64_t kColumns = 128;

/// The arrays of a benchmark; `moved` counts how often an array of them is read or written.
template <class T>
struct Arrays {
  Stream stream{bench_device()};
  int64_t n;
  Buffer<T> a, b, c;
  explicit Arrays(int64_t count)
      : n(count),
        a(waves<T>(stream, count)),
        b(waves<T>(stream, count)),
        c(waves<T>(stream, count)) {}
  Cost moved(double arrays) const { return {.bytes = arrays * static_cast<double>(n) * sizeof(T)}; }
};

/// Adds a benchmark of what `make(arrays)` returns, a functor that is called for every element.
template <class T, class Make>
void add_elementwise(const std::string& name, int64_t n, double arrays_moved, const Make& make) {
  add_benchmark(fmt::format("pointwise/{}/{}/{}", name, moonpool::name(kPrecisionOf<T>), n),
                [=](benchmark::State& state) {
                  Arrays<T> arrays(n);
                  measure(state, arrays.stream, arrays.moved(arrays_moved),
                          [&] { for_each(arrays.stream, n, make(arrays)); });
                });
}

template <class T>
void add_of_images(int64_t n) {
  add_elementwise<T>("fill", n, 1, [](auto& x) {
    return kernels::Fill<T>{x.c.data(), static_cast<T>(1.0f)};
  });
  add_elementwise<T>("add", n, 3, [](auto& x) {
    return kernels::Add<T>{x.a.data(), x.b.data(), x.c.data()};
  });
  add_elementwise<T>("add_scaled", n, 3, [](auto& x) {
    return kernels::AddScaled<T>{x.a.data(), x.c.data(), 0.5f, true};
  });
  add_elementwise<T>("relu", n, 2, [](auto& x) {
    return kernels::Relu<T>{x.a.data(), x.c.data()};
  });
  add_elementwise<T>("add_relu", n, 3, [](auto& x) {
    return kernels::AddRelu<T>{x.a.data(), x.b.data(), x.c.data()};
  });
  add_elementwise<T>("relu_grad", n, 3, [](auto& x) {
    return kernels::ReluGrad<T>{x.a.data(), x.b.data(), x.c.data(), false};
  });
}

void add_of_matrices(int64_t n) {
  using T = float;
  const int64_t rows = n / kColumns;
  add_elementwise<T>("dropout", n, 2, [](auto& x) {
    const RandomKey key{.seed = 1, .purpose = RandomPurpose::kDropout};
    return kernels::Dropout<T>{x.a.data(), x.c.data(), key, 0.5f, false};
  });
  const auto add_rows = [=](const std::string& name, double arrays_moved, const auto& work) {
    add_benchmark(
        fmt::format("pointwise/{}/fp32/{}x{}", name, rows, kColumns), [=](benchmark::State& state) {
          Arrays<T> arrays(n);
          measure(state, arrays.stream, arrays.moved(arrays_moved), [&] { work(arrays); });
        });
  };
  add_rows("broadcast_row", 1, [=](auto& x) {
    for_each_2d(x.stream, rows, kColumns,
                kernels::BroadcastRow<T>{x.a.data(), x.c.data(), kColumns});
  });
  add_rows("column_sums", 1, [=](auto& x) {
    for_each(x.stream, kColumns,
             kernels::ColumnSums<T>{x.a.data(), x.c.data(), rows, kColumns, false});
  });
  add_rows("row_sums", 1, [=](auto& x) {
    reduce_rows(x.stream, rows, kColumns,
                kernels::RowSums<T>{x.a.data(), x.c.data(), kColumns, 1.0f, false});
  });
}

void convert(benchmark::State& state, int64_t n) {
  Stream stream(bench_device());
  const auto in = waves<float>(stream, n);
  const auto out = waves<BFloat16>(stream, n);
  measure(state, stream, {.bytes = 6.0 * static_cast<double>(n)}, [&] {
    for_each(stream, n, kernels::Convert<float, BFloat16>{in.data(), out.data()});
  });
}

[[maybe_unused]] const bool added = [] {
  for (const int64_t n : {1 << 16, 1 << 24}) {
    add_of_images<float>(n);
    add_of_images<BFloat16>(n);
    add_of_matrices(n);
    add_benchmark(fmt::format("pointwise/convert/bf16/{}", n),
                  [=](benchmark::State& state) { convert(state, n); });
  }
  return true;
}();

}  // namespace
}  // namespace moonpool
