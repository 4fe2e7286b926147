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

// Address sanitizer keeps track of the stack that is in use; elsewhere these are nothing.
void leave_stack([[maybe_unused]] void** keep, [[maybe_unused]] const void* to,
                 [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(keep, to, bytes);
#endif
}

void enter_stack([[maybe_unused]] void* kept, [[maybe_unused]] const void** from,
                 [[maybe_unused]] std::size_t* bytes) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(kept, from, bytes);
#endif
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
  auto* fibre = static_cast<Fibre*>(from.data);
  fibre->scheduler_ = from.fctx;
  enter_stack(nullptr, &fibre->scheduler_stack_, &fibre->scheduler_stack_bytes_);
  fibre->entry_();
}

void Fibre::resume(Entry entry) {
  if (context_ == nullptr) {
    entry_ = entry;
#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region(stack_, kStackBytes);  // left by what was forgotten
#endif
    context_ = context::make_fcontext(static_cast<std::byte*>(stack_) + top_, top_, &Fibre::start);
  }
  void* kept = nullptr;
  leave_stack(&kept, stack_, kStackBytes);
  const context::transfer_t back = context::jump_fcontext(context_, this);
  enter_stack(kept, nullptr, nullptr);
  context_ = back.fctx;
}

void Fibre::park() {
  void* kept = nullptr;
  leave_stack(&kept, scheduler_stack_, scheduler_stack_bytes_);
  const context::transfer_t back = context::jump_fcontext(scheduler_, nullptr);
  enter_stack(kept, &scheduler_stack_, &scheduler_stack_bytes_);
  scheduler_ = back.fctx;
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
