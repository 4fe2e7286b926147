#include "kernels/vendor/conv_plan.h"

#include <utility>
#include <vector>

#include "kernels/runtime/error.h"

namespace moonpool::cudnn {
namespace {

// More than the heuristics ever return: the list is cut off without a word at what is asked for.
constexpr int64_t kMostProposals = 256;

EngineNotes notes_of(const Descriptor& engine) {
  EngineNotes notes;
  for (const cudnnBackendNumericalNote_t note : engine.values<cudnnBackendNumericalNote_t>(
           CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_NUMERICAL_NOTE_TYPE_COUNT)) {
    switch (note) {
      case CUDNN_NUMERICAL_NOTE_TENSOR_CORE:
        notes.tensor_cores = true;
        break;
      case CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC:
        notes.nondeterministic = true;
        break;
      case CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS:
      case CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION:
        notes.reduced_precision = true;
        break;
      case CUDNN_NUMERICAL_NOTE_FFT:
      case CUDNN_NUMERICAL_NOTE_WINOGRAD:
      case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4:
      case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6:
      case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13:
        notes.transforms = true;
        break;
      default:
        break;
    }
  }
  for (const cudnnBackendBehaviorNote_t note : engine.values<cudnnBackendBehaviorNote_t>(
           CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_BEHAVIOR_NOTE_TYPE_COUNT)) {
    if (note == CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION) notes.compiled_at_run_time = true;
  }
  return notes;
}

cudnnDataType_t image_type(Precision precision) {
  return precision == Precision::kBf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

}  // namespace

bool allows(Precision precision, const EngineNotes& notes) {
  return !notes.nondeterministic && !notes.reduced_precision && !notes.transforms &&
         !notes.compiled_at_run_time && notes.tensor_cores == (precision != Precision::kFp32);
}

ConvPlan::ConvPlan(const ConvShape& shape, ConvOperation operation, Precision precision,
                   const Descriptor& device)
    : graph_(shape, operation, image_type(precision)) {
  if (choose(CUDNN_HEUR_MODE_A, precision, device)) return;
  if (choose(CUDNN_HEUR_MODE_FALLBACK, precision, device)) return;
  check(engine_ >= 0,
        "cuDNN {} has no engine for the convolution {} of {} x {} x {} x {} with {} filters of {} "
        "x {}, stride {}, in {} that always gives the same bits ({} proposed)",
        cudnnGetVersion(), name(operation), shape.batch, shape.height, shape.width,
        shape.in_channels, shape.out_channels, shape.kernel, shape.kernel, shape.stride,
        name(precision), proposals_);
}

bool ConvPlan::choose(cudnnBackendHeurMode_t mode, Precision precision, const Descriptor& device) {
  // Without the device there would be no proposals, and no error.
  Descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph_.descriptor())
      .set(CUDNN_ATTR_ENGINEHEUR_MODE, mode)
      .set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, device);
  if (!heuristics.try_finalize()) return false;
  std::vector<Descriptor> configurations = heuristics.descriptors(
      CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, kMostProposals);
  proposals_ += static_cast<int64_t>(configurations.size());
  for (Descriptor& configuration : configurations) {
    if (adopt(std::move(configuration), precision)) return true;
  }
  return false;
}

bool ConvPlan::adopt(Descriptor configuration, Precision precision) {
  const std::vector<Descriptor> engines =
      configuration.descriptors(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR, 1);
  if (engines.empty()) return false;
  const EngineNotes notes = notes_of(engines.front());
  if (!allows(precision, notes)) return false;
  Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration);
  if (!plan.try_finalize()) return false;
  const auto bytes = plan.value<int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
  if (engine_ >= 0 && bytes >= workspace_bytes_) return false;
  notes_ = notes;
  workspace_bytes_ = bytes;
  engine_ = engines.front().value<int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
  configuration_ = std::move(configuration);
  plan_ = std::move(plan);
  return bytes <= kWorkspaceCap;
}

void ConvPlan::run(cudnnHandle_t handle, std::span<const Argument> arguments,
                   void* workspace) const {
  std::vector<int64_t> ids;
  std::vector<void*> addresses;
  for (const Argument& argument : arguments) {
    check(reinterpret_cast<uintptr_t>(argument.address) % kTensorAlignment == 0,
          "convolution: an array starts at {}; expected a multiple of {}", argument.address,
          kTensorAlignment);
    ids.push_back(static_cast<int64_t>(argument.tensor));
    addresses.push_back(const_cast<void*>(argument.address));
  }
  Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack.set_all(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, std::span<const int64_t>(ids))
      .set_all(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, std::span<void* const>(addresses))
      .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace)
      .finalize();
  MOONPOOL_CUDNN_CHECK(cudnnBackendExecute(handle, plan_.get(), pack.get()));
}

}  // namespace moonpool::cudnn
