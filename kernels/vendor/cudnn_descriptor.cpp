#include "kernels/vendor/cudnn_descriptor.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "kernels/runtime/error.h"

namespace moonpool::cudnn {

void fail_call(cudnnStatus_t status, const char* expression) {
  char details[512] = "";
  cudnnGetLastErrorString(details, sizeof(details));
  std::string line = details;
  std::replace(line.begin(), line.end(), '\n', ' ');
  fail("cuDNN call failed: {} returned {}{}{}", expression, cudnnGetErrorString(status),
       line.empty() ? "" : ": ", line);
}

Descriptor::Descriptor(cudnnBackendDescriptorType_t type) {
  MOONPOOL_CUDNN_CHECK(cudnnBackendCreateDescriptor(type, &descriptor_));
}

Descriptor::Descriptor(Descriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, nullptr)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Descriptor::~Descriptor() {
  if (descriptor_ == nullptr) return;
  const cudnnStatus_t status = cudnnBackendDestroyDescriptor(descriptor_);
  if (status != CUDNN_STATUS_SUCCESS) {
    std::fprintf(stderr, "moonpool: cudnnBackendDestroyDescriptor failed: %s\n",
                 cudnnGetErrorString(status));
  }
}

Descriptor& Descriptor::set(cudnnBackendAttributeName_t name, const Descriptor& value) {
  return set_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value.descriptor_);
}

Descriptor& Descriptor::set(cudnnBackendAttributeName_t name,
                            std::initializer_list<const Descriptor*> values) {
  std::vector<cudnnBackendDescriptor_t> raw;
  for (const Descriptor* value : values) raw.push_back(value->descriptor_);
  return set_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<int64_t>(raw.size()), raw.data());
}

Descriptor& Descriptor::finalize() {
  MOONPOOL_CUDNN_CHECK(cudnnBackendFinalize(descriptor_));
  return *this;
}

bool Descriptor::try_finalize() {
  return cudnnBackendFinalize(descriptor_) == CUDNN_STATUS_SUCCESS;
}

std::vector<Descriptor> Descriptor::descriptors(cudnnBackendAttributeName_t name,
                                                cudnnBackendDescriptorType_t type,
                                                int64_t most) const {
  // cuDNN fills descriptors that the caller has made.
  std::vector<Descriptor> result;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (int64_t i = 0; i < most; ++i) raw.push_back(result.emplace_back(type).get());
  const int64_t count = get_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, most, raw.data());
  result.erase(result.begin() + count, result.end());
  return result;
}

Descriptor& Descriptor::set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                                int64_t count, const void* values) {
  MOONPOOL_CUDNN_CHECK(cudnnBackendSetAttribute(descriptor_, name, type, count, values));
  return *this;
}

int64_t Descriptor::get_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                            int64_t most, void* values) const {
  int64_t count = 0;
  MOONPOOL_CUDNN_CHECK(cudnnBackendGetAttribute(descriptor_, name, type, most, &count, values));
  return std::min(count, most);
}

Descriptor device_properties(int32_t device) {
  Descriptor properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  properties.set(CUDNN_ATTR_DEVICEPROP_DEVICE_ID, device).finalize();
  return properties;
}

Descriptor device_properties(const std::string& json) {
  Descriptor properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  properties
      .set_all(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION,
               std::span<const char>(json.data(), json.size()))
      .finalize();
  return properties;
}

}  // namespace moonpool::cudnn
