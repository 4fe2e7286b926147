// Where benchmarks leave the arrays that they worked on, for other frameworks to do the same work
// and for bench/compare to see that both did.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace moonpool {

/// What MOONPOOL_BENCH_FOLDER names, a folder; empty: nothing is to be left.
inline std::filesystem::path bench_folder() {
  const char* const name = std::getenv("MOONPOOL_BENCH_FOLDER");
  return name == nullptr ? "" : name;
}

}  // namespace moonpool
