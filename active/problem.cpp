#include "active/problem.h"

#include <utility>

#include "data/catalog.h"
#include "data/four_moons.h"
#include "kernels/runtime/error.h"
#include "models/mlp.h"

namespace moonpool {
PoolData make_pool_data(const ProblemConfig& config) {
  const bool is_points = config.dataset == "four-moons";
  if (is_points && config.noise.kind != NoiseKind::kClean) {
    fail_usage("--noise: four-moons has its own noisy class; the noise benchmarks are for images");
  }
  PoolData data;
  data.dataset = load_dataset({.name = config.dataset,
                               .data_dir = config.data_dir,
                               .image_side = config.image_side,
                               .train_size = config.train_size,
                               .test_size = config.test_size,
                               .seed = config.seed});
  data.examples = is_points ? four_moons_pool(data.dataset, config.seed)
                            : make_pool(data.dataset, config.noise, config.seed);
  return data;
}

Problem make_problem(const ProblemConfig& config) {
  if (config.model != "mlp") {
    fail_usage("--model {}: unknown model; expected mlp", config.model);
  }
  PoolData data = make_pool_data(config);
  Problem problem;
  problem.dataset = std::move(data.dataset);
  problem.examples = std::move(data.examples);
  if (config.dataset == "four-moons") {
    problem.widths = {2, 128, 128, 4};
    problem.training = {.learning_rate = 1e-3, .batch_size = 16};
  } else {
    problem.widths = {problem.dataset.shape.size(), 256, problem.dataset.classes()};
  }
  return problem;
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
