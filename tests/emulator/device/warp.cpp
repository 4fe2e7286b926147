// Warp-level operations of a block: who takes part, and what comes of it.
#include <algorithm>
#include <bit>

#include "tests/emulator/device/execution.h"
#include "tests/emulator/device/shared_memory.h"

namespace moonpool::emulator {
namespace {

bool is_shuffle(WarpOp op) { return op >= WarpOp::kShuffle && op <= WarpOp::kShuffleXor; }

/// The lane that a shuffle reads, or the lane itself where the source would be outside of the
/// segment (CUDA programming guide, "Warp shuffle functions").
int source_lane(const Thread& thread) {
  const int lane = static_cast<int>(thread.lane());
  const int segment = lane / thread.width * thread.width;
  const int end = segment + thread.width;
  switch (thread.op) {
    case WarpOp::kShuffle:
      return segment + (thread.parameter & (thread.width - 1));
    case WarpOp::kShuffleUp:
      return lane - thread.parameter < segment ? lane : lane - thread.parameter;
    case WarpOp::kShuffleDown:
      return lane + thread.parameter >= end ? lane : lane + thread.parameter;
    default:
      return (lane ^ thread.parameter) >= end ? lane : lane ^ thread.parameter;
  }
}

uint64_t reduce_two(WarpOp op, uint64_t left, uint64_t right) {
  const auto a = static_cast<uint32_t>(left);
  const auto b = static_cast<uint32_t>(right);
  switch (op) {
    case WarpOp::kAdd:
      return a + b;
    case WarpOp::kMinUnsigned:
      return std::min(a, b);
    case WarpOp::kMaxUnsigned:
      return std::max(a, b);
    case WarpOp::kMinSigned:
      return static_cast<uint32_t>(std::min(static_cast<int32_t>(a), static_cast<int32_t>(b)));
    case WarpOp::kMaxSigned:
      return static_cast<uint32_t>(std::max(static_cast<int32_t>(a), static_cast<int32_t>(b)));
    case WarpOp::kAnd:
      return a & b;
    case WarpOp::kOr:
      return a | b;
    default:
      return a ^ b;
  }
}

/// What the operation gives to `thread`, which is one of `members`; none of them is a shuffle.
uint64_t result_for(const Thread& thread, const std::vector<Thread*>& members) {
  uint64_t ballot = 0;
  uint64_t equal = 0;
  uint64_t reduced = members.front()->value;
  for (const Thread* member : members) {
    const uint64_t bit = uint64_t{1} << member->lane();
    if (member->value != 0) ballot |= bit;
    if (member->value == thread.value) equal |= bit;
    if (member != members.front()) reduced = reduce_two(thread.op, reduced, member->value);
  }
  const auto count = static_cast<int>(members.size());
  switch (thread.op) {
    case WarpOp::kSync:
      return 0;
    case WarpOp::kAll:
      return std::popcount(ballot) == count ? 1 : 0;
    case WarpOp::kAny:
      return ballot != 0 ? 1 : 0;
    case WarpOp::kBallot:
      return ballot;
    case WarpOp::kMatchAny:
      return equal;
    case WarpOp::kMatchAll:
      return std::popcount(equal) == count ? equal : 0;
    default:
      return reduced;
  }
}

std::string hex(unsigned mask) {
  char text[16];
  std::snprintf(text, sizeof(text), "0x%08x", mask);
  return text;
}

}  // namespace

unsigned Block::active_mask() const {
  const Thread& me = *current_thread();
  const std::size_t first = me.warp() * kWarp;
  unsigned mask = 0;
  for (std::size_t i = first; i < std::min(first + kWarp, threads_.size()); ++i) {
    if (threads_[i].state != Thread::State::kEnded) mask |= 1u << threads_[i].lane();
  }
  return mask;
}

uint64_t Block::warp_collective(WarpOp op, unsigned mask, uint64_t value, int parameter, int width,
                                const std::source_location& where) {
  Thread& thread = *current_thread();
  if ((mask >> thread.lane() & 1) == 0) {
    fail(Finding::Kind::kLaneMask, [&] {
      return "wrong lane mask: lane " + std::to_string(thread.lane()) + " is not in its own mask " +
             hex(mask);
    });
  }
  if (width < 1 || width > 32 || !std::has_single_bit(static_cast<unsigned>(width))) {
    fail(Finding::Kind::kLaneMask, [&] { return "a shuffle's width of " + std::to_string(width); });
  }
  thread.op = op;
  thread.mask = mask;
  thread.value = value;
  thread.parameter = parameter;
  thread.width = width;
  thread.where = where;
  thread.state = Thread::State::kInWarpOp;
  warps_[thread.warp()].waiting |= 1u << thread.lane();
  finish_warp_op_if_complete(thread.warp(), mask);
  if (thread.state == Thread::State::kInWarpOp) wait(thread, Thread::State::kInWarpOp);
  return thread.result;
}

// The operation is complete when all lanes of the mask that are alive wait for it.
void Block::finish_warp_op_if_complete(unsigned warp, unsigned mask) {
  Warp& state = warps_[warp];
  if ((mask & ~state.ended & ~state.waiting) != 0) return;
  std::vector<Thread*>& members = members_;
  members.clear();
  for (unsigned lanes = mask & state.waiting; lanes != 0; lanes &= lanes - 1) {
    members.push_back(&lane_of(warp, static_cast<unsigned>(std::countr_zero(lanes))));
  }
  if (!agree(members) || !give_results(members)) {
    if (current_thread()->state != Thread::State::kEnded) current_thread()->fibre->park();
    return;
  }
  if (members.front()->op == WarpOp::kSync) SharedMemory::instance().begin_warp_interval(warp);
  state.waiting &= ~mask;
  for (Thread* member : members) {
    member->state = Thread::State::kRunning;
    wake(*member);
  }
}

/// Whether all of them called the same function with the same mask.
bool Block::agree(const std::vector<Thread*>& members) {
  const Thread& first = *members.front();
  for (const Thread* other : members) {
    if (other->mask == first.mask && other->op == first.op) continue;
    report_for(*other, Finding::Kind::kLaneMask,
               "wrong lane mask: " + hex(other->mask) + ", but lane " +
                   std::to_string(first.lane()) + " of the warp has " + hex(first.mask) +
                   (other->op != first.op ? ", at another function" : ""));
    return false;
  }
  return true;
}

bool Block::give_results(const std::vector<Thread*>& members) {
  const unsigned warp = members.front()->warp();
  for (Thread* member : members) {
    if (!is_shuffle(member->op)) {
      member->result = result_for(*member, members);
      continue;
    }
    const auto source = static_cast<unsigned>(source_lane(*member));
    if ((member->mask & warps_[warp].waiting) >> source & 1) {
      member->result = lane_of(warp, source).value;
      continue;
    }
    report_for(*member, Finding::Kind::kAbsentLane,
               "shuffle from an absent lane: lane " + std::to_string(source) +
                   " does not take part (mask " + hex(member->mask) + ")");
    return false;
  }
  return true;
}

/// A lane has ended: the others of its warp do not wait for it any more.
void Block::finish_warp_ops_after_end(const Thread& ended) {
  Warp& warp = warps_[ended.warp()];
  warp.ended |= 1u << ended.lane();
  const unsigned waiting = warp.waiting;
  for (unsigned lanes = waiting; lanes != 0 && !failed_; lanes &= lanes - 1) {
    const auto lane = static_cast<unsigned>(std::countr_zero(lanes));
    if (warp.waiting >> lane & 1) {
      finish_warp_op_if_complete(ended.warp(), lane_of(ended.warp(), lane).mask);
    }
  }
}

}  // namespace moonpool::emulator
