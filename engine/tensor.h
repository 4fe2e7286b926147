// A handle to a dense array on a device.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "kernels/runtime/arena.h"
#include "kernels/runtime/bfloat16.h"
#include "kernels/runtime/buffer.h"

namespace moonpool {

enum class DType { kFloat32, kFloat64, kBFloat16 };

std::size_t size_of(DType dtype);
std::string name(DType dtype);

template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return DType::kBFloat16;
  } else {
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>);
    return std::is_same_v<T, float> ? DType::kFloat32 : DType::kFloat64;
  }
}

/// What an op that knows no bfloat16 throws when it is given some.
[[noreturn]] void fail_no_bfloat16();

/// Calls `f(T{})` with the C++ type of `dtype`: float or double.
template <class F>
decltype(auto) visit_dtype(DType dtype, const F& f) {
  if (dtype == DType::kBFloat16) fail_no_bfloat16();
  return dtype == DType::kFloat32 ? f(float{}) : f(double{});
}

/// The same for images, which may be bfloat16.
template <class F>
decltype(auto) visit_image_dtype(DType dtype, const F& f) {
  return dtype == DType::kBFloat16 ? f(BFloat16{}) : visit_dtype(dtype, f);
}

/// Up to four dimensions, the last one contiguous.
class Shape {
 public:
  static constexpr int kMaxRank = 4;

  Shape() = default;
  Shape(std::initializer_list<int64_t> dims);

  int rank() const { return rank_; }
  /// Dimension `i`; negative `i` counts from the back.
  int64_t operator[](int i) const { return dims_[i < 0 ? rank_ + i : i]; }
  /// Number of elements; 1 for a scalar.
  int64_t numel() const;
  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::array<int64_t, kMaxRank> dims_{};
  int rank_ = 0;
};

/// "[64, 10]".
std::string to_string(const Shape& shape);

/// Copies of a Tensor are the same array. Memory belongs to the tensor (`Tensor::owned`), to an
/// arena (values of one training step) or to a ParameterSet; the latter two outlive their use. The
/// memory of a tensor of an arena goes back to it with the last copy.
class Tensor {
 public:
  Tensor() = default;
  /// A view of memory that outlives the tensor. `grad`, if given, is where the gradient goes.
  Tensor(const Shape& shape, DType dtype, void* data, bool requires_grad = false,
         void* grad = nullptr);
  /// Uninitialised memory of its own.
  static Tensor owned(Device device, const Shape& shape, DType dtype, bool requires_grad = false);

  bool defined() const { return node_ != nullptr; }
  const Shape& shape() const { return node_->shape; }
  int64_t numel() const { return node_->shape.numel(); }
  DType dtype() const { return node_->dtype; }
  bool requires_grad() const { return node_->requires_grad; }

  /// Device pointers. T must be the dtype's type: checked.
  template <class T>
  T* data() const {
    check_dtype(dtype_of<T>());
    return static_cast<T*>(node_->data);
  }
  /// The gradient, after Tape::backward. Null if there is none.
  template <class T>
  T* grad() const {
    check_dtype(dtype_of<T>());
    return node_->grad_ready ? static_cast<T*>(node_->grad) : nullptr;
  }

 private:
  friend class Tape;
  friend class ParameterSet;

  struct Node {
    Node() = default;
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node();

    std::size_t bytes() const { return static_cast<std::size_t>(shape.numel()) * size_of(dtype); }

    /// Computes `data` once more; of results that Tape::drop_until_backward can drop.
    std::function<void(void* values)> recompute;
    Shape shape;
    DType dtype = DType::kFloat32;
    void* data = nullptr;
    void* grad = nullptr;
    bool requires_grad = false;
    bool grad_ready = false;       // `grad` holds a gradient of the present step
    RawBuffer memory;              // of owned tensors
    Arena* data_arena = nullptr;   // where `data` goes back to, if anywhere
    Arena* grad_arena = nullptr;   // likewise `grad`
    int64_t epoch = 0;             // of the arena
    std::shared_ptr<Node> viewed;  // of views: keeps the memory alive
  };

  void check_dtype(DType wanted) const;

  std::shared_ptr<Node> node_;
};

}  // namespace moonpool

/// Shapes go into messages as they are: `check(ok, "... {} ...", tensor.shape())` formats on
/// failure only.
template <>
struct fmt::formatter<moonpool::Shape> : fmt::formatter<std::string> {
  template <class Context>
  auto format(const moonpool::Shape& shape, Context& context) const {
    return fmt::formatter<std::string>::format(moonpool::to_string(shape), context);
  }
};
