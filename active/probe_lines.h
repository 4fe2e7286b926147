// The lines of probe.jsonl (active/run_folder.h).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "active/probe.h"

namespace moonpool {

/// One line, without the line break. An epoch:
///   {"round":0,"epoch":1,"clean":{"examples":..,"loss":..,"gradient":..,"lh":..},"noisy":{..}}
/// the choice:
///   {"round":0,"acquisition":{"noisy":{"examples":..,"lh":..},"clean_easy":{..},"clean_hard":{..}}}
std::string probe_json(const ProbeRecord& record);

/// Adds what such a line says. A JSON exception for one that is none.
void add_probe_line(const nlohmann::ordered_json& line, ProbeSummary& summary);

}  // namespace moonpool
