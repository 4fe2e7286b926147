// moonpool eval: what a trained network says of images.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>

#include "active/checkpoint.h"
#include "active/cli/commands.h"
#include "active/cli/dataset_options.h"
#include "active/cli/model_options.h"
#include "active/experiment.h"
#include "active/profile_session.h"
#include "active/program.h"
#include "data/byte_source.h"
#include "data/catalog.h"
#include "data/normalisation.h"
#include "data/npy.h"
#include "engine/predict.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/profile.h"

namespace moonpool {
namespace {

struct EvalOptions {
  CommonOptions common;
  ModelSettings settings;
  ModelOptions model;
  std::filesystem::path weights;
  bool ema = false;
  DatasetRequest data;
  SampleOptions samples;
  CLI::Option* seed = nullptr;
  std::filesystem::path images;
  std::string normalisation = "cifar10";
  std::filesystem::path logits_out;
  std::filesystem::path features_out;
  ProfileOptions profile;
};

/// Images in an .npy file, as a data set whose test split has no labels.
Dataset read_images(const std::filesystem::path& path, const std::string& normalisation) {
  Dataset dataset;
  if (normalisation == "cifar10" || normalisation == "svhn") {
    const Normalisation constants =
        normalisation == "svhn" ? svhn_normalisation() : cifar10_normalisation();
    dataset.mean = constants.mean;
    dataset.deviation = constants.deviation;
  } else if (normalisation != "none") {
    fail_usage("--normalisation {}: expected cifar10, svhn or none", normalisation);
  }
  NpyArray array = read_npy(path);
  auto* pixels = std::get_if<std::vector<uint8_t>>(&array.values);
  const std::vector<int64_t>& shape = array.shape;
  check(pixels != nullptr && shape.size() == 4 && shape[3] == 3 && !pixels->empty(),
        "{} holds {} of shape ({}); expected uint8 images of shape (N, height, width, 3)",
        shown(path), NpyArray::type_name(array.values), fmt::join(shape, ", "));
  dataset.shape = {shape[1], shape[2], shape[3]};
  dataset.test.samples = std::move(*pixels);
  return dataset;
}

Dataset load_input(const EvalOptions& options) {
  if (options.images.empty()) return load_dataset(options.data);
  return read_images(options.images, options.normalisation);
}

/// The bias of a network's last layer, or null.
const NamedArray* last_bias(const ModelSettings& settings, const StateDict& weights) {
  const std::string wanted = settings.name == "resnet18" ? "linear.bias"
                             : settings.name == "vgg16"  ? "classifier.bias"
                                                         : "";
  const NamedArray* last = nullptr;
  for (const NamedArray& array : weights) {
    if (array.shape.rank() != 1) continue;
    const bool is_layer_of_mlp =
        wanted.empty() && array.name.starts_with("lm") && array.name.ends_with(".bias");
    if (array.name == wanted || (is_layer_of_mlp && (last == nullptr || array.name > last->name))) {
      last = &array;
    }
  }
  return last;
}

/// Widths of an MLP's hidden layers: those of the biases of lm1, lm2, ... but the last.
std::vector<int64_t> hidden_widths(const StateDict& weights) {
  std::vector<int64_t> widths;
  for (;;) {
    const std::string name = fmt::format("lm{}.bias", widths.size() + 1);
    const auto found = std::ranges::find(weights, name, &NamedArray::name);
    if (found == weights.end() || found->shape.rank() != 1) break;
    widths.push_back(found->shape[0]);
  }
  if (!widths.empty()) widths.pop_back();
  return widths;
}

/// The network with those weights. What --model and --width leave open (classes, an MLP's layers)
/// the weights say.
std::unique_ptr<Classifier> load_model(Stream& stream, const EvalOptions& options,
                                       const Dataset& input) {
  ModelSettings settings = options.settings;
  const StateDict weights = read_weights(options.weights, options.ema);
  const NamedArray* bias = last_bias(settings, weights);
  if (settings.name == "mlp") settings.hidden = hidden_widths(weights);
  check(
      bias != nullptr && bias->shape[0] > 0 && (settings.name != "mlp" || !settings.hidden.empty()),
      "{} has no last layer of a network of kind {}{}", shown(options.weights), settings.name,
      prefix_hint(weights));
  const int64_t classes = bias->shape[0];
  check(options.images.empty() ? classes == input.classes() : true,
        "{} is of a network for {} classes; {} has {}", shown(options.weights), classes,
        options.data.name, input.classes());
  const SampleShape& shape = input.shape;
  auto model = make_model(settings, {shape.height, shape.width, shape.channels}, classes,
                          stream.device(), /*with_gradients=*/false);
  try {
    model->parameters().load_state_dict(stream, weights);
  } catch (const Error& error) {
    fail("{} is not loaded as --model {}{}: {}", shown(options.weights), settings.name,
         settings.name == "mlp" ? "" : fmt::format(" --width {}", settings.chosen_width()),
         error.what());
  }
  return model;
}

/// The share of rows whose largest logit, of equal ones the first, is at the label.
double accuracy_of(const std::vector<float>& logits, const std::vector<int32_t>& labels) {
  const std::size_t classes = logits.size() / labels.size();
  int64_t hits = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = logits.begin() + static_cast<std::ptrdiff_t>(i * classes);
    hits += std::max_element(row, row + static_cast<std::ptrdiff_t>(classes)) - row == labels[i];
  }
  return static_cast<double>(hits) / static_cast<double>(labels.size());
}

void check_finite(const std::vector<float>& logits, int64_t classes,
                  const std::filesystem::path& weights) {
  const auto bad = std::ranges::find_if(logits, [](float value) { return !std::isfinite(value); });
  check(bad == logits.end(), "image {} has a logit that is {}; are the weights in {} damaged?",
        (bad - logits.begin()) / classes, bad == logits.end() ? 0.0f : *bad, shown(weights));
}

void write_rows(const std::filesystem::path& path, std::vector<float> values, int64_t rows) {
  if (path.empty()) return;
  const int64_t columns = static_cast<int64_t>(values.size()) / rows;
  write_npy(path, {{rows, columns}, std::move(values)});
  fmt::print("wrote {} x {} to {}\n", rows, columns, shown(path));
}

/// Whether the two are one file, one that is yet to be written too.
bool is_same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  return !a.empty() && !b.empty() &&
         std::filesystem::weakly_canonical(a) == std::filesystem::weakly_canonical(b);
}

