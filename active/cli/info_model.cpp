#include "active/cli/info_model.h"

#include <fmt/format.h>

#include <memory>
#include <numeric>
#include <string>

#include "active/cli/model_options.h"
#include "active/program.h"
#include "engine/train_step.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/random.h"

namespace moonpool {
namespace {

// What is asked about is CIFAR-10's case.
constexpr ImageShape kShape{.height = 32, .width = 32, .channels = 3};
constexpr int64_t kClasses = 10;

struct ModelInfoOptions {
  CommonOptions common;
  ModelSettings settings;
  ModelOptions model;
  int64_t batch = 64;
  int64_t steps = 4;  // enough for the device to have captured a step and replayed it
  CLI::Option* asked = nullptr;
};

double mebibytes(std::size_t bytes) { return static_cast<double>(bytes) / 1048576.0; }

std::vector<uint8_t> noise_images(int64_t count) {
  RandomStream random({1, RandomPurpose::kData});
  std::vector<uint8_t> bytes(static_cast<std::size_t>(count * kShape.size()));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.next_u32());
  return bytes;
}

void print_model_info(const ModelInfoOptions& options) {
  if (options.batch < 1) fail_usage("--batch {}: expected at least 1", options.batch);
  if (options.steps < 1) fail_usage("--steps {}: expected at least 1", options.steps);
  ModelSettings settings = options.settings;
  finish_model_options(options.model, settings);
  const Device device = choose_device(options.common.device);
  if (options.common.threads > 0) set_cpu_threads(options.common.threads);
  Stream stream(device);
  const std::vector<uint8_t> images = noise_images(options.batch);
  const SampleStore store(stream, images, kShape.size(), {}, {});
  const auto model = make_model(settings, kShape, kClasses, device, /*with_gradients=*/true);
  const auto ema_model = make_model(settings, kShape, kClasses, device, /*with_gradients=*/false);
  model->parameters().initialise(stream, {1, RandomPurpose::kWeights});
  ema_model->parameters().copy_from(stream, model->parameters());
  Adam adam(stream, model->parameters(), {});
  Ema ema(adam, ema_model->parameters(), {});
  TrainStep step(stream, store, *model, *ema_model, ema, options.batch, /*count_ema_hits=*/true);
  std::vector<int32_t> samples(static_cast<std::size_t>(options.batch));
  std::iota(samples.begin(), samples.end(), 0);
  const std::vector<int32_t> labels(samples.size(), 1);
  for (int64_t i = 0; i < options.steps; ++i) step.run_epoch(samples, labels);

  const int64_t width = settings.chosen_width();
  fmt::print("model        {}{}, {}, {} classes, {} features\n", settings.name,
             width > 0 ? fmt::format(" of width {}", width) : "", name(settings.precision),
             kClasses, model->feature_width());
  fmt::print("images       {} x {} x {}, {} in a batch\n", kShape.height, kShape.width,
             kShape.channels, options.batch);
  fmt::print("device       {}\n", describe(device));
  fmt::print("parameters   {}\n", model->parameters().parameter_count());
  fmt::print("activations  {:.1f} MiB at most in a training step, with their gradients\n",
             mebibytes(step.activation_bytes() + step.ema_activation_bytes()));
  fmt::print("memory       {:.1f} MiB at most, with parameters, moments, EMA model and images\n",
             mebibytes(memory_use(device).peak));
  fmt::print("graph nodes  {}\n",
             device.is_cuda() ? std::to_string(step.graph_nodes()) : "needs a CUDA device");
}

}  // namespace

std::function<bool()> add_model_info(CLI::App& info) {
  const auto options = std::make_shared<ModelInfoOptions>();
  add_model_options(info, options->model, options->settings);
  options->asked = info.get_option("--model");
  CLI::Option* batch =
      info.add_option("--batch", options->batch, "examples in a training step [64]")
          ->check(whole_number<int64_t>());
  CLI::Option* steps =
      info.add_option("--steps", options->steps, "how many steps are run to find out [4]")
          ->check(whole_number<int64_t>());
  for (CLI::Option* option :
       {info.get_option("--width"), info.get_option("--precision"), batch, steps}) {
    option->needs(options->asked);
  }
  add_common_options(info, options->common);
  return [options] {
    if (options->asked->empty()) return false;
    print_model_info(*options);
    return true;
  };
}

}  // namespace moonpool
