#include "active/report/gnuplot.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

extern char** environ;

namespace moonpool {
namespace {

/// A nameless file that vanishes with its handle. Files and not pipes: no reader can fall behind.
struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using ScratchFile = std::unique_ptr<std::FILE, CloseFile>;

std::string read_from_start(std::FILE* file) {
  std::string bytes;
  char block[1 << 16];
  std::rewind(file);
  while (const std::size_t got = std::fread(block, 1, sizeof(block), file))
    bytes.append(block, got);
  return bytes;
}

bool write_and_rewind(std::FILE* file, const std::string& bytes) {
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  // The child shares the offset of the descriptor, not the buffer of the FILE.
  return written && std::fflush(file) == 0 && lseek(fileno(file), 0, SEEK_SET) == 0;
}

/// Starts gnuplot with the three files as its standard streams and waits for its end. Returns 0 or
/// the system's error number; `status` is what waitpid gives.
int spawn_and_wait(int in, int out, int err, int& status) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  // -d: the user's own settings (~/.gnuplot) stay out of the pictures.
  const char* arguments[] = {"gnuplot", "-d", "-", nullptr};
  pid_t child = 0;
  const int error = posix_spawnp(&child, arguments[0], &actions, nullptr,
                                 const_cast<char* const*>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return error;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

/// gnuplot repeats the line that it stumbled over and points at the place; what went wrong is in
/// the last line.
std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return "no message";
  const std::size_t newline = text.find_last_of('\n', end);
  const std::size_t begin = newline == std::string::npos ? 0 : newline + 1;
  return text.substr(begin, end + 1 - begin);
}

GnuplotResult failed(std::string why) {
  return {.drawn = false, .output = {}, .failure = std::move(why)};
}

}  // namespace

GnuplotResult run_gnuplot(const std::string& script) {
  const ScratchFile in(std::tmpfile());
  const ScratchFile out(std::tmpfile());
  const ScratchFile err(std::tmpfile());
  if (!in || !out || !err || !write_and_rewind(in.get(), script)) {
    return failed(fmt::format("no temporary file for gnuplot: {}", std::strerror(errno)));
  }
  int status = 0;
  const int error = spawn_and_wait(fileno(in.get()), fileno(out.get()), fileno(err.get()), status);
  // Where the system learns too late that there is no such program, the child ends with 127.
  if (error == ENOENT || (error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)) {
    return failed(
        "gnuplot was not found; on Debian and Ubuntu 'apt-get install gnuplot-nox' installs it");
  }
  if (error != 0) return failed(fmt::format("cannot start gnuplot: {}", std::strerror(error)));
  if (WIFSIGNALED(status)) {
    return failed(fmt::format("gnuplot was ended by signal {}", WTERMSIG(status)));
  }
  std::string output = read_from_start(out.get());
  if (WEXITSTATUS(status) != 0 || output.empty()) {
    return failed(fmt::format("gnuplot failed with exit status {}: {}", WEXITSTATUS(status),
                              last_line(read_from_start(err.get()))));
  }
  return {.drawn = true, .output = std::move(output), .failure = {}};
}

}  // namespace moonpool