void check_outputs(const EvalOptions& options) {
  if (is_same_file(options.logits_out, options.features_out)) {
    fail_usage("--logits-out and --features-out are both {}", shown(options.logits_out));
  }
  for (const auto* out : {&options.logits_out, &options.features_out}) {
    for (const auto* in : {&options.images, &options.weights}) {
      if (is_same_file(*out, *in)) fail_usage("{} would be written over what is read", shown(*in));
    }
  }
  if (!options.images.empty() && options.logits_out.empty() && options.features_out.empty()) {
    fail_usage(
        "nothing would be written: images have no labels; expected --logits-out or "
        "--features-out");
  }
}

void check_input(const EvalOptions& options) {
  if (options.images.empty() == options.data.name.empty()) {
    fail_usage("expected either --dataset or --images");
  }
  const bool is_made = options.images.empty() && !is_read_from_files(options.data.name);
  if (!options.seed->empty() && !is_made) {
    fail_usage("--seed has no effect: {} read from files",
               options.images.empty() ? options.data.name + " is" : "images are");
  }
  if (options.images.empty()) {
    check_sample_options(options.samples, options.data.name);
    return;
  }
  const SampleOptions& samples = options.samples;
  for (const CLI::Option* option : {samples.data_dir, samples.image_side, samples.train_size,
                                    samples.test_size, samples.train_limit, samples.test_limit}) {
    if (!option->empty()) fail_usage("{} has no effect with --images", option->get_name());
  }
}

void evaluate(EvalOptions& options) {
  ProfileSession session(options.profile);
  finish_model_options(options.model, options.settings);
  check_input(options);
  check_outputs(options);
  const Device device = choose_device(options.common.device);
  if (options.common.threads > 0) set_cpu_threads(options.common.threads);
  const Dataset input = load_input(options);
  Stream stream(device);
  const auto model = load_model(stream, options, input);
  const Predictions found = [&] {
    const profile::Phase profiled("evaluate");
    return predict(stream, *model, make_store(stream, input, input.test));
  }();
  std::vector<float> logits = found.logits.download(stream);
  check_finite(logits, found.classes, options.weights);
  if (!input.test.labels.empty()) {
    fmt::print("accuracy {:.2f} % of {} images\n", 100 * accuracy_of(logits, input.test.labels),
               found.count);
  }
  write_rows(options.logits_out, std::move(logits), found.count);
  write_rows(options.features_out, found.features.download(stream), found.count);
  session.finish("moonpool eval", describe(device));
}

}  // namespace

void add_eval_command(CLI::App& app) {
  const auto options = std::make_shared<EvalOptions>();
  CLI::App* command = app.add_subcommand("eval", "Logits, features and accuracy of a network");
  add_model_options(*command, options->model, options->settings);
  command
      ->add_option("--weights", options->weights,
                   "safetensors file: model.safetensors of moonpool train, its "
                   "checkpoint.safetensors, or PyTorch's state_dict()")
      ->required();
  command->add_flag("--ema", options->ema,
                    "of a checkpoint, the EMA model instead of the main one");
  DatasetRequest& data = options->data;
  data.name.clear();
  options->samples =
      add_sample_options(*command, {data.name, data.data_dir, data.image_side, data.train_size,
                                    data.test_size, data.train_limit, data.test_limit});
  options->seed = command->add_option("--seed", data.seed, "of a data set that is made [1]")
                      ->check(whole_number<uint64_t>());
  CLI::Option* images =
      command->add_option("--images", options->images,
                          "instead of a data set's test split: .npy file of uint8 images (N, "
                          "height, width, 3)");
  command->get_option("--dataset")->excludes(images);
  command
      ->add_option("--normalisation", options->normalisation,
                   "whose constants --images are seen by: cifar10, svhn or none [cifar10]")
      ->needs(images);
  command->add_option("--logits-out", options->logits_out, ".npy file for the logits, float32");
  command->add_option("--features-out", options->features_out,
                      ".npy file for what the last layer sees, float32");
  add_profile_options(*command, options->profile);
  add_common_options(*command, options->common);
  command->callback([options] { evaluate(*options); });
}

}  // namespace moonpool
