// --profile: what it is called by, and what it leaves behind.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

namespace moonpool {

struct ProfileOptions {
  std::filesystem::path file;  // empty: none was asked for
  int64_t steps = 10;
};
/// Adds --profile and --profile-steps.
void add_profile_options(CLI::App& app, ProfileOptions& options);

/// A profile (kernels/runtime/profile.h) of what the calling thread does between the session's
/// making and `finish`. Nothing happens if none was asked for.
class ProfileSession {
 public:
  /// An Error if the file cannot be written; whatever was there stays until `finish`.
  explicit ProfileSession(const ProfileOptions& options);
  ~ProfileSession();

  /// Writes the file and prints what took most of the time. `title`: the command, `device` in
  /// words.
  void finish(const std::string& title, const std::string& device);

 private:
  struct Running;
  std::unique_ptr<Running> running_;
};

}  // namespace moonpool
