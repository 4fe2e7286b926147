#include "kernels/vendor/conv_plan_cpu.h"

#include <array>
#include <string_view>

#include "kernels/runtime/error.h"

namespace moonpool::cpu {
namespace {

using dnnl::memory;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl_stream_t stream_of_thread() {
  static thread_local const dnnl::stream stream(engine());
  return stream.get();
}

/// Whether to take an implementation that oneDNN offers. Its newer kernels ("brgconv") come first
/// in its list, and were measured to be slower than its older ones on AVX-512, except in float with
/// 16 output channels; on AMX there is nothing else.
bool is_welcome(std::string_view implementation, const ConvKey& key) {
  if (!implementation.starts_with("brgconv") || implementation.find("amx") != implementation.npos) {
    return true;
  }
  return !key.bfloat16 && key.shape.kernel > 1 && key.shape.out_channels <= 16;
}

bool is_last_resort(std::string_view implementation) {
  return implementation.find("gemm") != implementation.npos || implementation.starts_with("ref");
}

dnnl::primitive_attr attributes(ConvOp op) {
  dnnl::primitive_attr made;
  made.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (op == ConvOp::kInferenceRelu || op == ConvOp::kInferenceAddRelu) {
    dnnl::post_ops tail;
    if (op == ConvOp::kInferenceAddRelu) tail.append_sum(1.0f);
    tail.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    made.set_post_ops(tail);
  }
  return made;
}

/// The description of the implementation to take, of those that `make()` begins a list of: the
/// first that is welcome, or else the first of all.
template <class Make>
auto choose(const Make& make, const ConvKey& key) {
  auto description = make();
  while (!is_welcome(description.impl_info_str(), key)) {
    if (!description.next_impl() || is_last_resort(description.impl_info_str())) return make();
  }
  return description;
}

std::string text(const ConvKey& key) {
  const ConvShape& s = key.shape;
  return fmt::format("convolution {} of {} x {} x {} x {} with {} filters of {} x {}",
                     static_cast<int>(key.op), s.batch, s.height, s.width, s.in_channels,
                     s.out_channels, s.kernel, s.kernel);
}

/// Memory as an operand, for as long as this lives.
class Operand {
 public:
  Operand(const memory::desc& desc, const void* data) {
    // Which operands are written is up to the primitive.
    dnnl_memory_create(&memory_, &desc.data, engine().get(), const_cast<void*>(data));
  }
  ~Operand() { dnnl_memory_destroy(memory_); }
  Operand(const Operand&) = delete;
  Operand& operator=(const Operand&) = delete;

  dnnl_memory_t get() const { return memory_; }

