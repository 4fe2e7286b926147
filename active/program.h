// What all programs have in common: how they are called and how they end.
#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <string>
#include <type_traits>

#include "kernels/runtime/device.h"

namespace moonpool {

/// A check for options: the text is a whole number that fits an Integer. CLI11 itself wraps and
/// saturates.
template <class Integer>
CLI::Validator whole_number() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        Integer value = 0;
        const char* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, value);
        if (error == std::errc() && stop == end) return {};
        return "'" + text + "' is not a whole number" +
               (std::is_unsigned_v<Integer> ? " from 0 up" : "") + " of at most 64 bits";
      },
      "");
}

/// Options that every program takes.
struct CommonOptions {
  std::string device = "auto";
  int threads = 0;  // CPU threads; 0: all cores
};
void add_common_options(CLI::App& app, CommonOptions& options);
/// --checkpoint-seconds, of programs whose runs can be gone on with.
void add_pace_option(CLI::App& app, double& seconds);

/// Parses the command line and runs the subcommand's or program's callback. Returns the exit
/// status: 0; 2 for a usage error, 1 for any other, each after one line on standard error.
int run_program(CLI::App& app, int argc, char** argv);

/// "0.1.0 (Release, CUDA 13.0)".
std::string version_text();
/// The machine's processor in words.
std::string cpu_name();
/// The device in words: "CPU, Intel(R) Xeon(R) Processor" or the GPU's name.
std::string describe(Device device);
/// The command line as typed.
std::string command_line(int argc, char** argv);

}  // namespace moonpool
