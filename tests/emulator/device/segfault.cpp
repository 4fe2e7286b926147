#include "tests/emulator/device/segfault.h"

#include <execinfo.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "tests/emulator/device/execution.h"
#include "tests/emulator/device/memory.h"

namespace moonpool::emulator {
namespace {

constexpr int kExitStatus = 70;

struct sigaction previous;

// The process is lost, so what is not safe in a handler (formatting, allocation) may be tried.
void handle(int signal, siginfo_t* info, void* context) {
  const DeviceMemory& memory = DeviceMemory::instance();
  const bool on_device = memory.contains(info->si_addr);
  const Thread* thread = current_thread();
  if (!on_device && thread == nullptr) {
    sigaction(signal, &previous, nullptr);  // not ours: the access happens again, and is reported
    (void)context;
    return;
  }
  if (thread != nullptr) {
    std::fprintf(stderr, "emulator: kernel %s, block %s, thread %s: invalid access to %p (%s)\n",
                 kernel_name(*thread).c_str(), to_string(block_of(*thread)).c_str(),
                 to_string(thread->index).c_str(), info->si_addr,
                 is_stack_guard(info->si_addr) ? "the thread's stack is used up"
                                               : memory.describe(info->si_addr).c_str());
  } else {
    std::fprintf(stderr, "emulator: the host touches device memory: %s\n",
                 memory.describe(info->si_addr).c_str());
  }
  void* frames[32];
  backtrace_symbols_fd(frames, backtrace(frames, 32), STDERR_FILENO);
  std::_Exit(kExitStatus);
}

}  // namespace

void install_segfault_handler() {
  // A stack of its own: the thread's may be what is used up.
  constexpr std::size_t kStackBytes = std::size_t{1} << 18;
  static void* const memory = std::malloc(kStackBytes);
  stack_t stack{};
  stack.ss_sp = memory;
  stack.ss_size = kStackBytes;
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_sigaction = handle;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, &previous);
}

}  // namespace moonpool::emulator
