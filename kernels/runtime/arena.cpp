#include "kernels/runtime/arena.h"

#include <algorithm>

namespace moonpool {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kSmallestBlock = std::size_t{1} << 20;

}  // namespace

void* Arena::allocate(std::size_t bytes) {
  const std::size_t rounded =
      (std::max<std::size_t>(bytes, 1) + kAlignment - 1) & ~(kAlignment - 1);
  if (blocks_.empty() || used_in_last_ + rounded > blocks_.back().bytes()) {
    blocks_.emplace_back(device_, std::max({rounded, kSmallestBlock, capacity()}));
    used_in_last_ = 0;
    ++generation_;
  }
  void* pointer = static_cast<std::byte*>(blocks_.back().data()) + used_in_last_;
  used_in_last_ += rounded;
  return pointer;
}

void Arena::rewind() {
  if (blocks_.size() > 1) {
    const std::size_t total = capacity();
    blocks_.clear();
    blocks_.emplace_back(device_, total);
    ++generation_;
  }
  used_in_last_ = 0;
}

std::size_t Arena::capacity() const {
  std::size_t total = 0;
  for (const RawBuffer& block : blocks_) total += block.bytes();
  return total;
}

}  // namespace moonpool
