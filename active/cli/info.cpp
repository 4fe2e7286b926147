// moonpool info: version, build options, devices, library versions.
#include <fmt/format.h>
#include <omp.h>

#include "active/cli/commands.h"
#include "active/cli/info_model.h"
#include "active/program.h"
#include "kernels/runtime/cuda_api.h"
#include "kernels/vendor/gemm.h"

namespace moonpool {
namespace {

void print_info() {
  fmt::print("{}\n", version_text());
  fmt::print("build      {}, C++ compiler {}, CPU code for -march={}\n", MOONPOOL_BUILD_TYPE,
             MOONPOOL_COMPILER, MOONPOOL_CPU_ARCH);
  fmt::print("CUDA       {}\n", cuda::kBuilt ? MOONPOOL_CUDA_BUILD : "not in this build");
  fmt::print("libraries  {}, OpenMP {}{}{}\n", gemm_library_cpu(), _OPENMP,
             cuda::kBuilt ? ", " : "", cuda::version_text());
  fmt::print("cpu        {}, {} cores\n", cpu_name(), omp_get_num_procs());
  const CudaStatus& status = cuda_status();
  for (const std::string& gpu : status.gpu_names) fmt::print("cuda       {}\n", gpu);
  if (!status.usable) fmt::print("cuda       not usable: {}\n", status.reason);
  fmt::print("default    --device auto means {} here\n", status.usable ? "cuda" : "cpu");
}

}  // namespace

void add_info_command(CLI::App& app) {
  CLI::App* info = app.add_subcommand(
      "info", "Version, build options, devices, libraries; or what training a network takes");
  const std::function<bool()> about_model = add_model_info(*info);
  info->callback([about_model] {
    if (!about_model()) print_info();
  });
}

}  // namespace moonpool
