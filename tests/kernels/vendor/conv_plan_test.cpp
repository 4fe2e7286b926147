// Plans of cuDNN, made for GPUs that need not be here: for every convolution of the networks, in
// every precision, there is one that keeps to the rules. What cuDNN says about its engines is read
// here once more, without the code under test.
#include "kernels/vendor/conv_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "kernels/runtime/error.h"

namespace moonpool::cudnn {
namespace {

constexpr Precision kPrecisions[] = {Precision::kFp32, Precision::kTf32, Precision::kBf16};
constexpr ConvOperation kOperations[] = {
    ConvOperation::kForward, ConvOperation::kForwardBias, ConvOperation::kForwardBiasRelu,
    ConvOperation::kBackwardData, ConvOperation::kBackwardFilter};

// What cuDNN wants to know of a GPU: all 23 keys. Of the two, only what follows the architecture
// and the size of the chip differs.
struct Gpu {
  const char* name;
  int version, multiprocessors, shared_memory, l2_cache;
  int64_t memory;
};
constexpr Gpu kGpus[] = {
    {"NVIDIA A100-SXM4-80GB", 800, 108, 166912, 41943040, 85899345920},
    {"NVIDIA H200", 900, 132, 232448, 62914560, 150109880320},
};

std::string json(const Gpu& gpu) {
  return fmt::format(
      R"({{"maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],)"
      R"("regsPerBlock":65536,"multiProcessorCount":{},"warpSize":32,)"
      R"("maxSharedMemoryPerBlock":49152,"maxSharedMemoryPerBlockOptin":{},)"
      R"("reservedSharedMemoryPerBlock":1024,"maxRegistersPerSM":65536,"maxCtasPerSM":32,)"
      R"("maxThreadsPerBlock":1024,"maxThreadsPerSM":2048,"pciDeviceId":0,"isTccDriver":0,)"
      R"("supportCoopLaunch":1,"totalGlobalMem":{},"smClockRateKHz":1410000,)"
      R"("memClockRateKHz":1593000,"l2CacheSize":{},"cudaDeviceId":0,"deviceVer":{},)"
      R"("driverVer":13000,"deviceName":"{}"}})",
      gpu.multiprocessors, gpu.shared_memory, gpu.memory, gpu.l2_cache, gpu.version, gpu.name);
}

ConvShape three_by_three(int64_t size, int64_t in, int64_t out, int64_t stride = 1) {
  return {64, size, size, in, out, 3, stride, 1};
}

// Every convolution of ResNet18 on images of 32 x 32.
void add_resnet18(int64_t width, std::set<ConvShape>& shapes) {
  shapes.insert(three_by_three(32, 3, width));
  shapes.insert(three_by_three(32, width, width));
  for (int64_t size = 32, channels = width; size > 4; size /= 2, channels *= 2) {
    shapes.insert(three_by_three(size, channels, 2 * channels, 2));
    shapes.insert({64, size, size, channels, 2 * channels, 1, 2, 0});
    shapes.insert(three_by_three(size / 2, 2 * channels, 2 * channels));
  }
}

void add_vgg16(std::set<ConvShape>& shapes) {
  int64_t in = 3;
  int64_t size = 32;
  for (const int64_t channels : {64, 128, 256, 512, 512}) {
    shapes.insert(three_by_three(size, in, channels));
    shapes.insert(three_by_three(size, channels, channels));
    in = channels;
    size /= 2;
  }
}

std::set<ConvShape> all_shapes() {
  std::set<ConvShape> shapes;
  add_resnet18(16, shapes);
  add_resnet18(64, shapes);
  EXPECT_EQ(shapes.size(), 22u);
  add_vgg16(shapes);
  return shapes;
}

