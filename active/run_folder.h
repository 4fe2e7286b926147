// The folder of a run, from which it goes on when it was killed at any moment.
//
//   config.toml           everything that decides the result (active/run_config.h)
//   rounds.jsonl          a RoundRecord per line
//   queries.jsonl         per round, the examples asked for, in the order chosen
//   probe.jsonl           with --probe, what active/probe.h saw of the first round
//   timings.jsonl         seconds of each round's phases; the only file that differs from run to
//                         run. Where a run was killed, it has those of the work that was kept
//   round-N.safetensors   the state after N rounds, of the newest two; none once the run is done
//   epoch.safetensors     the state inside the round after them
//   .lock                 held by the process that works here
//
// A state holds the records, too, and is written before them: whatever an interruption leaves, the
// newest state that is whole says all. Each file is written beside its place, flushed and renamed.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "active/folder_lock.h"
#include "active/run_checkpoint.h"
#include "active/run_config.h"

namespace moonpool {

/// One line of rounds.jsonl, without the line break.
std::string round_json(const RoundRecord& record);

/// Adds a round's line to each of the texts.
void append(RunRecords& records, const RoundRecord& record, const RoundTimings& timings);

/// Whether the folder holds a run.
bool holds_run(const std::filesystem::path& folder);

/// The configuration of the run in a folder. An Error if it is damaged or there is none.
RunConfig stored_run_config(const std::filesystem::path& folder);

/// Whether the run of that configuration, with its folder there, is probed: as it was begun, or, if
/// it was not begun, as the configuration says. An Error if a probe is asked for and the run was
/// begun without: its first round is not looked at any more.
bool is_probed(const RunConfig& config, const std::filesystem::path& folder);

/// How many rounds of the run in a folder are in its records.
int64_t rounds_done(const std::filesystem::path& folder);

/// Whether there are states or half-written files in a folder.
bool has_leftovers(const std::filesystem::path& folder);

/// A run's folder and the right to write into it.
class RunFolder {
 public:
  /// Makes the folder if need be, and takes its lock; nothing if another process has it.
  static std::optional<RunFolder> try_open(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return path_; }

  /// Makes it the folder of that run: writes config.toml, or checks that there is one with the same
  /// identity. Only what is in its section [local] may differ, and then the new text is written.
  void begin(const RunConfig& config);
  /// Removes all files of a run.
  void clear();

  /// The state to go on from: the newest that is whole. `warn` is told of each that is not, in one
  /// line. Nothing if there is none.
  std::optional<RunCheckpoint> latest(const std::function<void(const std::string&)>& warn) const;

  /// Keeps a state between rounds, writes its records, and removes what it replaces.
  void keep_round(RunCheckpoint& checkpoint);
  /// Keeps a state inside a round.
  void keep_epoch(RunCheckpoint& checkpoint);
  void write_records(const RunRecords& records);
  /// Removes the states of a run that is done, and what interruptions have left.
  void finish();

 private:
  RunFolder(std::filesystem::path path, FolderLock lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  FolderLock lock_;
  std::string identity_;
};

}  // namespace moonpool
