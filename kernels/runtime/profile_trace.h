// A profile as a file that chrome://tracing and Perfetto show.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/profile_recorder.h"

namespace moonpool::profile {

/// Writes the events of a recorder that has stopped as JSON ("Trace Event Format": an object with
/// complete events, times in microseconds). The thread and every CUDA stream have a row each.
/// `remarks` are names and texts about the whole.
void write_trace(const Recorder& recorder, const std::string& process,
                 const std::vector<std::pair<std::string, std::string>>& remarks, AtomicFile& file);

}  // namespace moonpool::profile
