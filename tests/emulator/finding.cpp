#include "tests/emulator/finding.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/emulator/shim/cuda_runtime_api.h"

namespace moonpool::emulator {
namespace {

constexpr int kExitStatus = 70;

FindingTrap* current_trap = nullptr;

void fail_at_exit() {
  static bool registered = false;
  if (registered) return;
  registered = true;
  std::atexit([] {
    std::fflush(nullptr);
    std::_Exit(kExitStatus);
  });
}

}  // namespace

std::string to_string(const uint3& index) {
  std::string text = "(";
  text += std::to_string(index.x) + ", " + std::to_string(index.y) + ", ";
  return text + std::to_string(index.z) + ")";
}

void report(Finding finding) {
  if (current_trap != nullptr) {
    current_trap->findings_.push_back(std::move(finding));
    return;
  }
  std::fprintf(stderr, "emulator: %s\n", finding.text.c_str());
  fail_at_exit();
}

void report_unchecked(cudaError error) noexcept {
  report({.kind = Finding::Kind::kUncheckedError,
          .text = std::string("a CUDA call returned ") + cudaGetErrorName(error) +
                  " and nobody looked at it",
          .kernel = {}});
}

FindingTrap::FindingTrap() { current_trap = this; }
FindingTrap::~FindingTrap() { current_trap = nullptr; }

bool FindingTrap::caught(Finding::Kind kind) const {
  return std::any_of(findings_.begin(), findings_.end(),
                     [kind](const Finding& finding) { return finding.kind == kind; });
}

}  // namespace moonpool::emulator
