#include "active/problem.h"

#include <utility>

#include "data/catalog.h"
#include "data/four_moons.h"
#include "engine/optimizer.h"
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
                               .train_limit = config.train_limit,
                               .test_limit = config.test_limit,
                               .seed = config.seed});
  data.examples = is_points ? four_moons_pool(data.dataset, config.seed)
                            : make_pool(data.dataset, config.noise, config.seed);
  return data;
}

ProblemConfig with_defaults(ProblemConfig config) {
  const bool is_points = config.dataset == "four-moons";
  if (is_points) config.model.hidden = {128, 128};
  TrainingSettings& training = config.training;
  if (training.learning_rate == 0) training.learning_rate = is_points ? 1e-3 : 1e-4;
  if (training.batch_size == 0) training.batch_size = is_points ? 16 : 64;
  return config;
}

Problem make_problem(const ProblemConfig& config) {
  check_model(config.model);
  const ProblemConfig chosen = with_defaults(config);
  if (!is_learning_rate(chosen.training.learning_rate)) {
    fail_usage("--lr {}: expected a positive number of float32", chosen.training.learning_rate);
  }
  if (chosen.training.batch_size < 1) {
    fail_usage("--batch {}: expected at least 1", chosen.training.batch_size);
  }
  PoolData data = make_pool_data(chosen);
  if (config.dataset == "four-moons" && config.model.name != "mlp") {
    fail_usage("--model {}: four-moons are points; expected mlp", config.model.name);
  }
  return {.dataset = std::move(data.dataset),
          .examples = std::move(data.examples),
          .model = chosen.model,
          .training = chosen.training};
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
