#include "tests/emulator/device/fibre.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace moonpool::emulator {
namespace {

namespace context = boost::context::detail;

constexpr std::size_t kGuardBytes = 4096;

thread_local ParkedStack scheduler;
thread_local Fibre* started = nullptr;

// Address sanitizer keeps track of the stack that is in use; elsewhere these two are nothing.
void announce_switch([[maybe_unused]] void** keep, [[maybe_unused]] const ParkedStack& to) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(keep, to.stack, to.bytes);
#endif
}

// `from` is the stack that was left.
void note_switch([[maybe_unused]] void* kept, [[maybe_unused]] ParkedStack& from) {
#if defined(__SANITIZE_ADDRESS__)
  const void* stack = nullptr;
  std::size_t bytes = 0;
  __sanitizer_finish_switch_fiber(kept, &stack, &bytes);
  if (&from == &scheduler) scheduler = {from.context, stack, bytes};
#endif
}

void arrive(void* kept, const context::transfer_t& from) {
  auto* left = static_cast<ParkedStack*>(from.data);
  left->context = from.fctx;
  note_switch(kept, *left);
}

/// Leaves the stack in use, to be known as `from`, for `to`; returns when somebody goes back to it.
void switch_stacks(ParkedStack& from, const ParkedStack& to) {
  void* kept = nullptr;
  announce_switch(&kept, to);
  arrive(kept, context::jump_fcontext(to.context, &from));
}

void* make_stack() {
  void* range = mmap(nullptr, kGuardBytes + Fibre::kStackBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (range == MAP_FAILED || mprotect(range, kGuardBytes, PROT_NONE) != 0) {
    std::perror("emulator: no memory for a thread's stack");
    std::abort();
  }
  return static_cast<std::byte*>(range) + kGuardBytes;
}

}  // namespace

void Fibre::start(context::transfer_t from) {
  arrive(nullptr, from);
  started->entry_();
}

void Fibre::prepare(Entry entry) {
  if (place_.context != nullptr) return;
  entry_ = entry;
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(place_.stack, kStackBytes);  // left by what was forgotten
#endif
  auto* const bottom = static_cast<std::byte*>(const_cast<void*>(place_.stack));
  place_.context = context::make_fcontext(bottom + top_, top_, &Fibre::start);
  started = this;
}

void Fibre::resume(Entry entry) {
  prepare(entry);
  switch_stacks(scheduler, place_);
}

void Fibre::park() { switch_stacks(place_, scheduler); }

void Fibre::hand_over(Fibre& next, Entry entry) {
  next.prepare(entry);
  switch_stacks(place_, next.place_);
}

FibrePool& FibrePool::instance() {
  thread_local auto* const pool = new FibrePool;
  return *pool;
}

Fibre* FibrePool::take() {
  if (idle_.empty()) {
    all_.push_back(new Fibre(make_stack(), all_.size()));
    return all_.back();
  }
  Fibre* fibre = idle_.back();
  idle_.pop_back();
  return fibre;
}

bool FibrePool::is_guard(const void* address) const {
  const auto* byte = static_cast<const std::byte*>(address);
  return std::any_of(all_.begin(), all_.end(), [byte](const Fibre* fibre) {
    return byte < fibre->stack() && byte >= fibre->stack() - kGuardBytes;
  });
}

}  // namespace moonpool::emulator
