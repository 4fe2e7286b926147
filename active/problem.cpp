#include "active/problem.h"

#include <utility>

#include "data/catalog.h"
#include "data/four_moons.h"
#include "kernels/runtime/error.h"

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
  check_model(config.model);
  PoolData data = make_pool_data(config);
  Problem problem;
  problem.dataset = std::move(data.dataset);
  problem.examples = std::move(data.examples);
  problem.model = config.model;
  if (config.dataset == "four-moons") {
    if (config.model.name != "mlp") {
      fail_usage("--model {}: four-moons are points; expected mlp", config.model.name);
    }
    problem.model.hidden = {128, 128};
    problem.training = {.learning_rate = 1e-3, .batch_size = 16};
  }
  return problem;
}

Protocol protocol_for(const ProblemConfig& config, const std::string& protocol_name) {
  const Protocol protocol = parse_protocol(protocol_name);
  return config.dataset == "four-moons" ? for_four_moons(protocol) : protocol;
}

std::unique_ptr<Classifier> make_classifier(const Problem& problem, Device device,
                                            bool with_gradients) {
  const SampleShape& shape = problem.dataset.shape;
  return make_model(problem.model, {shape.height, shape.width, shape.channels},
                    problem.dataset.classes(), device, with_gradients);
}

}  // namespace moonpool
