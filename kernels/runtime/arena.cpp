#include "kernels/runtime/arena.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace moonpool {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kSmallestBlock = std::size_t{1} << 20;

std::size_t rounded(std::size_t bytes) {
  return (std::max<std::size_t>(bytes, 1) + kAlignment - 1) & ~(kAlignment - 1);
}

}  // namespace

std::byte* Arena::frontier() const {
  return static_cast<std::byte*>(blocks_.back().data()) + used_in_last_;
}

bool Arena::starts_block(const std::byte* pointer) const {
  return std::any_of(blocks_.begin(), blocks_.end(),
                     [&](const RawBuffer& block) { return block.data() == pointer; });
}

void* Arena::take_released(std::size_t bytes) {
  auto best = released_.end();
  std::size_t best_size = 0;
  for (auto range = released_.begin(); range != released_.end(); ++range) {
    const auto size = static_cast<std::size_t>(range->end - range->begin);
    if (size >= bytes && (best == released_.end() || size < best_size)) {
      best = range;
      best_size = size;
    }
  }
  if (best == released_.end()) return nullptr;
  std::byte* pointer = best->begin;
  best->begin += bytes;
  if (best->begin == best->end) released_.erase(best);
  return pointer;
}

void* Arena::allocate(std::size_t bytes) {
  const std::size_t wanted = rounded(bytes);
  in_use_ += wanted;
  peak_ = std::max(peak_, in_use_);
  if (void* pointer = take_released(wanted)) return pointer;
  if (blocks_.empty() || used_in_last_ + wanted > blocks_.back().bytes()) {
    used_before_last_ += used_in_last_;
    blocks_.emplace_back(device_, std::max({wanted, kSmallestBlock, capacity() / 4}));
    used_in_last_ = 0;
    ++generation_;
  }
  void* pointer = frontier();
  used_in_last_ += wanted;
  most_used_ = std::max(most_used_, used_before_last_ + used_in_last_);
  return pointer;
}

void Arena::release(void* pointer, std::size_t bytes, int64_t epoch) noexcept {
  if (epoch != epoch_) return;
  const std::size_t given = rounded(bytes);
  in_use_ -= given;
  Range freed{static_cast<std::byte*>(pointer), static_cast<std::byte*>(pointer) + given};
  auto next = std::lower_bound(
      released_.begin(), released_.end(), freed,
      [](const Range& a, const Range& b) { return std::less<>()(a.begin, b.begin); });
  // Neighbours become one range, unless they are of two blocks that touch by chance.
  if (next != released_.end() && next->begin == freed.end && !starts_block(next->begin)) {
    freed.end = next->end;
    next = released_.erase(next);
  }
  if (next != released_.begin() && std::prev(next)->end == freed.begin &&
      !starts_block(freed.begin)) {
    --next;
    freed.begin = next->begin;
    next = released_.erase(next);
  }
  if (freed.end == frontier() && used_in_last_ > 0) {
    used_in_last_ -= static_cast<std::size_t>(freed.end - freed.begin);
    return;
  }
  released_.insert(next, freed);
}

void Arena::rewind() {
  if (blocks_.size() > 1) {
    const std::size_t needed = most_used_;
    blocks_.clear();
    blocks_.emplace_back(device_, needed);
    ++generation_;
  }
  released_.clear();
  used_in_last_ = 0;
  used_before_last_ = 0;
  most_used_ = 0;
  in_use_ = 0;
  ++epoch_;
}

std::size_t Arena::capacity() const {
  std::size_t total = 0;
  for (const RawBuffer& block : blocks_) total += block.bytes();
  return total;
}

}  // namespace moonpool
