// Starts `moonpool train` for tests that kill it.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/programs/program_runner.h"

namespace moonpool {

/// A program that runs beside the test. Arguments are separated by spaces; nothing is quoted.
class BackgroundProgram {
 public:
  explicit BackgroundProgram(const std::string& arguments) {
    std::vector<std::string> words;
    std::istringstream stream(fmt::format("{}/{}", MOONPOOL_BIN_DIR, arguments));
    for (std::string word; stream >> word;) words.push_back(word);
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    process_ = fork();
    if (process_ != 0) return;
    const int nothing = open("/dev/null", O_WRONLY);
    dup2(nothing, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    execv(pointers.front(), pointers.data());
    _exit(127);
  }
  BackgroundProgram(const BackgroundProgram&) = delete;
  BackgroundProgram& operator=(const BackgroundProgram&) = delete;
  ~BackgroundProgram() { kill_now(); }

  bool is_running() {
    if (!ended_ && waitpid(process_, &status_, WNOHANG) == process_) ended_ = true;
    return !ended_;
  }

  /// SIGKILL: the program cannot do anything about it. Whether that is what ended it.
  bool kill_now() {
    if (!ended_) {
      kill(process_, SIGKILL);
      waitpid(process_, &status_, 0);
      ended_ = true;
    }
    return WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL;
  }

 private:
  pid_t process_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

}  // namespace moonpool
