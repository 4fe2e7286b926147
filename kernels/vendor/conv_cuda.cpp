// Convolutions on CUDA.
#include "kernels/runtime/error.h"
#include "kernels/vendor/conv.h"

namespace moonpool::cuda {
namespace {

[[noreturn]] void fail_absent() {
  fail("convolutions: this build has none on CUDA; use --device cpu");
}

}  // namespace

template <class T>
void conv_forward(Stream&, const ConvShape&, Precision, const T*, const T*, T*) {
  fail_absent();
}

template <class T>
void conv_inference(Stream&, const ConvShape&, Precision, const T*, const T*, const float*, bool,
                    T*) {
  fail_absent();
}

template <class T>
void conv_backward_data(Stream&, const ConvShape&, Precision, const T*, const T*, T*) {
  fail_absent();
}

template <class T>
void conv_backward_filter(Stream&, const ConvShape&, Precision, const T*, const T*, float*) {
  fail_absent();
}

#define MOONPOOL_CONV(T)                                                                          \
  template void conv_forward(Stream&, const ConvShape&, Precision, const T*, const T*, T*);       \
  template void conv_inference(Stream&, const ConvShape&, Precision, const T*, const T*,          \
                               const float*, bool, T*);                                           \
  template void conv_backward_data(Stream&, const ConvShape&, Precision, const T*, const T*, T*); \
  template void conv_backward_filter(Stream&, const ConvShape&, Precision, const T*, const T*,    \
                                     float*);
MOONPOOL_CONV(float)
MOONPOOL_CONV(BFloat16)

}  // namespace moonpool::cuda