 private:
  dnnl_memory_t memory_ = nullptr;
};

}  // namespace

bool has_bfloat16_convolutions() {
  static const bool has = (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) ==
                          dnnl_cpu_isa_avx512_core_bf16;
  return has;
}

bool has_bfloat16_tiles() {
  static const bool has =
      (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_amx) == dnnl_cpu_isa_avx512_core_amx;
  return has;
}

template <class Make>
void ConvPlan::take(const Make& make, const ConvKey& key) {
  const auto description = choose(make, key);
  implementation_ = description.impl_info_str();
  scratch_ = description.scratchpad_desc();
  filter_ = description.query_md(
      key.op == ConvOp::kBackwardFilter ? dnnl::query::diff_weights_md : dnnl::query::weights_md,
      0);
  primitive_ = dnnl::primitive(description.get());
}

ConvPlan::ConvPlan(const ConvKey& key, const ConvPlan* like)
    : op_(key.op), bfloat16_(key.bfloat16) {
  const ConvShape& s = key.shape;
  const auto type = key.bfloat16 ? memory::data_type::bf16 : memory::data_type::f32;
  x_ = {{s.batch, s.in_channels, s.height, s.width}, type, memory::format_tag::nhwc};
  y_ = {{s.batch, s.out_channels, s.out_height(), s.out_width()}, type, memory::format_tag::nhwc};
  bias_ = {{s.out_channels}, memory::data_type::f32, memory::format_tag::x};
  const auto any_filter = [&](memory::data_type filter_type) {
    return memory::desc({s.out_channels, s.in_channels, s.kernel, s.kernel}, filter_type,
                        memory::format_tag::any);
  };
  filter_ = like != nullptr
                ? like->filter_
                : any_filter(op_ == ConvOp::kBackwardFilter ? memory::data_type::f32 : type);
  try {
    make_primitive(key, any_filter(type));
  } catch (const dnnl::error& error) {
    fail("oneDNN: {}: {} (status {})", text(key), error.what(), static_cast<int>(error.status));
  }
  layout_ = std::make_unique<FilterLayout>(filter_.data);
}

void ConvPlan::make_primitive(const ConvKey& key, const memory::desc& any_filter) {
  using Forward = dnnl::convolution_forward;
  using BackwardData = dnnl::convolution_backward_data;
  using BackwardFilter = dnnl::convolution_backward_weights;
  const auto training = dnnl::prop_kind::forward_training;
  const auto inference = dnnl::prop_kind::forward_inference;
  const auto direct = dnnl::algorithm::convolution_direct;
  const memory::dims stride = {key.shape.stride, key.shape.stride};
  const memory::dims pad = {key.shape.padding, key.shape.padding};
  const dnnl::primitive_attr attr = attributes(op_);
  const memory::desc wanted = filter_;
  const auto forward = [&] {
    return Forward::primitive_desc({training, direct, x_, wanted, y_, stride, pad, pad}, attr,
                                   engine());
  };
  // oneDNN wants to see the forward convolution that a gradient belongs to; it has no effect here.
  const auto hint = [&] {
    return Forward::primitive_desc({training, direct, x_, any_filter, y_, stride, pad, pad},
                                   engine());
  };
  switch (op_) {
    case ConvOp::kForward:
      return take(forward, key);
    case ConvOp::kInference:
    case ConvOp::kInferenceRelu:
    case ConvOp::kInferenceAddRelu:
      return take(
          [&] {
            return Forward::primitive_desc(
                {inference, direct, x_, wanted, bias_, y_, stride, pad, pad}, attr, engine());
          },
          key);
    case ConvOp::kBackwardData:
      return take(
          [&] {
            return BackwardData::primitive_desc({direct, x_, wanted, y_, stride, pad, pad}, attr,
                                                engine(), hint());
          },
          key);
    case ConvOp::kBackwardFilter:
      return take(
          [&] {
            return BackwardFilter::primitive_desc({direct, x_, wanted, y_, stride, pad, pad}, attr,
                                                  engine(), hint());
          },
          key);
  }
}

int64_t ConvPlan::filter_bytes() const {
  const bool floats = op_ == ConvOp::kBackwardFilter || !bfloat16_;
  return layout_->size() * static_cast<int64_t>(floats ? sizeof(float) : sizeof(BFloat16));
}

void ConvPlan::prepare_filter(int64_t piece, const void* filter, void* prepared) const {
  if (bfloat16_) {
    layout_->pack(piece, static_cast<const BFloat16*>(filter), static_cast<BFloat16*>(prepared));
  } else {
    layout_->pack(piece, static_cast<const float*>(filter), static_cast<float*>(prepared));
  }
}

void ConvPlan::sum_gradients(int64_t piece, const void* gradients, int64_t count,
                             float* filter_grad) const {
  layout_->unpack_sum(piece, static_cast<const float*>(gradients), count, filter_grad);
}

bool ConvPlan::run(const ConvOperands& operands, void* scratch) const {
  const bool forward = op_ != ConvOp::kBackwardData && op_ != ConvOp::kBackwardFilter;
  const bool has_bias = is_inference(op_);
  const Operand x(x_, operands.x), filter(filter_, operands.filter), y(y_, operands.y),
      pad(scratch_, scratch), bias(bias_, operands.bias);
  const std::array<dnnl_exec_arg_t, 5> arguments = {{
      {op_ == ConvOp::kBackwardData ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, x.get()},
      {op_ == ConvOp::kBackwardFilter ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, filter.get()},
      {forward ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST, y.get()},
      {DNNL_ARG_SCRATCHPAD, pad.get()},
      {DNNL_ARG_BIAS, bias.get()},
  }};
  return dnnl_primitive_execute(primitive_.get(), stream_of_thread(), has_bias ? 5 : 4,
                                arguments.data()) == dnnl_success;
}

}  // namespace moonpool::cpu
