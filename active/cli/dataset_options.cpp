#include "active/cli/dataset_options.h"

#include "data/catalog.h"
#include "kernels/runtime/error.h"

namespace moonpool {

void add_sample_options(CLI::App& app, const SampleFields& fields) {
  const std::string none_or_default =
      fields.dataset.empty() ? "" : fmt::format(" [{}]", fields.dataset);
  app.add_option("--dataset", fields.dataset,
                 fmt::format("{}{}", fmt::join(dataset_names(), ", "), none_or_default));
  app.add_option("--data-dir", fields.data_dir,
                 "folder with the data set's files (not for four-moons and synth-digits)");
  app.add_option("--image-size", fields.image_side,
                 "side that the pictures of a folder are brought to; 0: as they are [32]");
  app.add_option("--train-size", fields.train_size, "training pictures of synth-digits [10000]");
  app.add_option("--test-size", fields.test_size, "test pictures of synth-digits [2000]");
}

void add_dataset_options(CLI::App& app, DatasetOptions& options, ProblemConfig& problem) {
  NoiseConfig& noise = problem.noise;
  add_sample_options(app, {problem.dataset, problem.data_dir, problem.image_side,
                           problem.train_size, problem.test_size});
  app.add_option("--noise", options.noise,
                 "noise benchmark for images: clean, blank, diverse or class [clean]");
  CLI::Option* ratio =
      app.add_option("--noise-ratio", noise.ratio, "noisy examples per clean one [4]");
  options.percent_given =
      app.add_option("--noise-percent", options.percent, "instead: noisy share of the pool in %")
          ->excludes(ratio);
  app.add_option("--noise-form", options.form,
                 "paper or released: whose benchmark [the protocol's; paper]");
  app.add_option("--noise-kinds", noise.kinds,
                 "K: colours of diverse, repeated images of class [100]");
  app.add_option("--noise-labels", noise.labels_per_colour, "labels of a colour of diverse [3]");
  app.add_option("--noise-class", noise.noisy_class, "the class that class repeats [1]");
  app.add_option("--noise-relabel", options.relabel,
                 "of class: a random label for every copy or every image [copy]");
}

void finish_dataset_options(const DatasetOptions& options, NoiseForm default_form,
                            ProblemConfig& problem) {
  NoiseConfig& noise = problem.noise;
  noise.kind = parse_noise(options.noise);
  noise.form = options.form.empty() ? default_form : parse_noise_form(options.form);
  noise.relabel = parse_relabel(options.relabel);
  if (!options.percent_given->empty()) noise.percent = options.percent;
}

}  // namespace moonpool
