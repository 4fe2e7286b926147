#include "active/run_checkpoint.h"

#include <charconv>
#include <map>
#include <string_view>
#include <utility>

#include "data/download/checksum.h"
#include "kernels/runtime/error.h"

namespace moonpool {
namespace {

constexpr const char* kVersionKey = "moonpool_run_checkpoint";
constexpr const char* kVersion = "1";
constexpr const char* kDigestKey = "sha256";
constexpr const char* kProbeKey = "probe";  // only with a probe
constexpr const char* kLabelled = "pool.labelled";
constexpr std::string_view kExtraPrefix = "extra.";

template <class T>
void add_values(Sha256& hash, const std::vector<T>& values) {
  hash.add({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)});
}

/// Of everything in the file but the digest itself; lengths come before what they are lengths of.
std::string digest_of(const SafetensorsFile& file) {
  Sha256 hash;
  for (const auto& [key, value] : file.metadata) {
    if (key != kDigestKey) {
      hash.add(fmt::format("{} {} {} {};", key.size(), key, value.size(), value));
    }
  }
  // In a file arrays may have another order.
  std::map<std::string_view, const NamedArray*> by_name;
  for (const NamedArray& array : file.arrays) by_name[array.name] = &array;
  for (const auto& [name, array] : by_name) {
    hash.add(
        fmt::format("{} {} {} {};", name.size(), name, array->values.size(), array->counts.size()));
    add_values(hash, array->values);
    add_values(hash, array->counts);
  }
  return hash.finish();
}

int64_t whole(const std::string& text) {
  int64_t value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<int64_t> take_labelled(StateDict& arrays) {
  StateDict found = take_with_prefix(arrays, kLabelled);
  check(found.size() == 1 && found.front().name.empty(), "it has no array {}", kLabelled);
  return std::move(found.front().counts);
}

RunCheckpoint checkpoint_of(SafetensorsFile& file) {
  RunCheckpoint checkpoint;
  checkpoint.configuration = file.metadata.at("configuration");
  checkpoint.round = whole(file.metadata.at("round"));
  checkpoint.progress = file.metadata.at("progress");
  checkpoint.records = {.rounds = file.metadata.at("rounds"),
                        .queries = file.metadata.at("queries"),
                        .timings = file.metadata.at("timings"),
                        .probe = {}};
  const auto probe = file.metadata.find(kProbeKey);
  if (probe != file.metadata.end()) checkpoint.records.probe = probe->second;
  checkpoint.labelled = take_labelled(file.arrays);
  checkpoint.networks = take_network_state(file);
  checkpoint.extra = take_with_prefix(file.arrays, kExtraPrefix);
  check(file.arrays.empty(), "it has an array {}", file.arrays.front().name);
  return checkpoint;
}

}  // namespace

void write_run_checkpoint(const std::filesystem::path& path, const RunCheckpoint& checkpoint) {
  SafetensorsFile file;
  append(file, checkpoint.networks);
  append_with_prefix(file.arrays, kExtraPrefix, checkpoint.extra);
  const auto labelled = static_cast<int64_t>(checkpoint.labelled.size());
  file.arrays.push_back({kLabelled, {labelled}, {}, checkpoint.labelled});
  file.metadata.insert({{kVersionKey, kVersion},
                        {"configuration", checkpoint.configuration},
                        {"round", std::to_string(checkpoint.round)},
                        {"progress", checkpoint.progress},
                        {"rounds", checkpoint.records.rounds},
                        {"queries", checkpoint.records.queries},
                        {"timings", checkpoint.records.timings}});
  if (!checkpoint.records.probe.empty()) file.metadata[kProbeKey] = checkpoint.records.probe;
  file.metadata[kDigestKey] = digest_of(file);
  write_safetensors(path, file.arrays, file.metadata);
}

RunCheckpoint read_run_checkpoint(const std::filesystem::path& path) {
  SafetensorsFile file = read_safetensors(path);
  const auto version = file.metadata.find(kVersionKey);
  check(version != file.metadata.end(), "'{}' is no checkpoint of a run", path.string());
  check(version->second == kVersion, "'{}' is a checkpoint of version {}; expected {}",
        path.string(), version->second, kVersion);
  check(file.metadata[kDigestKey] == digest_of(file),
        "'{}' is damaged: its SHA-256 is not the one that it says", path.string());
  try {
    return checkpoint_of(file);
  } catch (const Error& error) {
    fail("'{}' is a damaged checkpoint: {}", path.string(), error.what());
  } catch (const std::exception&) {  // a key that is missing
    fail("'{}' is a damaged checkpoint: its metadata are not complete", path.string());
  }
}

}  // namespace moonpool
