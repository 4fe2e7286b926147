#include "active/cli/dataset_options.h"

#include <algorithm>
#include <utility>

#include "active/program.h"
#include "data/catalog.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

struct DatasetOption {
  CLI::Option* option;
  std::vector<std::string> datasets;  // that it is for; none: for those that are read from files
};

std::vector<DatasetOption> limits_of(const SampleOptions& options) {
  return {{options.data_dir, {}},
          {options.image_side, {"folder"}},
          {options.train_size, {"synth-digits"}},
          {options.test_size, {"synth-digits"}},
          {options.train_limit, {}},
          {options.test_limit, {}}};
}

std::string names_of(const std::vector<NoiseKind>& kinds) {
  std::string names;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    names += (i == 0 ? "" : i + 1 < kinds.size() ? ", " : " or ") + name(kinds[i]);
  }
  return names;
}

void check_noise_effects(const std::vector<NoiseOption>& limits, NoiseKind noise) {
  for (const NoiseOption& limited : limits) {
    if (limited.option->empty() || std::ranges::count(limited.kinds, noise) > 0) continue;
    fail_usage("{} has no effect with --noise {}; it is for --noise {}", limited.option->get_name(),
               name(noise), names_of(limited.kinds));
  }
}

}  // namespace

void check_sample_options(const SampleOptions& options, const std::string& dataset) {
  for (const DatasetOption& limited : limits_of(options)) {
    if (limited.option->empty()) continue;
    const std::string option = limited.option->get_name();
    if (limited.datasets.empty()) {
      if (is_read_from_files(dataset)) continue;
      fail_usage("{} has no effect with --dataset {}, which is read from no files", option,
                 dataset);
    }
    if (std::ranges::count(limited.datasets, dataset) > 0) continue;
    fail_usage("{} has no effect with --dataset {}; it is for --dataset {}", option, dataset,
               fmt::join(limited.datasets, " or "));
  }
}

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
  const auto for_noise = [&](CLI::Option* option, std::vector<NoiseKind> kinds) {
    options.noise_options.push_back({option, std::move(kinds)});
    return option;
  };
  using enum NoiseKind;
  const auto whole = whole_number<int64_t>();
  options.samples = add_sample_options(
      app, {problem.dataset, problem.data_dir, problem.image_side, problem.train_size,
            problem.test_size, problem.train_limit, problem.test_limit});
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
  check_sample_options(options.samples, problem.dataset);
  check_noise_effects(options.noise_options, noise.kind);
}

}  // namespace moonpool
