// Starts one of the project's programs as a person would, and keeps what it said.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "kernels/runtime/atomic_file.h"
#include "kernels/runtime/error.h"
#include "tests/data/scratch.h"

namespace moonpool {

struct ProgramResult {
  int status = -1;
  std::string out;
  std::string err;

  int64_t error_lines() const { return std::count(err.begin(), err.end(), '\n'); }
};

/// Runs `MOONPOOL_BIN_DIR/arguments` in a shell; `arguments` begins with the program's name.
inline ProgramResult run_program_line(const std::string& arguments) {
  const ScratchFolder scratch;
  const std::string command = fmt::format("{}/{} >'{}' 2>'{}'", MOONPOOL_BIN_DIR, arguments,
                                          (scratch / "out").string(), (scratch / "err").string());
  const int status = std::system(command.c_str());  // NOLINT(bugprone-command-processor)
  ProgramResult result;
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result.out = read_file(scratch / "out");
  result.err = read_file(scratch / "err");
  return result;
}

inline void expect_words(const std::string& text, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    EXPECT_NE(text.find(word), std::string::npos) << "no '" << word << "' in " << text;
  }
}

/// The program must have ended with `status` and one line that has all of `words`.
inline void expect_failure(const ProgramResult& result, int status,
                           const std::vector<std::string>& words) {
  EXPECT_EQ(result.status, status) << result.err;
  EXPECT_EQ(result.error_lines(), 1) << result.err;
  expect_words(result.err, words);
}

/// The same of `moonpool ARGUMENTS`.
inline void expect_line(const std::string& arguments, int status,
                        const std::vector<std::string>& words) {
  SCOPED_TRACE("moonpool " + arguments);
  expect_failure(run_program_line("moonpool " + arguments), status, words);
}

/// What `moonpool ARGUMENTS` says on standard output; it must succeed.
inline std::string succeed(const std::string& arguments) {
  const ProgramResult result = run_program_line("moonpool " + arguments);
  EXPECT_EQ(result.status, 0) << "moonpool " << arguments << "\n" << result.err;
  return result.out;
}

/// A CIFAR-10 folder of `records` images a file: the official layout, with synthetic pixels.
inline void write_small_cifar10(const std::filesystem::path& folder, int records) {
  create_directories_or_fail(folder);
  for (int file = 0; file < 6; ++file) {
    std::string bytes;
    for (int i = 0; i < records; ++i) {
      const int label = (i + file) % 10;
      bytes.push_back(static_cast<char>(label));
      for (int p = 0; p < 3072; ++p)
        bytes.push_back(static_cast<char>((p * 7 + label * 25 + i) % 251));
    }
    const std::string name =
        file == 5 ? "test_batch.bin" : fmt::format("data_batch_{}.bin", file + 1);
    write_file_atomically(folder / name, bytes);
  }
}

}  // namespace moonpool
