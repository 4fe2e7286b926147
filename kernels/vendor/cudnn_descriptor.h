// cuDNN's graph API has one kind of object, the descriptor: made by type, filled with attributes,
// and finalised. This is a descriptor that cleans up after itself
// (https://docs.nvidia.com/deeplearning/cudnn/backend/latest/api/cudnn-graph-library.html).
#pragma once

#include <cudnn_graph.h>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace moonpool::cudnn {

/// Throws an Error that names the expression and what cuDNN says about it.
[[noreturn]] void fail_call(cudnnStatus_t status, const char* expression);

inline void check_call(cudnnStatus_t status, const char* expression) {
  if (status != CUDNN_STATUS_SUCCESS) [[unlikely]] {
    fail_call(status, expression);
  }
}
#define MOONPOOL_CUDNN_CHECK(call) ::moonpool::cudnn::check_call((call), #call)

/// cuDNN's name for the C++ type of an attribute's elements.
template <class T>
consteval cudnnBackendAttributeType_t attribute_type() {
  if constexpr (std::same_as<T, int64_t>) return CUDNN_TYPE_INT64;
  if constexpr (std::same_as<T, int32_t>) return CUDNN_TYPE_INT32;
  if constexpr (std::same_as<T, float>) return CUDNN_TYPE_FLOAT;
  if constexpr (std::same_as<T, bool>) return CUDNN_TYPE_BOOLEAN;
  if constexpr (std::same_as<T, char>) return CUDNN_TYPE_CHAR;
  if constexpr (std::same_as<T, void*>) return CUDNN_TYPE_VOID_PTR;
  if constexpr (std::same_as<T, cudnnDataType_t>) return CUDNN_TYPE_DATA_TYPE;
  if constexpr (std::same_as<T, cudnnConvolutionMode_t>) return CUDNN_TYPE_CONVOLUTION_MODE;
  if constexpr (std::same_as<T, cudnnPointwiseMode_t>) return CUDNN_TYPE_POINTWISE_MODE;
  if constexpr (std::same_as<T, cudnnBackendHeurMode_t>) return CUDNN_TYPE_HEUR_MODE;
  if constexpr (std::same_as<T, cudnnBackendNumericalNote_t>) return CUDNN_TYPE_NUMERICAL_NOTE;
  if constexpr (std::same_as<T, cudnnBackendBehaviorNote_t>) return CUDNN_TYPE_BEHAVIOR_NOTE;
}

/// Owns a descriptor of cuDNN. Move-only. Throws Error where cuDNN refuses.
class Descriptor {
 public:
  explicit Descriptor(cudnnBackendDescriptorType_t type);
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  cudnnBackendDescriptor_t get() const { return descriptor_; }

  template <class T>
  requires(!std::same_as<T, Descriptor>) Descriptor& set(cudnnBackendAttributeName_t name,
                                                         const T& value) {
    return set_raw(name, attribute_type<T>(), 1, &value);
  }
  template <class T>
  Descriptor& set_all(cudnnBackendAttributeName_t name, std::span<const T> values) {
    return set_raw(name, attribute_type<T>(), static_cast<int64_t>(values.size()), values.data());
  }
  /// Other descriptors as the attribute. They must be finalised, and outlive this one.
  Descriptor& set(cudnnBackendAttributeName_t name, const Descriptor& value);
  Descriptor& set(cudnnBackendAttributeName_t name,
                  std::initializer_list<const Descriptor*> values);

  Descriptor& finalize();
  /// False where cuDNN does not support what was described.
  bool try_finalize();

  template <class T>
  T value(cudnnBackendAttributeName_t name) const {
    T result{};
    get_raw(name, attribute_type<T>(), 1, &result);
    return result;
  }
  /// An attribute with any number of elements, at most `most`.
  template <class T>
  std::vector<T> values(cudnnBackendAttributeName_t name, int64_t most) const {
    std::vector<T> result(static_cast<std::size_t>(most));
    result.resize(
        static_cast<std::size_t>(get_raw(name, attribute_type<T>(), most, result.data())));
    return result;
  }
  /// The descriptors of an attribute: at most `most`, all of this type.
  std::vector<Descriptor> descriptors(cudnnBackendAttributeName_t name,
                                      cudnnBackendDescriptorType_t type, int64_t most) const;

 private:
  Descriptor& set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                      int64_t count, const void* values);
  /// How many elements there are, `most` or fewer.
  int64_t get_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t most,
                  void* values) const;

  cudnnBackendDescriptor_t descriptor_ = nullptr;
};

/// The GPU that plans are made for: one of this machine, ...
Descriptor device_properties(int32_t device);
/// ... or any, described in JSON: so plans can be made where there is no GPU.
Descriptor device_properties(const std::string& json);

}  // namespace moonpool::cudnn
