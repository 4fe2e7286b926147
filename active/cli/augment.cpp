// moonpool augment: RandAugment's operations and Cutout on images in an .npy file.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>

#include "active/cli/augment_calls.h"
#include "active/cli/augment_sheet.h"
#include "active/cli/commands.h"
#include "active/program.h"
#include "active/report/progress.h"
#include "data/byte_source.h"
#include "data/images/write_png.h"
#include "data/npy.h"
#include "kernels/augment/augment.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/buffer.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr int kLongestCutout = 65536;

struct AugmentOptions {
  CommonOptions common;
  std::filesystem::path in;
  std::filesystem::path out;
  std::filesystem::path grid;
  std::filesystem::path record;
  std::string ops;
  std::string policy;
  AugmentSettings settings;
  RandomKey key{.seed = 1, .purpose = RandomPurpose::kAugmentation, .round = 0, .step = 0};
};

struct ImageArray {
  NpyArray array;
  ImageShape shape;
  int64_t count = 0;
  std::vector<uint8_t>& pixels() { return std::get<std::vector<uint8_t>>(array.values); }
};

/// Images of shape (N, height, width, 3), or grey ones of shape (N, height, width).
ImageArray read_images(const std::filesystem::path& path) {
  ImageArray images{.array = read_npy(path), .shape = {}, .count = 0};
  const std::vector<int64_t>& shape = images.array.shape;
  const auto* pixels = std::get_if<std::vector<uint8_t>>(&images.array.values);
  check(pixels != nullptr && !pixels->empty() &&
            (shape.size() == 3 || (shape.size() == 4 && shape[3] == 3)),
        "{} holds {} of shape ({}); expected uint8 images of shape (N, height, width, 3) or (N, "
        "height, width)",
        shown(path), NpyArray::type_name(images.array.values), fmt::join(shape, ", "));
  images.count = shape[0];
  images.shape = {shape[1], shape[2], shape.size() == 4 ? 3 : 1};
  return images;
}

/// Puts augmented images over those in `images`, some at a time, which is all that a device needs
/// to hold.
void augment_images(Stream& stream, const AugmentOptions& options, ImageArray& images) {
  const int64_t chunk = std::clamp<int64_t>((int64_t{64} << 20) / images.shape.size(), 1,
                                            std::min<int64_t>(images.count, 8192));
  const int64_t size = images.shape.size();
  const std::vector<AugmentCall> calls =
      options.ops.empty() ? std::vector<AugmentCall>() : parse_augment_calls(options.ops);
  const Buffer<AugmentCall> calls_there(stream, std::span<const AugmentCall>(calls));
  const Buffer<RandomKey> key(stream, std::span<const RandomKey>(&options.key, 1));
  const RawBuffer scratch(stream.device(),
                          augment_scratch_bytes(stream.device(), images.shape, chunk));
  Buffer<uint8_t> in(stream.device(), chunk * size);
  Buffer<uint8_t> out(stream.device(), chunk * size);
  std::vector<int32_t> numbers(static_cast<std::size_t>(images.count));
  std::iota(numbers.begin(), numbers.end(), 0);
  const Buffer<int32_t> sample(stream, std::span<const int32_t>(numbers));
  Progress progress("augment", images.count);
  for (int64_t first = 0; first < images.count; first += chunk) {
    const int64_t batch = std::min(chunk, images.count - first);
    uint8_t* pixels = images.pixels().data() + first * size;
    in.upload(stream, {pixels, static_cast<std::size_t>(batch * size)});
    // Samples are counted from the chunk's first image, examples from the file's.
    const AugmentSource source{.store = in.data(),
                               .sample = sample.data(),
                               .example = sample.data() + first,
                               .position = nullptr,
                               .key = key.data()};
    if (calls.empty()) {
      augment_bytes(stream, options.settings, images.shape, source, batch, out.data(),
                    scratch.data());
    } else {
      apply_operations(stream, images.shape, calls_there.data(), static_cast<int>(calls.size()),
                       source, batch, out.data(), scratch.data());
    }
    stream.copy_to_host(pixels, out.data(), static_cast<std::size_t>(batch * size));
    progress.advance(batch);
  }
}

