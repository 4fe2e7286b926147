// Fibres: stacks on which the threads of a block run, one at a time.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <vector>

namespace moonpool::emulator {

/// A stack that is not in use: where to go on with it, and where it lies.
struct ParkedStack {
  boost::context::detail::fcontext_t context = nullptr;
  // For the address sanitizer, which wants to know on which stack the program is.
  const void* stack = nullptr;
  std::size_t bytes = 0;
};

/// Runs one entry function; can be left in the middle and taken up again, or forgotten.
class Fibre {
 public:
  static constexpr std::size_t kStackBytes = std::size_t{64} << 10;

  using Entry = void (*)();

  Fibre(void* stack, std::size_t number)
      : place_{nullptr, stack, kStackBytes}, top_(kStackBytes - offset(number)) {}

  /// Goes on with what runs on this fibre (at first `entry`, which never returns) until a fibre
  /// parks. To be called by the scheduler, not from a fibre.
  void resume(Entry entry);
  /// Goes back to the scheduler. To be called on this fibre.
  void park();
  /// Goes on with `next` as resume does, past the scheduler. To be called on this fibre.
  void hand_over(Fibre& next, Entry entry);
  /// Whatever ran on it will never be resumed.
  void forget() { place_.context = nullptr; }

  const std::byte* stack() const { return static_cast<const std::byte*>(place_.stack); }

 private:
  // Stacks that all began at the same place of a page would share a few lines of the cache.
  static std::size_t offset(std::size_t number) { return number * 5 % 128 * 64; }

  static void start(boost::context::detail::transfer_t from);
  void prepare(Entry entry);

  ParkedStack place_;
  std::size_t top_;  // where it begins, growing down
  Entry entry_ = nullptr;
};

/// The fibres of the calling host thread. They are made on demand and kept.
class FibrePool {
 public:
  static FibrePool& instance();
  Fibre* take();
  void put_back(Fibre* fibre) { idle_.push_back(fibre); }

  /// Whether `address` lies in the page below a fibre's stack.
  bool is_guard(const void* address) const;

 private:
  std::vector<Fibre*> all_;
  std::vector<Fibre*> idle_;
};

}  // namespace moonpool::emulator