cudnnDataType_t type_of(Precision precision) {
  return precision == Precision::kBf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

// cuDNN's own notes on an engine, as numbers.
template <class Note>
std::set<Note> notes_of(const ConvGraph& graph, int64_t engine, const Descriptor& device,
                        cudnnBackendAttributeName_t attribute, cudnnBackendAttributeType_t type) {
  Descriptor made(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  made.set(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph.descriptor())
      .set(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, engine)
      .set(CUDNN_ATTR_ENGINE_DEVICEPROP, device)
      .finalize();
  Note notes[32] = {};
  int64_t count = 0;
  EXPECT_EQ(cudnnBackendGetAttribute(made.get(), attribute, type, 32, &count, notes),
            CUDNN_STATUS_SUCCESS);
  return {notes, notes + count};
}

void expect_keeps_the_rules(const ConvShape& shape, ConvOperation operation, Precision precision,
                            const ConvPlan& plan, const Descriptor& device) {
  SCOPED_TRACE(fmt::format("{} of {} x {} x {} with {} filters of {}, stride {}", name(operation),
                           shape.height, shape.width, shape.in_channels, shape.out_channels,
                           shape.kernel, shape.stride));
  EXPECT_GT(plan.proposals(), 0);
  EXPECT_GE(plan.workspace_bytes(), 0);
  const ConvGraph graph(shape, operation, type_of(precision));
  const auto numerical = notes_of<cudnnBackendNumericalNote_t>(
      graph, plan.engine(), device, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE);
  EXPECT_EQ(numerical.count(CUDNN_NUMERICAL_NOTE_TENSOR_CORE) > 0, precision != Precision::kFp32);
  for (const auto forbidden : {CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC, CUDNN_NUMERICAL_NOTE_WINOGRAD,
                               CUDNN_NUMERICAL_NOTE_FFT, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS,
                               CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION}) {
    EXPECT_EQ(numerical.count(forbidden), 0u) << "numerical note " << forbidden;
  }
  const auto behavior = notes_of<cudnnBackendBehaviorNote_t>(
      graph, plan.engine(), device, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE);
  EXPECT_EQ(behavior.count(CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION), 0u);
}

class ConvPlanTest : public testing::TestWithParam<Gpu> {
 protected:
  Descriptor device_ = device_properties(json(GetParam()));
};

TEST_P(ConvPlanTest, EveryConvolutionHasOneThatKeepsTheRules) {
  int64_t proposals = 0;
  int64_t largest = 0;
  for (const Precision precision : kPrecisions) {
    SCOPED_TRACE(name(precision));
    for (const ConvShape& shape : all_shapes()) {
      for (const ConvOperation operation : kOperations) {
        const ConvPlan plan(shape, operation, precision, device_);
        expect_keeps_the_rules(shape, operation, precision, plan, device_);
        EXPECT_LE(plan.workspace_bytes(), 256 << 20);
        proposals += plan.proposals();
        largest = std::max(largest, plan.workspace_bytes());
      }
    }
  }
  RecordProperty("proposals", std::to_string(proposals));
  RecordProperty("largest_workspace_bytes", std::to_string(largest));
}

TEST_P(ConvPlanTest, BatchesOfAnySizeHaveOne) {
  for (const int64_t batch : {1, 7, 256}) {
    for (const Precision precision : kPrecisions) {
      for (const ConvOperation operation : kOperations) {
        const ConvShape shape{batch, 32, 32, 16, 32, 3, 2, 1};
        const ConvPlan plan(shape, operation, precision, device_);
        expect_keeps_the_rules(shape, operation, precision, plan, device_);
      }
    }
  }
}

// With so many images the first choices of some would take gigabytes.
TEST_P(ConvPlanTest, TheWorkspaceIsCappedForManyImages) {
  ConvShape shape = three_by_three(32, 64, 64);
  shape.batch = 2048;
  for (const Precision precision : kPrecisions) {
    for (const ConvOperation operation : kOperations) {
      const ConvPlan plan(shape, operation, precision, device_);
      expect_keeps_the_rules(shape, operation, precision, plan, device_);
      // sm_80 has nothing for so much tf32 that would do with less: then more is taken.
      if (precision == Precision::kTf32 && GetParam().version < 900) continue;
      EXPECT_LE(plan.workspace_bytes(), 256 << 20);
    }
  }
}

TEST_P(ConvPlanTest, TheSameConvolutionGetsTheSamePlan) {
  const ConvShape shape = three_by_three(16, 32, 32);
  for (const ConvOperation operation : kOperations) {
    const ConvPlan first(shape, operation, Precision::kTf32, device_);
    const ConvPlan second(shape, operation, Precision::kTf32, device_);
    EXPECT_EQ(first.engine(), second.engine());
    EXPECT_EQ(first.workspace_bytes(), second.workspace_bytes());
  }
}

// The rules exclude something: without them the heuristics' own first choice would break one.
TEST_P(ConvPlanTest, TheHeuristicsAloneWouldUseTensorCoresForFp32) {
  const ConvGraph graph(three_by_three(32, 64, 64), ConvOperation::kForward, CUDNN_DATA_FLOAT);
  Descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.descriptor())
      .set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_HEUR_MODE_A)
      .set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, device_)
      .finalize();
  const auto first =
      heuristics.descriptors(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, 1);
  ASSERT_EQ(first.size(), 1u);
  const auto engines =
      first[0].descriptors(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR, 1);
  ASSERT_EQ(engines.size(), 1u);
  const auto notes = notes_of<cudnnBackendNumericalNote_t>(
      graph, engines[0].value<int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX), device_,
      CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE);
  EXPECT_EQ(notes.count(CUDNN_NUMERICAL_NOTE_TENSOR_CORE), 1u);
}

