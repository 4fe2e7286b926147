#include "active/cli/augment_calls.h"

#include <charconv>
#include <cmath>

#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

std::string names_of_operations() {
  std::string names;
  for (const AugmentOperationInfo& operation : kAugmentOperationInfos) {
    names += (names.empty() ? "" : ", ") + std::string(operation.name);
  }
  return names;
}

AugmentOperation parse_name(std::string_view name) {
  for (int i = 0; i < kAugmentOperations; ++i) {
    if (kAugmentOperationInfos[i].name == name) return static_cast<AugmentOperation>(i);
  }
  fail_usage("--ops: '{}' is no operation; expected one of {}", name, names_of_operations());
}

AugmentCall parse_call(std::string_view part) {
  const std::size_t colon = part.find(':');
  AugmentCall call{parse_name(part.substr(0, colon)), 0.0};
  const AugmentOperationInfo& operation = info(call.operation);
  if (!operation.takes_magnitude) {
    if (colon != std::string_view::npos) {
      fail_usage("--ops: {} takes no magnitude, but '{}' has one", operation.name, part);
    }
    return call;
  }
  if (colon == std::string_view::npos) {
    fail_usage("--ops: {} needs a magnitude from {} to {}, as in {}:{}", operation.name,
               operation.least, operation.most, operation.name, operation.most);
  }
  const std::string_view number = part.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), call.magnitude);
  if (error != std::errc() || end != number.data() + number.size() ||
      !(call.magnitude >= operation.least && call.magnitude <= operation.most)) {
    fail_usage("--ops: '{}' is no magnitude of {}; expected a number from {} to {}", number,
               operation.name, operation.least, operation.most);
  }
  return call;
}

}  // namespace

std::vector<AugmentCall> parse_augment_calls(std::string_view text) {
  std::vector<AugmentCall> calls;
  for (std::size_t start = 0;;) {
    const std::size_t comma = text.find(',', start);
    calls.push_back(parse_call(text.substr(start, comma - start)));
    if (comma == std::string_view::npos) break;
    start = comma + 1;
  }
  if (calls.size() > static_cast<std::size_t>(kMostOperations)) {
    fail_usage("--ops: {} operations; expected at most {}", calls.size(), kMostOperations);
  }
  return calls;
}

std::string augment_calls_help() {
  std::string text;
  for (const AugmentOperationInfo& operation : kAugmentOperationInfos) {
    text += (text.empty() ? "" : ", ") + std::string(operation.name);
    if (operation.takes_magnitude) text += fmt::format(":{}..{}", operation.least, operation.most);
  }
  return text;
}

std::string record_of(const AugmentDraw& draw) {
  std::string calls;
  for (const AugmentCall& call : draw.calls) {
    calls += fmt::format("{}[\"{}\",{}]", calls.empty() ? "" : ",", info(call.operation).name,
                         call.magnitude);
  }
  const AugmentBox& hole = draw.hole;
  return fmt::format("{{\"flip\":{},\"operations\":[{}],\"hole\":[{},{},{},{}]}}\n", draw.flip,
                     calls, hole.top, hole.bottom, hole.left, hole.right);
}

}  // namespace moonpool
