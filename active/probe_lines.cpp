#include "active/probe_lines.h"

#include <nlohmann/json.hpp>

namespace moonpool {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const OriginMeans& means) {
  return {{"examples", means.examples},
          {"loss", means.loss},
          {"gradient", means.gradient},
          {"lh", means.difference}};
}

OriginMeans origin_means(const Json& json) {
  return {.examples = json.at("examples").get<int64_t>(),
          .loss = json.at("loss").get<double>(),
          .gradient = json.at("gradient").get<double>(),
          .difference = json.at("lh").get<double>()};
}

Json to_json(const DifferenceMean& mean) {
  return {{"examples", mean.examples}, {"lh", mean.difference}};
}

DifferenceMean difference_mean(const Json& json) {
  return {.examples = json.at("examples").get<int64_t>(),
          .difference = json.at("lh").get<double>()};
}

Json line_of(const ProbeEpoch& epoch) {
  return {{"round", 0},
          {"epoch", epoch.epoch},
          {"clean", to_json(epoch.clean)},
          {"noisy", to_json(epoch.noisy)}};
}

Json line_of(const ProbeAcquisition& acquisition) {
  return {{"round", 0},
          {"acquisition",
           {{"noisy", to_json(acquisition.noisy)},
            {"clean_easy", to_json(acquisition.easy)},
            {"clean_hard", to_json(acquisition.hard)}}}};
}

}  // namespace

std::string probe_json(const ProbeRecord& record) {
  return std::visit([](const auto& kind) { return line_of(kind).dump(); }, record);
}

void add_probe_line(const Json& line, ProbeSummary& summary) {
  if (!line.contains("acquisition")) {
    summary.epochs.push_back({.epoch = line.at("epoch").get<int64_t>(),
                              .clean = origin_means(line.at("clean")),
                              .noisy = origin_means(line.at("noisy"))});
    return;
  }
  const Json& groups = line.at("acquisition");
  summary.acquisition = {.noisy = difference_mean(groups.at("noisy")),
                         .easy = difference_mean(groups.at("clean_easy")),
                         .hard = difference_mean(groups.at("clean_hard"))};
}

}  // namespace moonpool
