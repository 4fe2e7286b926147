#include <cmath>
#include <thread>

#include "kernels/pointwise/pointwise.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/profile_recorder.h"
#include "tests/device_test.h"
#include "tests/trace_file.h"

namespace moonpool {
namespace {

using profile::Category;
using profile::Recorder;

struct Local {};

/// Names of a category in their order, on a track.
std::vector<std::string> names(const Recorder& recorder, Category category, int32_t track = 0) {
  std::vector<std::string> found;
  for (const profile::Event& event : recorder.events()) {
    if (event.category == category && event.track == track) found.emplace_back(event.name);
  }
  return found;
}

void step_with_kernel(const Stream& stream, const char* kernel) {
  const profile::Step step("step");
  const profile::Kernel inside(stream, kernel);
}

TEST(Profile, NamesOfFunctorsHaveNoNamespaces) {
  using profile::readable_name;
  EXPECT_EQ(readable_name(profile::type_text<kernels::Relu<float>>()), "Relu<float>");
  EXPECT_EQ(readable_name(profile::type_text<kernels::Convert<float, BFloat16>>()),
            "Convert<float, BFloat16>");
  EXPECT_EQ(readable_name(profile::type_text<Local>()), "Local");
  EXPECT_EQ(readable_name("copy_to_host"), "copy_to_host");
}

TEST(Profile, ScopesNestAsTheyWereOpened) {
  const Stream stream(kCpu);
  Recorder recorder(10);
  {
    const profile::Phase phase("train");
    const profile::Step step("step");
    profile::Part part("forward");
    {
      const profile::Layer layer("conv2d", "layer1.0.conv1");
      const profile::Kernel kernel(stream, "copy", 3, 4);
    }
    part.next("backward");
    const profile::Layer layer("relu", nullptr, /*is_backward=*/true);
    const profile::Kernel kernel(stream, [] { return std::string("gemm NN 1 x 2 x 3"); });
  }
  recorder.stop();
  const std::vector<profile::Event>& events = recorder.events();
  const std::vector<std::string> expected = {
      "train", "step",     "forward",       "layer1.0.conv1 conv2d",
      "copy",  "backward", "relu backward", "gemm NN 1 x 2 x 3"};
  const std::vector<int64_t> parents = {-1, 0, 1, 2, 3, 1, 5, 6};
  ASSERT_EQ(events.size(), expected.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].name, expected[i]);
    EXPECT_EQ(events[i].parent, parents[i]) << expected[i];
    EXPECT_LE(events[i].begin, events[i].end);
    if (parents[i] < 0) continue;
    EXPECT_LE(events[parents[i]].begin, events[i].begin) << expected[i];
    EXPECT_GE(events[parents[i]].end, events[i].end) << expected[i];
  }
  EXPECT_EQ(events[4].rows, 3);
  EXPECT_EQ(events[4].columns, 4);
  EXPECT_EQ(events[1].number, 0);
  EXPECT_LE(events[0].end, recorder.length());
}

TEST(Profile, RecordsTheFirstStepsOfEachPhase) {
  const Stream stream(kCpu);
  Recorder recorder(3);
  for (int round = 0; round < 2; ++round) {
    {
      const profile::Phase phase("train");
      const profile::Kernel before(stream, "before");
      for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(profile::takes_next_step(), round == 0 || i == 0);
        step_with_kernel(stream, "of training");
      }
      const profile::Kernel after(stream, "after");
    }
    const profile::Phase phase("evaluate");
    step_with_kernel(stream, "of evaluation");
  }
  recorder.stop();
  EXPECT_FALSE(profile::takes_next_step());
  EXPECT_EQ(names(recorder, Category::kPhase),
            (std::vector<std::string>{"train", "evaluate", "train", "evaluate"}));
  EXPECT_EQ(names(recorder, Category::kKernel),
            (std::vector<std::string>{"before", "of training", "of training", "after",
                                      "of evaluation", "before", "of training", "of evaluation"}));
  EXPECT_EQ(recorder.steps().at("train").taken, 4);
  EXPECT_EQ(recorder.steps().at("train").recorded, 3);
  EXPECT_EQ(recorder.steps().at("evaluate").taken, 2);
  EXPECT_EQ(recorder.steps().at("evaluate").recorded, 2);
}

TEST(Profile, APhaseWithoutStepsCountsAsOne) {
  const Stream stream(kCpu);
  Recorder recorder(2);
  for (int round = 0; round < 4; ++round) {
    const profile::Phase phase("select");
    const profile::Kernel kernel(stream, "draw");
    const profile::Phase inner("score");
    step_with_kernel(stream, "of scoring");
  }
  recorder.stop();
  EXPECT_EQ(names(recorder, Category::kKernel),
            (std::vector<std::string>{"draw", "of scoring", "draw", "of scoring"}));
  EXPECT_EQ(recorder.steps().at("select").taken, 4);
  EXPECT_EQ(recorder.steps().at("select").recorded, 2);
}