TEST_P(ConvPlanTest, AnArrayThatIsNotAlignedIsAnError) {
  const ConvPlan plan(three_by_three(8, 16, 16), ConvOperation::kForward, Precision::kFp32,
                      device_);
  const ConvPlan::Argument misaligned{ConvTensor::kX, reinterpret_cast<const void*>(0x1008)};
  EXPECT_THROW(plan.run(nullptr, {&misaligned, 1}, nullptr), Error);
}

INSTANTIATE_TEST_SUITE_P(Gpus, ConvPlanTest, testing::ValuesIn(kGpus), [](const auto& instance) {
  return fmt::format("sm_{}", instance.param.version / 10);
});

TEST(ConvPlanRules, ForbidWhatWouldChangeBits) {
  const EngineNotes plain;
  const EngineNotes tensor_cores{.tensor_cores = true};
  EXPECT_TRUE(allows(Precision::kFp32, plain));
  EXPECT_FALSE(allows(Precision::kFp32, tensor_cores));
  for (const Precision precision : {Precision::kTf32, Precision::kBf16}) {
    EXPECT_FALSE(allows(precision, plain));
    EXPECT_TRUE(allows(precision, tensor_cores));
  }
  for (const Precision precision : kPrecisions) {
    for (bool EngineNotes::*const forbidden :
         {&EngineNotes::nondeterministic, &EngineNotes::reduced_precision, &EngineNotes::transforms,
          &EngineNotes::compiled_at_run_time}) {
      EngineNotes notes = precision == Precision::kFp32 ? plain : tensor_cores;
      notes.*forbidden = true;
      EXPECT_FALSE(allows(precision, notes));
    }
  }
}

TEST(ConvPlanDescriptor, WhatCudnnRefusesIsAnErrorOfOneLine) {
  const auto message = [](const auto& work) -> std::string {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  for (const std::string& text : {
           message([] { device_properties("not JSON"); }),
           message([] { Descriptor(CUDNN_BACKEND_TENSOR_DESCRIPTOR).finalize(); }),
       }) {
    EXPECT_NE(text.find("cuDNN call failed"), std::string::npos) << text;
    EXPECT_NE(text.find("CUDNN_STATUS_"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace moonpool::cudnn
