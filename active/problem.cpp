#include "active/problem.h"

#include "data/cifar10.h"
#include "data/four_moons.h"
#include "kernels/runtime/error.h"
#include "models/mlp.h"

namespace moonpool {
namespace {

Problem make_four_moons_problem(const ProblemConfig& config) {
  if (config.noise != NoiseKind::kClean) {
    fail_usage("--noise: four-moons has its own noisy class; the noise benchmarks are for images");
  }
  Problem problem;
  problem.dataset = make_four_moons(config.seed);
  problem.examples = four_moons_pool(problem.dataset, config.seed);
  problem.widths = {2, 128, 128, 4};
  problem.training = {.learning_rate = 1e-3, .batch_size = 16};
  return problem;
}

Problem make_cifar10_problem(const ProblemConfig& config) {
  if (config.data_dir.empty()) {
    fail_usage("--data-dir is missing: the folder that holds cifar-10-batches-bin");
  }
  Problem problem;
  problem.dataset = load_cifar10(config.data_dir);
  problem.examples = make_pool(problem.dataset, config.noise, config.noise_ratio, config.seed);
  problem.widths = {problem.dataset.shape.size(), 256, problem.dataset.classes()};
  return problem;
}

}  // namespace

Problem make_problem(const ProblemConfig& config) {
  if (config.model != "mlp") {
    fail_usage("--model {}: unknown model; expected mlp", config.model);
  }
  if (config.dataset == "four-moons") return make_four_moons_problem(config);
  if (config.dataset == "cifar10") return make_cifar10_problem(config);
  fail_usage("--dataset {}: unknown data set; expected four-moons or cifar10", config.dataset);
}

Protocol protocol_for(const ProblemConfig& config, const std::string& protocol_name) {
  const Protocol protocol = parse_protocol(protocol_name);
  return config.dataset == "four-moons" ? for_four_moons(protocol) : protocol;
}

std::unique_ptr<Classifier> make_classifier(const Problem& problem, Device device,
                                            bool with_gradients) {
  return std::make_unique<Mlp>(device, problem.widths, with_gradients);
}

}  // namespace moonpool
