// Plants bugs one at a time and says which of them the emulator caught. `make plant`.
//
// Every plant is first run without its bug, and must then be right and without findings: a detector
// that always cries out would catch everything.
#include <fmt/format.h>

#include <algorithm>

#include "kernels/runtime/error.h"
#include "tests/emulator/options.h"
#include "tests/emulator/plants/plant.h"

namespace moonpool::plants {

Buffer<float>& Bench::array(const std::vector<float>& values) {
  return arrays_.emplace_back(stream_, std::span<const float>(values));
}

Buffer<float>& Bench::unwritten(int64_t size) { return arrays_.emplace_back(kCuda, size); }

namespace {

struct Outcome {
  bool right = false;
  std::string error;  // of an Error that was thrown
  std::vector<emulator::Finding> findings;
};

Outcome attempt(const Plant& plant, bool planted) {
  Outcome outcome;
  const emulator::FindingTrap trap;
  Bench bench;
  try {
    outcome.right = plant.run(bench, planted);
  } catch (const Error& error) {
    outcome.error = error.what();
  }
  emulator::reset_device();
  outcome.findings = trap.findings();
  return outcome;
}

bool is_clean(const Plant& plant) {
  const Outcome outcome = attempt(plant, false);
  if (outcome.right && outcome.findings.empty()) return true;
  fmt::print("  FALSE ALARM without the bug ({}): {}\n", plant.name,
             outcome.findings.empty() ? outcome.error : outcome.findings.front().text);
  return false;
}

bool is_caught(const Plant& plant) {
  const Outcome outcome = attempt(plant, true);
  for (const emulator::Finding& finding : outcome.findings) {
    if (std::find(plant.kinds.begin(), plant.kinds.end(), finding.kind) == plant.kinds.end()) {
      continue;
    }
    fmt::print("  caught  {}\n          {}\n", plant.name, finding.text);
    return true;
  }
  if (!plant.error.empty() && outcome.error.find(plant.error) != std::string::npos) {
    fmt::print("  caught  {}\n          {}\n", plant.name, outcome.error);
    return true;
  }
  fmt::print("  MISSED  {} (error: {})\n", plant.name, outcome.error);
  return false;
}

bool all_caught(const char* where, const std::vector<Plant>& plants) {
  const auto caught = std::count_if(plants.begin(), plants.end(), [](const Plant& plant) {
    return is_clean(plant) && is_caught(plant);
  });
  fmt::print("bugs in {}: {} of {}\n\n", where, caught, plants.size());
  return caught == static_cast<std::ptrdiff_t>(plants.size());
}

}  // namespace
}  // namespace moonpool::plants

int main() {
  using namespace moonpool::plants;
  const bool kernels = all_caught("kernels", kernel_plants());
  const bool host = all_caught("host code", host_plants());
  return kernels && host ? 0 : 1;
}
