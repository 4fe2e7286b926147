#include "active/profile_session.h"

#include "active/profile_summary.h"
#include "active/program.h"
#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"
#include "kernels/runtime/profile_trace.h"

namespace moonpool {

void add_profile_options(CLI::App& app, ProfileOptions& options) {
  CLI::Option* profile = app.add_option(
      "--profile", options.file,
      "file for a profile that chrome://tracing and ui.perfetto.dev show: phases of the run, and "
      "steps of training and scoring by part, layer and kernel; a table at the end. On CUDA "
      "kernels are timed by events, and recorded steps are not replayed as graphs. Results are "
      "the same");
  app.add_option("--profile-steps", options.steps,
                 "how many steps of each phase are recorded, the first ones, so that the file of a "
                 "long run stays small; phases are always recorded [10]")
      ->check(CLI::Range(int64_t{0}, int64_t{1000000}))
      ->needs(profile);
}

struct ProfileSession::Running {
  Running(const std::filesystem::path& path, int64_t steps) : file(path), recorder(steps) {}

  AtomicFile file;  // open from the start: whether it can be written is known before the work
  profile::Recorder recorder;
};

ProfileSession::ProfileSession(const ProfileOptions& options) {
  if (options.file.empty()) return;
  try {
    running_ = std::make_unique<Running>(options.file, options.steps);
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("--profile: {}", error.what()));
  }
}

ProfileSession::~ProfileSession() = default;

void ProfileSession::finish(const std::string& title, const std::string& device) {
  if (running_ == nullptr) return;
  profile::Recorder& recorder = running_->recorder;
  recorder.stop();
  profile::write_trace(recorder, title,
                       {{"program", version_text()},
                        {"device", device},
                        {"complete", recorder.is_full() ? "no: too many events" : "yes"}},
                       running_->file);
  running_->file.commit();
  fmt::print("{}", profile_summary(recorder));
  running_.reset();
}

}  // namespace moonpool
