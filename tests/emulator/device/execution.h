// Runs the threads of a block, each on a fibre, until all have ended or one made a mistake.
#pragma once

#include <deque>
#include <source_location>
#include <vector>

#include "tests/emulator/device/fibre.h"
#include "tests/emulator/finding.h"
#include "tests/emulator/shim/cuda_runtime.h"

namespace moonpool::emulator {

inline constexpr unsigned kWarp = 32;

/// A kernel and its arguments, with the shape of the grid.
struct Launch {
  KernelCall call;
  dim3 grid;
  dim3 block;
  std::size_t dynamic_shared = 0;
};

struct Thread {
  enum class State { kNotStarted, kRunning, kReady, kAtBarrier, kInWarpOp, kEnded };

  uint3 index;
  unsigned number = 0;  // linear
  State state = State::kNotStarted;
  Fibre* fibre = nullptr;

  // What it waits for, and then what came of it.
  std::source_location where;
  BarrierKind barrier = BarrierKind::kPlain;
  WarpOp op = WarpOp::kSync;
  unsigned mask = 0;
  uint64_t value = 0;
  int parameter = 0;
  int width = 0;
  uint64_t result = 0;

  unsigned lane() const { return number % kWarp; }
  unsigned warp() const { return number / kWarp; }
};

/// Of the calling host thread; null unless it runs a kernel.
Thread* current_thread();

/// One block of a launch.
class Block {
 public:
  Block(const Launch& launch, const uint3& index);
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  /// False if a thread made a mistake, which has been reported then.
  bool run();

  // For the functions that kernels call, on a fibre.
  int barrier(BarrierKind kind, int predicate, const std::source_location& where);
  uint64_t warp_collective(WarpOp op, unsigned mask, uint64_t value, int parameter, int width,
                           const std::source_location& where);
  unsigned active_mask() const;
  /// Reports a mistake of the current thread, which `describe` puts in words, and ends the block.
  /// The thread stops where it is and is never unwound, so callers must not own memory.
  template <class Describe>
  [[noreturn]] void fail(Finding::Kind kind, const Describe& describe) {
    report_for(*current_thread(), kind, describe());
    abandon_thread();
  }

  const Launch& launch() const { return launch_; }
  const uint3& index() const { return index_; }
  Finding::Kind mistake() const { return mistake_; }

 private:
  static void run_on_fibre();
  void start_order();
  void run_threads();
  static void enter(Thread& thread);
  Thread* next_to_run();
  Thread* next_to_start();
  void wait(Thread& thread, Thread::State state);
  void leave(Fibre& fibre);
  void wake(Thread& thread);
  void end(Thread& thread);
  void open_barrier_if_complete();
  void finish_warp_op_if_complete(unsigned warp, unsigned mask);
  void finish_warp_ops_after_end(const Thread& ended);
  bool agree(const std::vector<Thread*>& members);
  bool give_results(const std::vector<Thread*>& members);
  [[noreturn]] void abandon_thread();
  void report_deadlock();
  void report_for(const Thread& thread, Finding::Kind kind, const std::string& what);
  Thread& lane_of(unsigned warp, unsigned lane) { return threads_[warp * kWarp + lane]; }

  struct Warp {  // lanes, as bits
    unsigned waiting = 0;
    unsigned ended = 0;
  };

  const Launch& launch_;
  uint3 index_;
  std::vector<Thread> threads_;
  std::vector<Warp> warps_;
  std::vector<unsigned> order_;
  std::vector<Thread*> members_;  // of the warp operation at hand
  std::size_t started_ = 0;
  std::size_t live_ = 0;
  std::size_t at_barrier_ = 0;
  std::deque<Thread*> ready_;
  bool failed_ = false;
  Finding::Kind mistake_{};
};

/// Of the calling host thread; null unless it runs a kernel.
Block* current_block();

std::string kernel_name(const Thread& thread);
uint3 block_of(const Thread& thread);
bool is_stack_guard(const void* address);

}  // namespace moonpool::emulator
