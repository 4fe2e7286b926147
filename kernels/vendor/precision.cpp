#include "kernels/vendor/precision.h"

#include "kernels/runtime/error.h"

namespace moonpool {

std::string name(Precision precision) {
  switch (precision) {
    case Precision::kFp32:
      return "fp32";
    case Precision::kTf32:
      return "tf32";
    case Precision::kBf16:
      return "bf16";
  }
  fail("no precision has the number {}", static_cast<int>(precision));
}

Precision parse_precision(const std::string& text) {
  for (const Precision precision : {Precision::kFp32, Precision::kTf32, Precision::kBf16}) {
    if (text == name(precision)) return precision;
  }
  fail_usage("--precision {}: unknown precision; expected fp32, tf32 or bf16", text);
}

}  // namespace moonpool
