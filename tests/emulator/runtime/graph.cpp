#include "tests/emulator/runtime/graph.h"

#include <algorithm>
#include <set>

#include "tests/emulator/options.h"

namespace moonpool::emulator {

cudaError run_nodes(const std::vector<Node>& nodes) {
  std::vector<bool> done(nodes.size(), false);
  const auto is_ready = [&](std::size_t i) {
    return !done[i] && std::all_of(nodes[i].after.begin(), nodes[i].after.end(),
                                   [&](std::size_t before) { return done[before]; });
  };
  for (std::size_t count = 0; count < nodes.size(); ++count) {
    std::size_t next = count;
    if (options().order == Order::kSeeded) {
      next = random_bits()() % nodes.size();
      while (!is_ready(next)) next = (next + 1) % nodes.size();
    }
    done[next] = true;
    if (!nodes[next].run) continue;
    const cudaError error = nodes[next].run();
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

Capture::Member& Capture::member(const StreamState& stream) {
  return *std::find_if(members_.begin(), members_.end(),
                       [&](const Member& member) { return member.stream == &stream; });
}

void Capture::add(const StreamState& stream, std::function<cudaError()> run) {
  Member& adding = member(stream);
  nodes_.push_back({.run = std::move(run), .after = std::move(adding.tail)});
  adding.tail = {nodes_.size() - 1};
}

void Capture::join(StreamState& stream, std::vector<std::size_t> after) {
  members_.push_back({.stream = &stream, .tail = std::move(after)});
}

void Capture::wait(const StreamState& stream, std::size_t node) {
  member(stream).tail.push_back(node);
}

std::size_t Capture::last_node(const StreamState& stream) {
  if (member(stream).tail.size() != 1) add(stream, {});
  return member(stream).tail.front();
}

bool Capture::is_joined() const {
  // Everything is joined if the origin's tail reaches every node.
  std::set<std::size_t> reached;
  std::vector<std::size_t> open = members_.front().tail;
  while (!open.empty()) {
    const std::size_t node = open.back();
    open.pop_back();
    if (!reached.insert(node).second) continue;
    open.insert(open.end(), nodes_[node].after.begin(), nodes_[node].after.end());
  }
  return reached.size() == nodes_.size();
}

void Capture::leave() {
  for (const Member& member : members_) member.stream->capture = nullptr;
}

}  // namespace moonpool::emulator
