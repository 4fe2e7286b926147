// moonpool data: what a data set or a pool is, and the way out of Moonpool for it.
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "active/cli/commands.h"
#include "active/cli/dataset_options.h"
#include "active/program.h"
#include "active/report/text_table.h"
#include "data/byte_source.h"
#include "data/contact_sheet.h"
#include "data/export.h"
#include "data/image_split.h"
#include "data/images/write_png.h"
#include "data/pool_statistics.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

struct DataCommandOptions {
  DatasetOptions data;
  ProblemConfig problem;
  std::string out;  // of inspect
  ExportPaths paths;
  std::string part = "pool";
};

PoolData load(DataCommandOptions& options) {
  finish_dataset_options(options.data, NoiseForm::kPaper, options.problem);
  return make_pool_data(options.problem);
}

double mebibytes(double bytes) { return bytes / 1048576.0; }

void print_head(const PoolData& data, const ProblemConfig& problem) {
  const Dataset& dataset = data.dataset;
  const SampleShape& shape = dataset.shape;
  fmt::print("{}, noise {}{}, seed {}\n", problem.dataset, name(problem.noise.kind),
             problem.noise.kind == NoiseKind::kClean
                 ? ""
                 : fmt::format(" ({} form)", name(problem.noise.form)),
             problem.seed);
  fmt::print("  pool     {} examples over {} unique samples of {} x {} x {}; {} for testing\n",
             data.examples.size(), dataset.train.size(), shape.height, shape.width, shape.channels,
             dataset.test.size());
  const DataMemory use = data_memory(data.dataset, data.examples);
  fmt::print("  memory   {:.1f} MiB training samples, {:.1f} MiB test samples, {:.1f} MiB tables\n",
             mebibytes(use.train_samples), mebibytes(use.test_samples), mebibytes(use.tables));
  if (!dataset.mean.empty()) {
    fmt::print("  networks see (x / 255 - mean) / deviation, mean {:.4f}, deviation {:.4f}\n",
               fmt::join(dataset.mean, " "), fmt::join(dataset.deviation, " "));
  }
}

void print_counts(const PoolData& data) {
  const PoolCounts counts = count_pool(data.dataset, data.examples);
  TextTable table({"class", "test", "clean", "noisy", "relabelled"});
  for (std::size_t c = 0; c < data.dataset.class_names.size(); ++c) {
    std::vector<std::string> row{data.dataset.class_names[c], std::to_string(counts.test[c])};
    for (const auto& of_origin : counts.by_origin) row.push_back(std::to_string(of_origin[c]));
    table.add_row(std::move(row));
  }
  std::vector<std::string> sums{"all", std::to_string(data.dataset.test.size())};
  for (const int64_t total : counts.totals) {
    sums.push_back(fmt::format(
        "{} ({:.2f} %)", total,
        100.0 * static_cast<double>(total) / static_cast<double>(data.examples.size())));
  }
  table.add_row(std::move(sums));
  fmt::print("\nexamples by the label that the oracle answers\n{}", table.str());
}

void print_colours(const PoolData& data) {
  TextTable table({"channels", "mean", "deviation"});
  for (const Origin origin : {Origin::kClean, Origin::kNoisy, Origin::kRelabelled}) {
    const ChannelStatistics statistics = channel_statistics_of(data.dataset, data.examples, origin);
    if (statistics.mean.empty()) continue;
    table.add_row({name(origin), fmt::format("{:.4f}", fmt::join(statistics.mean, " ")),
                   fmt::format("{:.4f}", fmt::join(statistics.deviation, " "))});
  }
  fmt::print("\nbytes / 255, over the examples of an origin\n{}", table.str());
}

void inspect(DataCommandOptions& options) {
  const PoolData data = load(options);
  if (!options.out.empty()) create_directories_or_fail(options.out);
  print_head(data, options.problem);
  print_counts(data);
  if (!std::holds_alternative<std::vector<uint8_t>>(data.dataset.train.samples)) return;
  print_colours(data);
  if (options.out.empty()) return;
  fmt::print("\n");
  const PoolCounts counts = count_pool(data.dataset, data.examples);
  for (const Origin origin : {Origin::kClean, Origin::kNoisy, Origin::kRelabelled}) {
    if (counts.totals[static_cast<std::size_t>(origin)] == 0) continue;
    const std::filesystem::path path =
        std::filesystem::path(options.out) / fmt::format("contact_{}.png", name(origin));
    write_png(path,
              contact_sheet(data.dataset, data.examples, origin, {.seed = options.problem.seed}));
    fmt::print("wrote {}\n", shown(path));
  }
}

void export_arrays(DataCommandOptions& options) {
  const ExportPart part = parse_export_part(options.part);
  const PoolData data = load(options);
  const int64_t count = export_examples(data.dataset, data.examples, part, options.paths);
  fmt::print("wrote {} examples to {} and {}\n", count, shown(options.paths.images),
             shown(options.paths.labels));
}

std::shared_ptr<DataCommandOptions> add_subcommand_options(CLI::App& command) {
  auto options = std::make_shared<DataCommandOptions>();
  options->problem.dataset = "synth-digits";
  add_dataset_options(command, options->data, options->problem);
  command.add_option("--seed", options->problem.seed, "decides everything random [1]")
      ->check(whole_number<uint64_t>());
  return options;
}

}  // namespace

void add_data_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("data", "Look at a data set or a pool, or export it");
  command->require_subcommand(1);

  CLI::App* look = command->add_subcommand("inspect", "Counts, colours, memory, contact sheets");
  const auto look_options = add_subcommand_options(*look);
  look->add_option("--out", look_options->out, "folder for a contact sheet of every origin");
  look->callback([look_options] { inspect(*look_options); });

  CLI::App* write = command->add_subcommand("export", "Write .npy arrays");
  const auto write_options = add_subcommand_options(*write);
  write->add_option("--images", write_options->paths.images, "file for the samples")->required();
  write->add_option("--labels", write_options->paths.labels, "file for the labels")->required();
  write->add_option("--origins", write_options->paths.origins,
                    "file for the origins of a pool: 0 clean, 1 noisy, 2 relabelled");
  write->add_option("--part", write_options->part,
                    "pool (with copies), train (unique samples) or test [pool]");
  write->callback([write_options] { export_arrays(*write_options); });
}

}  // namespace moonpool