TEST(Profile, AStepHasAtMostSoManyEvents) {
  const Stream stream(kCpu);
  Recorder recorder(2);
  for (int step = 0; step < 2; ++step) {
    const profile::Step profiled("step");
    for (int64_t i = 0; i < Recorder::kMostEventsOfStep + 10; ++i) {
      const profile::Kernel kernel(stream, "kernel");
    }
  }
  recorder.stop();
  EXPECT_EQ(std::ssize(recorder.events()), 2 * Recorder::kMostEventsOfStep);
  EXPECT_FALSE(recorder.is_full());
}

TEST(Profile, OnlyTheThreadOfTheRecorderIsSeen) {
  const Stream stream(kCpu);
  Recorder recorder(1);
  std::thread([&] {
    EXPECT_FALSE(profile::takes_next_step());
    const profile::Phase phase("elsewhere");
    step_with_kernel(stream, "elsewhere");
  }).join();
  recorder.stop();
  EXPECT_TRUE(recorder.events().empty());
}

TEST(Profile, OneAtATime) {
  const Recorder recorder(1);
  EXPECT_THROW(Recorder(1), Error);
}

TEST(Profile, ScopesMayOutliveTheRecorder) {
  const Stream stream(kCpu);
  auto recorder = std::make_unique<Recorder>(1);
  {
    const profile::Phase phase("train");
    const profile::Kernel kernel(stream, "kernel");
    recorder->stop();
    EXPECT_EQ(names(*recorder, Category::kKernel), std::vector<std::string>{"kernel"});
    EXPECT_LE(recorder->events()[1].end, recorder->events()[0].end);
    recorder.reset();
  }
  Recorder next(1);  // what ends in between is nobody's
  next.stop();
  EXPECT_TRUE(next.events().empty());
}

TEST(Profile, TheFileIsJsonWhateverTheNames) {
  const Stream stream(kCpu);
  Recorder recorder(1);
  {
    const profile::Step step("a \"step\"");
    const profile::Kernel kernel(stream, [] { return std::string("back\\slash\nand line"); });
  }
  recorder.stop();
  const TraceFile trace = written(recorder, "quoted \"process\"", {{"device", "C:\\"}});
  trace.expect_nested();
  EXPECT_EQ(trace.names("step"), std::set<std::string>{"a \"step\""});
  EXPECT_EQ(trace.names("kernel"), std::set<std::string>{"back\\slash\nand line"});
  EXPECT_EQ(trace.of("step").front().number, 0);
  EXPECT_EQ(trace.of("step").front().end - trace.of("step").front().begin,
            recorder.events()[0].end - recorder.events()[0].begin);
}

class ProfileOnDevice : public DeviceTest {};

TEST_P(ProfileOnDevice, KernelsAreOnTheTrackOfTheirStream) {
  const Buffer<float> values = upload(std::vector<float>(100, -1.0f));
  Stream other(device());
  const Buffer<float> others = upload(std::vector<float>(100, -1.0f));
  Recorder recorder(10);
  for (int i = 0; i < 2; ++i) {
    const profile::Step step("step");
    const profile::Layer layer("relu", nullptr);
    for_each(stream(), 100, kernels::Relu<float>{values.data(), values.data()});
    for_each(other, 100, kernels::Relu<float>{others.data(), others.data()});
    for_each(stream(), 50, kernels::Fill<float>{values.data(), 1.0f});
  }
  recorder.stop();
  const TraceFile trace = written(recorder);
  trace.expect_nested();
  EXPECT_EQ(names(recorder, Category::kKernel),
            (std::vector<std::string>{"Relu<float>", "Relu<float>", "Fill<float>", "Relu<float>",
                                      "Relu<float>", "Fill<float>"}));
  if (!device().is_cuda()) {
    EXPECT_EQ(recorder.tracks(), 1);
    return;
  }
  ASSERT_EQ(recorder.tracks(), 3);
  EXPECT_EQ(names(recorder, Category::kKernel, 1),
            (std::vector<std::string>{"Relu<float>", "Fill<float>", "Relu<float>", "Fill<float>"}));
  EXPECT_EQ(names(recorder, Category::kKernel, 2),
            (std::vector<std::string>{"Relu<float>", "Relu<float>"}));
  // Steps and layers there are as long as their kernels.
  const std::vector<TraceEvent> kernels = trace.of("kernel", 1);
  for (const char* outer : {"step", "layer"}) {
    const std::vector<TraceEvent> around = trace.of(outer, 1);
    ASSERT_EQ(around.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(around[i].begin, kernels[2 * i].begin);
      EXPECT_EQ(around[i].end, kernels[2 * i + 1].end);
    }
  }
  for (const TraceEvent& kernel : kernels) EXPECT_GT(kernel.end, kernel.begin) << kernel.name;
}

MOONPOOL_TEST_ON_DEVICES(ProfileOnDevice);

}  // namespace
}  // namespace moonpool
