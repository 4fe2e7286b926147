#include "active/program.h"

#include <omp.h>

#include <cstdio>
#include <fstream>
#include <iostream>

#include "kernels/runtime/cuda_api.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr int kUsageStatus = 2;

/// The first line of a message: libraries like to add advice on a second one.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

void add_common_options(CLI::App& app, CommonOptions& options) {
  app.add_option("--device", options.device,
                 "auto (a GPU where there is one), cpu or cuda [" + options.device + "]");
  app.add_option("--threads", options.threads,
                 "CPU threads; results do not depend on it [all cores]")
      ->check(CLI::Range(1, 1024));
}

void add_pace_option(CLI::App& app, double& seconds) {
  app.add_option("--checkpoint-seconds", seconds,
                 "seconds between states inside a round; no influence on results [30]")
      ->check(CLI::Range(0.0, 86400.0));
}

int run_program(CLI::App& app, int argc, char** argv) {
  app.set_version_flag("--version", version_text());
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);  // --help and --version
  } catch (const CLI::ParseError& error) {
    std::cerr << app.get_name() << ": " << first_line(error.what()) << " (see --help)\n";
    return kUsageStatus;
  } catch (const Error& error) {
    std::cerr << app.get_name() << ": " << error.what() << "\n";
    return error.exit_status();
  } catch (const std::bad_alloc&) {
    std::cerr << app.get_name() << ": out of memory\n";
    return 1;
  } catch (const std::exception& error) {
    std::cerr << app.get_name() << ": " << first_line(error.what()) << "\n";
    return 1;
  }
  // A full disk behind standard output is an error like any other.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::cerr << app.get_name() << ": standard output cannot be written\n";
    return 1;
  }
  return 0;
}

std::string version_text() {
  return fmt::format("Moonpool {} ({}, {})", MOONPOOL_VERSION, MOONPOOL_BUILD_TYPE,
                     cuda::kBuilt ? "with CUDA" : "without CUDA");
}

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

std::string describe(Device device) {
  if (device.is_cuda()) return "GPU, " + cuda_status().gpu_names.front();
  return fmt::format("CPU, {}, {} cores", cpu_name(), omp_get_num_procs());
}

std::string command_line(int argc, char** argv) {
  std::string line;
  for (int i = 0; i < argc; ++i) line += (i > 0 ? " " : "") + std::string(argv[i]);
  return line;
}

}  // namespace moonpool
