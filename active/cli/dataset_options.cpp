#include "active/cli/dataset_options.h"

#include <algorithm>
#include <utility>

#include "active/program.h"
#include "data/catalog.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

bool has_effect(const LimitedOption& limited, const ProblemConfig& problem) {
  if (!limited.kinds.empty()) {
    return std::count(limited.kinds.begin(), limited.kinds.end(), problem.noise.kind) > 0;
  }
  if (limited.datasets.empty()) return is_read_from_files(problem.dataset);
  return std::count(limited.datasets.begin(), limited.datasets.end(), problem.dataset) > 0;
}

std::string names_of(const std::vector<NoiseKind>& kinds) {
  std::string names;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    names += (i == 0 ? "" : i + 1 < kinds.size() ? ", " : " or ") + name(kinds[i]);
  }
  return names;
}

void check_effects(const DatasetOptions& options, const ProblemConfig& problem) {
  for (const LimitedOption& limited : options.limited) {
    if (limited.option->empty() || has_effect(limited, problem)) continue;
    const std::string option = limited.option->get_name();
    if (!limited.kinds.empty()) {
      fail_usage("{} has no effect with --noise {}; it is for --noise {}", option,
                 name(problem.noise.kind), names_of(limited.kinds));
    }
    if (limited.datasets.empty()) {
      fail_usage("{} has no effect with --dataset {}, which is read from no files", option,
                 problem.dataset);
    }
    fail_usage("{} has no effect with --dataset {}; it is for --dataset {}", option,
               problem.dataset, fmt::join(limited.datasets, " or "));
  }
}

}  // namespace

SampleOptions add_sample_options(CLI::App& app, const SampleFields& fields) {
  const auto whole = whole_number<int64_t>();
  const std::string none_or_default =
      fields.dataset.empty() ? "" : fmt::format(" [{}]", fields.dataset);
  app.add_option("--dataset", fields.dataset,
                 fmt::format("{}{}", fmt::join(dataset_names(), ", "), none_or_default));
  SampleOptions options;
  options.data_dir =
      app.add_option("--data-dir", fields.data_dir,
                     "folder with the data set's files (not for four-moons and synth-digits)");
  options.image_side =
      app.add_option("--image-size", fields.image_side,
                     "side that the pictures of a folder are brought to; 0: as they are [32]")
          ->check(whole);
  options.train_size =
      app.add_option("--train-size", fields.train_size, "training pictures of synth-digits [10000]")
          ->check(whole);
  options.test_size =
      app.add_option("--test-size", fields.test_size, "test pictures of synth-digits [2000]")
          ->check(whole);
  options.train_limit =
      app.add_option("--train-limit", fields.train_limit,
                     "only the first training samples of files, clean ones; 0: all [0]")
          ->check(whole);
  options.test_limit = app.add_option("--test-limit", fields.test_limit,
                                      "only the first test samples of files; 0: all [0]")
                           ->check(whole);
  return options;
}

void add_dataset_options(CLI::App& app, DatasetOptions& options, ProblemConfig& problem) {
  NoiseConfig& noise = problem.noise;
  const auto for_datasets = [&](CLI::Option* option, std::vector<std::string> datasets) {
    options.limited.push_back({option, std::move(datasets), {}});
    return option;
  };
  const auto for_noise = [&](CLI::Option* option, std::vector<NoiseKind> kinds) {
    options.limited.push_back({option, {}, std::move(kinds)});
    return option;
  };
  using enum NoiseKind;
  const auto whole = whole_number<int64_t>();
  const SampleOptions given = add_sample_options(
      app, {problem.dataset, problem.data_dir, problem.image_side, problem.train_size,
            problem.test_size, problem.train_limit, problem.test_limit});
  for_datasets(given.data_dir, {});
  for_datasets(given.image_side, {"folder"});
  for_datasets(given.train_size, {"synth-digits"});
  for_datasets(given.test_size, {"synth-digits"});
  for_datasets(given.train_limit, {});
  for_datasets(given.test_limit, {});
  app.add_option("--noise", options.noise,
                 "noise benchmark for images: clean, blank, diverse or class [clean]");
  CLI::Option* ratio =
      for_noise(app.add_option("--noise-ratio", noise.ratio, "noisy examples per clean one [4]"),
                {kBlank, kDiverse, kClass});
  options.percent_given = for_noise(
      app.add_option("--noise-percent", options.percent, "instead: noisy share of the pool in %")
          ->excludes(ratio),
      {kBlank, kDiverse, kClass});
  for_noise(app.add_option("--noise-form", options.form,
                           "paper or released: whose benchmark [the protocol's; paper]"),
            {kDiverse, kClass});
  for_noise(app.add_option("--noise-kinds", noise.kinds,
                           "K: colours of diverse, repeated images of class [100]")
                ->check(whole),
            {kDiverse, kClass});
  for_noise(
      app.add_option("--noise-labels", noise.labels_per_colour, "labels of a colour of diverse [3]")
          ->check(whole),
      {kDiverse});
  for_noise(app.add_option("--noise-class", noise.noisy_class, "the class that class repeats [1]")
                ->check(whole),
            {kClass});
  for_noise(app.add_option("--noise-relabel", options.relabel,
                           "of class: a random label for every copy or every image [copy]"),
            {kClass});
}

void finish_dataset_options(const DatasetOptions& options, NoiseForm default_form,
                            ProblemConfig& problem) {
  NoiseConfig& noise = problem.noise;
  noise.kind = parse_noise(options.noise);
  noise.form = options.form.empty() ? default_form : parse_noise_form(options.form);
  noise.relabel = parse_relabel(options.relabel);
  if (!options.percent_given->empty()) noise.percent = options.percent;
  check_effects(options, problem);
}

}  // namespace moonpool
