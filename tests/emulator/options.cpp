#include "tests/emulator/options.h"

#include <cstdlib>
#include <string>

namespace moonpool::emulator {
namespace {

int64_t number_from(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::strtoll(text, nullptr, 10);
}

Options from_environment() {
  Options options;
  const char* text = std::getenv("MOONPOOL_EMULATOR_ORDER");
  const std::string order = text == nullptr ? "forward" : text;
  if (order == "reverse") {
    options.order = Order::kReverse;
  } else if (order != "forward") {
    options.order = Order::kSeeded;
    options.seed = std::strtoull(order.c_str(), nullptr, 10);
  }
  options.fail_allocation = number_from("MOONPOOL_EMULATOR_FAIL_ALLOCATION");
  options.fail_launch = number_from("MOONPOOL_EMULATOR_FAIL_LAUNCH");
  return options;
}

}  // namespace

Options& options() {
  static Options instance = from_environment();
  return instance;
}

std::mt19937_64& random_bits() {
  static std::mt19937_64 bits(options().seed);
  return bits;
}

void reseed() { random_bits().seed(options().seed); }

}  // namespace moonpool::emulator
