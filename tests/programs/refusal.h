// A program that is given something wrong: it says so in one line and leaves everything as it was.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/programs/program_runner.h"

namespace moonpool {

class RefusalTest : public testing::Test {
 protected:
  /// Runs `moonpool ARGUMENTS`, which must end with `status` and one line that has all of `words`,
  /// and must neither make nor change nor remove a file of the scratch folder.
  void expect_refusal(const std::string& arguments, int status,
                      const std::vector<std::string>& words) {
    const std::map<std::string, std::string> before = files();
    const ProgramResult result = run_program_line("moonpool " + arguments);
    SCOPED_TRACE("moonpool " + arguments + "\n" + result.err);
    EXPECT_EQ(result.status, status);
    EXPECT_EQ(result.error_lines(), 1);
    EXPECT_TRUE(result.err.starts_with("moonpool: "));
    expect_words(result.err, words);
    EXPECT_TRUE(files() == before) << "files were made, changed or lost";
  }

  /// What is in the scratch folder: paths, and what the files hold.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch_.path())) {
      const bool is_file = entry.symlink_status().type() == std::filesystem::file_type::regular;
      all[entry.path().string()] = is_file ? read_file(entry.path()) : "";
    }
    return all;
  }

  ScratchFolder scratch_;
};

}  // namespace moonpool