void write_record(const AugmentOptions& options, const ImageArray& images) {
  AtomicFile file(options.record);
  for (int64_t i = 0; i < images.count; ++i) {
    file.append(record_of(
        draw_augmentation(options.settings, images.shape, options.key, static_cast<int32_t>(i))));
  }
  file.commit();
}

void check_options(const AugmentOptions& options) {
  if (options.ops.empty() == options.policy.empty()) {
    fail_usage("expected either --ops or --policy randaugment");
  }
  if (!options.policy.empty() && options.policy != "randaugment") {
    fail_usage("--policy {}: expected randaugment", options.policy);
  }
  if (options.out.empty() && options.grid.empty() && options.record.empty()) {
    fail_usage("nothing would be written: expected --out, --grid or --record");
  }
  if (options.settings.operations < 0 || options.settings.operations > kMostOperations) {
    fail_usage("--n {}: expected 0 to {}", options.settings.operations, kMostOperations);
  }
  if (options.settings.cutout < 0 || options.settings.cutout > kLongestCutout) {
    fail_usage("--cutout {}: expected 0 to {} pixels", options.settings.cutout, kLongestCutout);
  }
  if (!options.grid.empty() && options.grid.extension() != ".png") {
    fail_usage("--grid {}: a PNG is written; expected a name that ends in .png",
               options.grid.string());
  }
  if (!options.ops.empty()) parse_augment_calls(options.ops);
}

void augment(AugmentOptions& options) {
  check_options(options);
  Stream stream(choose_device(options.common.device));
  if (options.common.threads > 0) set_cpu_threads(options.common.threads);
  ImageArray images = read_images(options.in);
  std::vector<uint8_t> before;
  if (!options.grid.empty()) before = images.pixels();
  augment_images(stream, options, images);
  if (!options.grid.empty()) {
    write_png(options.grid, augment_sheet(images.shape, before, images.pixels()));
    fmt::print("wrote {}\n", shown(options.grid));
  }
  if (!options.record.empty()) {
    write_record(options, images);
    fmt::print("wrote {}\n", shown(options.record));
  }
  if (!options.out.empty()) {
    write_npy(options.out, images.array);
    fmt::print("wrote {} images of {} x {} to {}\n", images.count, images.shape.height,
               images.shape.width, shown(options.out));
  }
}

}  // namespace

void add_augment_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "augment",
      "RandAugment's operations and Cutout on images, byte for byte as Pillow does them");
  auto options = std::make_shared<AugmentOptions>();
  command
      ->add_option("--in", options->in,
                   ".npy file of uint8 images (N, height, width, 3) or (N, height, width)")
      ->required();
  command->add_option("--out", options->out, ".npy file for the result, of the same shape");
  CLI::Option* ops = command->add_option(
      "--ops", options->ops,
      "operations in order, name:magnitude with commas between: " + augment_calls_help() +
          "; translations are shares of the side");
  CLI::Option* policy = command->add_option(
      "--policy", options->policy, "randaugment: operations and magnitudes are drawn per image");
  ops->excludes(policy);
  command->add_option("--n", options->settings.operations, "operations that are drawn [4]")
      ->check(whole_number<int>())
      ->needs(policy);
  command
      ->add_option("--cutout", options->settings.cutout,
                   "side of Cutout's black square in pixels, 0 for none [16]")
      ->check(whole_number<int>())
      ->needs(policy);
  command
      ->add_flag("--random-cutout-length", options->settings.random_cutout_length,
                 "the side is uniform over 1 to --cutout (released code)")
      ->needs(policy);
  command
      ->add_flag("--flip", options->settings.flip,
                 "mirror half of the images before the operations (released code)")
      ->needs(policy);
  command->add_option("--seed", options->key.seed, "decides everything random [1]")
      ->check(whole_number<uint64_t>())
      ->needs(policy);
  command->add_option("--epoch", options->key.step, "other numbers from the same seed [0]")
      ->check(whole_number<uint32_t>())
      ->needs(policy);
  command
      ->add_option("--record", options->record, "file for what was drawn: a line of JSON per image")
      ->needs(policy);
  command->add_option("--grid", options->grid,
                      "PNG of the first 64 images, rows of before and after");
  add_common_options(*command, options->common);
  command->callback([options] { augment(*options); });
}

}  // namespace moonpool
