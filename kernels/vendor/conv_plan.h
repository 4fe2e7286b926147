// How cuDNN computes a convolution: an engine chosen by fixed rules, ready to be run.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/vendor/conv_graph.h"

namespace moonpool::cudnn {

/// The most memory, in bytes, that a plan asks for to work in, where any can do with that.
inline constexpr int64_t kWorkspaceCap = int64_t{256} << 20;

/// What cuDNN says about an engine.
struct EngineNotes {
  bool tensor_cores = false;
  bool nondeterministic = false;
  bool reduced_precision = false;     // rounds its inputs, or adds with fewer bits than fp32
  bool transforms = false;            // Winograd or FFT: larger errors
  bool compiled_at_run_time = false;  // needs a compiler where it runs, and seconds
};

/// Whether `precision` may run on such an engine: the same input must give the same bits, so no
/// transforms either and nothing compiled; tensor cores for tf32 and bf16, and none for fp32.
bool allows(Precision precision, const EngineNotes& notes);

class ConvPlan {
 public:
  /// The first engine in the order of cuDNN's heuristics (mode A, then the fallback list) that
  /// `precision` allows, that supports the convolution on `device` (device_properties), and that
  /// keeps to kWorkspaceCap; if none keeps to that, as with thousands of images in tf32 on sm_80,
  /// the one that needs least. Nothing is timed: one GPU and version of cuDNN always give the same
  /// plan. Throws Error if there is none.
  ConvPlan(const ConvShape& shape, ConvOperation operation, Precision precision,
           const Descriptor& device);

  /// Queues the convolution on the stream of `handle`. The addresses are device pointers and
  /// multiples of kTensorAlignment; `workspace` has workspace_bytes().
  struct Argument {
    ConvTensor tensor;
    const void* address;
  };
  void run(cudnnHandle_t handle, std::span<const Argument> arguments, void* workspace) const;

  int64_t workspace_bytes() const { return workspace_bytes_; }
  const EngineNotes& notes() const { return notes_; }
  /// cuDNN's number of the engine.
  int64_t engine() const { return engine_; }
  /// How many engines with their settings the heuristics proposed, allowed or not.
  int64_t proposals() const { return proposals_; }

 private:
  // Whether an engine was found that keeps to all rules.
  bool choose(cudnnBackendHeurMode_t mode, Precision precision, const Descriptor& device);
  bool adopt(Descriptor configuration, Precision precision);

  ConvGraph graph_;
  Descriptor configuration_{CUDNN_BACKEND_ENGINECFG_DESCRIPTOR};
  Descriptor plan_{CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR};
  EngineNotes notes_;
  int64_t workspace_bytes_ = 0;
  int64_t engine_ = -1;
  int64_t proposals_ = 0;
};

}  // namespace moonpool::cudnn
