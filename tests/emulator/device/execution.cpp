#include "tests/emulator/device/execution.h"

#include <algorithm>
#include <numeric>

#include "tests/emulator/device/access.h"
#include "tests/emulator/device/shared_memory.h"
#include "tests/emulator/device/symbols.h"
#include "tests/emulator/options.h"

namespace moonpool::emulator {
namespace {

thread_local Block* the_block = nullptr;
thread_local Thread* the_thread = nullptr;

std::string place(const std::source_location& where) {
  const std::string path = where.file_name();
  return path.substr(path.find_last_of('/') + 1) + ":" + std::to_string(where.line());
}

bool same_place(const std::source_location& a, const std::source_location& b) {
  return a.line() == b.line() && std::string_view(a.file_name()) == b.file_name();
}

}  // namespace

Block* current_block() { return the_block; }
Thread* current_thread() { return the_thread; }
std::string kernel_name(const Thread&) { return symbol_name(the_block->launch().call.kernel); }
uint3 block_of(const Thread&) { return the_block->index(); }
bool is_stack_guard(const void* address) { return FibrePool::instance().is_guard(address); }

Block::Block(const Launch& launch, const uint3& index)
    : launch_(launch),
      index_(index),
      threads_(std::size_t{launch.block.x} * launch.block.y * launch.block.z),
      warps_((threads_.size() + kWarp - 1) / kWarp),
      order_(threads_.size()),
      live_(threads_.size()) {
  for (unsigned i = 0; i < threads_.size(); ++i) {
    threads_[i].number = i;
    threads_[i].index = {i % launch.block.x, i / launch.block.x % launch.block.y,
                         i / launch.block.x / launch.block.y};
  }
  // Lanes that the last warp lacks are not waited for.
  if (threads_.size() % kWarp != 0) warps_.back().ended = ~0u << threads_.size() % kWarp;
  start_order();
}

void Block::start_order() {
  std::iota(order_.begin(), order_.end(), 0u);
  if (options().order == Order::kReverse) std::reverse(order_.begin(), order_.end());
  if (options().order == Order::kSeeded) {
    std::shuffle(order_.begin(), order_.end(), random_bits());
  }
}

bool Block::run() {
  the_block = this;
  SharedMemory::instance().begin_block(launch_.dynamic_shared);
  while (!failed_ && live_ > 0) {
    Thread* thread = next_to_run();
    if (thread == nullptr) {
      report_deadlock();
      break;
    }
    enter(*thread);
    thread->fibre->resume(&Block::run_on_fibre);
    watched_stack = nullptr;
    the_thread = nullptr;
  }
  for (Thread& thread : threads_) {
    if (thread.fibre == nullptr) continue;
    thread.fibre->forget();  // the block ended badly; kernels own nothing that must be destroyed
    FibrePool::instance().put_back(thread.fibre);
  }
  the_block = nullptr;
  the_thread = nullptr;
  return !failed_;
}

// The thread whose turn it is, on a fibre; null if nobody can go on. Threads that have run before
// come first, so that few fibres are in use at a time.
Thread* Block::next_to_run() {
  Thread* next = nullptr;
  if (!ready_.empty()) {
    next = ready_.front();
    ready_.pop_front();
  } else {
    next = next_to_start();
    if (next != nullptr) next->fibre = FibrePool::instance().take();
  }
  return next;
}

void Block::enter(Thread& thread) {
  the_thread = &thread;
  watched_stack = thread.fibre->stack();
}

Thread* Block::next_to_start() {
  return started_ < order_.size() ? &threads_[order_[started_++]] : nullptr;
}

// The body of every fibre, through all blocks and launches.
void Block::run_on_fibre() {
  for (;;) {
    the_block->run_threads();
  }
}

// Runs the thread that this fibre was resumed for and, while nobody else can go on, one new thread
// after the other: a kernel without barriers needs no switch at all.
void Block::run_threads() {
  Fibre* fibre = the_thread->fibre;
  while (the_thread != nullptr) {
    Thread& thread = *the_thread;
    thread.state = Thread::State::kRunning;
    launch_.call.run(launch_.call.kernel, launch_.call.arguments.get());
    thread.fibre = nullptr;
    end(thread);
    the_thread = ready_.empty() && !failed_ ? next_to_start() : nullptr;
    if (the_thread != nullptr) the_thread->fibre = fibre;
  }
  FibrePool::instance().put_back(fibre);
  leave(*fibre);
}

void Block::wait(Thread& thread, Thread::State state) {
  thread.state = state;
  leave(*thread.fibre);
  thread.state = Thread::State::kRunning;
}

// Goes on with whoever can; with the scheduler if nobody can.
void Block::leave(Fibre& fibre) {
  Thread* next = failed_ ? nullptr : next_to_run();
  if (next == nullptr) return fibre.park();
  enter(*next);
  fibre.hand_over(*next->fibre, &Block::run_on_fibre);
}

void Block::wake(Thread& thread) {
  if (&thread == the_thread || thread.state == Thread::State::kReady) return;
  thread.state = Thread::State::kReady;
  if (options().order == Order::kSeeded && !ready_.empty()) {
    const auto position = random_bits()() % (ready_.size() + 1);
    ready_.insert(ready_.begin() + static_cast<std::ptrdiff_t>(position), &thread);
  } else {
    ready_.push_back(&thread);
  }
}

void Block::end(Thread& thread) {
  thread.state = Thread::State::kEnded;
  --live_;
  if (at_barrier_ > 0) open_barrier_if_complete();
  finish_warp_ops_after_end(thread);
}

int Block::barrier(BarrierKind kind, int predicate, const std::source_location& where) {
  Thread& thread = *the_thread;
  thread.where = where;
  thread.barrier = kind;
  thread.value = predicate != 0 ? 1 : 0;
  thread.state = Thread::State::kAtBarrier;
  ++at_barrier_;
  open_barrier_if_complete();
  if (thread.state == Thread::State::kAtBarrier) wait(thread, Thread::State::kAtBarrier);
  return static_cast<int>(thread.result);
}

// A barrier counts live threads: those that have ended are not waited for.
void Block::open_barrier_if_complete() {
  if (at_barrier_ < live_) return;
  const Thread* first = nullptr;
  uint64_t count = 0;
  for (const Thread& thread : threads_) {
    if (thread.state != Thread::State::kAtBarrier) continue;
    if (first == nullptr) first = &thread;
    count += thread.value;
    if (!same_place(thread.where, first->where)) {
      report_for(thread, Finding::Kind::kDivergentBarrier,
                 "divergent barrier: it waits at " + place(thread.where) + ", thread " +
                     to_string(first->index) + " at " + place(first->where));
      if (the_thread->state != Thread::State::kEnded) the_thread->fibre->park();
      return;
    }
  }
  const uint64_t result = first->barrier == BarrierKind::kAnd  ? (count == at_barrier_ ? 1 : 0)
                          : first->barrier == BarrierKind::kOr ? (count > 0 ? 1 : 0)
                                                               : count;
  at_barrier_ = 0;
  SharedMemory::instance().begin_interval();
  for (Thread& thread : threads_) {
    if (thread.state != Thread::State::kAtBarrier) continue;
    thread.result = result;
    thread.state = Thread::State::kRunning;
    wake(thread);
  }
}

void Block::report_deadlock() {
  const auto stuck = std::find_if(threads_.begin(), threads_.end(), [](const Thread& thread) {
    return thread.state == Thread::State::kInWarpOp;
  });
  const auto at_barrier = std::find_if(threads_.begin(), threads_.end(), [](const Thread& thread) {
    return thread.state == Thread::State::kAtBarrier;
  });
  if (stuck == threads_.end()) {
    report_for(*at_barrier, Finding::Kind::kDivergentBarrier, "it waits at a barrier for ever");
    return;
  }
  std::string what = "it waits for ever at " + place(stuck->where) + " for lanes that never come";
  if (at_barrier != threads_.end()) {
    what += "; thread " + to_string(at_barrier->index) + " is at the barrier " +
            place(at_barrier->where);
  }
  report_for(
      *stuck,
      at_barrier != threads_.end() ? Finding::Kind::kDivergentBarrier : Finding::Kind::kLaneMask,
      what);
}

void Block::report_for(const Thread& thread, Finding::Kind kind, const std::string& what) {
  const std::string kernel = symbol_name(launch_.call.kernel);
  report({.kind = kind,
          .text = "kernel " + kernel + ", block " + to_string(index_) + ", thread " +
                  to_string(thread.index) + ": " + what,
          .kernel = kernel,
          .block = index_,
          .thread = thread.index});
  failed_ = true;
  mistake_ = kind;
}

void Block::abandon_thread() {
  for (;;) the_thread->fibre->park();
}

// What kernels call.

uint3 thread_index() { return the_thread->index; }
uint3 block_index() { return the_block->index(); }
uint3 block_size() { return the_block->launch().block; }
uint3 grid_size() { return the_block->launch().grid; }

int block_barrier(BarrierKind kind, int predicate, const std::source_location& where) {
  return the_block->barrier(kind, predicate, where);
}

uint64_t warp_collective(WarpOp op, unsigned mask, uint64_t value, int parameter, int width,
                         const std::source_location& where) {
  return the_block->warp_collective(op, mask, value, parameter, width, where);
}

unsigned active_mask() { return the_block->active_mask(); }

void trap() {
  the_block->fail(Finding::Kind::kTrap, [] { return "__trap()"; });
}

long long clock() {
  static long long ticks = 0;
  return ticks += 100;
}

}  // namespace moonpool::emulator
