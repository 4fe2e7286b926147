// moonpool fetch: data sets from where their authors keep them.
#include <memory>
#include <optional>
#include <string>

#include "active/cli/commands.h"
#include "active/report/progress.h"
#include "data/byte_source.h"
#include "data/download/remote_sets.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

struct FetchOptions {
  std::string name;
  std::string data_dir;
  std::string mirror;
  int attempts = 5;
  int64_t stall_seconds = 30;
};

/// A bar in mebibytes, from the moment on at which the size is known.
class Bar {
 public:
  explicit Bar(std::string title) : title_(std::move(title)) {}

  void show(uint64_t done, uint64_t total) {
    if (total == 0) return;
    if (!bar_ || done < bytes_) {  // the first news, or a download that begins again
      units_ = 0;
      bar_.emplace(title_ + " (MiB)", mebibytes(total));
    }
    bytes_ = done;
    const int64_t units = mebibytes(done);
    if (units > units_) bar_->advance(units - units_);
    units_ = units;
  }

  void print(std::string_view line) {
    if (bar_) {
      bar_->print(line);
    } else {
      fmt::print(stderr, "{}\n", line);
    }
  }

 private:
  /// Rounded up, so that the bar is full at the end and not before.
  static int64_t mebibytes(uint64_t bytes) {
    return static_cast<int64_t>((bytes + (uint64_t{1} << 20) - 1) >> 20);
  }

  std::string title_;
  std::optional<Progress> bar_;
  uint64_t bytes_ = 0;
  int64_t units_ = 0;
};

void fetch(const FetchOptions& options) {
  for (const RemoteFile& file : remote_files(options.name, options.mirror)) {
    const std::filesystem::path place = std::filesystem::path(options.data_dir) / file.place;
    DownloadResult result;
    {
      Bar bar(file.place.filename().string());
      result = download(file, options.data_dir,
                        {.attempts = options.attempts,
                         .stall_seconds = options.stall_seconds,
                         .progress = [&](uint64_t done, uint64_t total) { bar.show(done, total); },
                         .note = [&](std::string_view line) { bar.print(line); }});
    }
    fmt::print("{} {}, MD5 {}\n", shown(place),
               result == DownloadResult::kAlreadyThere ? "was there already" : "downloaded",
               file.md5);
  }
}

}  // namespace

void add_fetch_command(CLI::App& app) {
  const auto options = std::make_shared<FetchOptions>();
  CLI::App* command = app.add_subcommand("fetch", "Download a data set");
  command->add_option("name", options->name, fmt::format("{}", fmt::join(remote_set_names(), ", ")))
      ->required();
  command->add_option("--data-dir", options->data_dir, "folder to put it into")->required();
  command->add_option("--mirror", options->mirror,
                      "URL of a folder with the same files, instead of the authors'");
  command->add_option("--attempts", options->attempts, "attempts in a row that may fail [5]")
      ->check(CLI::Range(1, 1000));
  command
      ->add_option("--stall-seconds", options->stall_seconds,
                   "seconds without a byte until an attempt counts as failed [30]")
      ->check(CLI::Range(1, 3600));
  command->callback([options] { fetch(*options); });
}

}  // namespace moonpool
