#include "active/cli/model_options.h"

#include <fmt/format.h>

#include "active/program.h"

namespace moonpool {

void add_model_options(CLI::App& app, ModelOptions& options, ModelSettings& model) {
  app.add_option("--model", model.name,
                 fmt::format("{} [{}]", fmt::join(model_names(), ", "), model.name));
  app.add_option("--width", model.width,
                 "channels of the first stage [resnet18 16, vgg16 64]; not for mlp")
      ->check(whole_number<int64_t>());
  app.add_option("--precision", options.precision,
                 "fp32, tf32 (GPU only; fp32 elsewhere) or bf16 [fp32]");
}

void finish_model_options(const ModelOptions& options, ModelSettings& model) {
  model.precision = parse_precision(options.precision);
  check_model(model);
}

}  // namespace moonpool
