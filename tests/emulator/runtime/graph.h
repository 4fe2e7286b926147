// Capture of streams as graphs, and their replay.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tests/emulator/runtime/stream.h"

namespace moonpool::emulator {

struct Node {
  std::function<cudaError()> run;
  std::vector<std::size_t> after;  // earlier nodes
};

/// Runs the nodes in an order that their edges allow: as captured, or in the seeded order.
cudaError run_nodes(const std::vector<Node>& nodes);

/// Being recorded: by the stream where it began, and by those that wait for its events.
class Capture {
 public:
  explicit Capture(StreamState& origin) : origin_(&origin) { join(origin, {}); }

  StreamState& origin() const { return *origin_; }
  void add(const StreamState& stream, std::function<cudaError()> run);
  void join(StreamState& stream, std::vector<std::size_t> after);
  void wait(const StreamState& stream, std::size_t node);
  /// What an event recorded in `stream` stands for; an empty node if nothing was captured yet.
  std::size_t last_node(const StreamState& stream);
  /// Whether the origin has waited for all that other streams captured.
  bool is_joined() const;
  void leave();

  const std::vector<Node>& nodes() const { return nodes_; }

  bool invalid = false;

 private:
  struct Member {
    StreamState* stream;
    std::vector<std::size_t> tail;  // what the next node comes after
  };
  Member& member(const StreamState& stream);

  StreamState* origin_;
  std::vector<Member> members_;
  std::vector<Node> nodes_;
};

class GraphState {
 public:
  std::vector<Node> nodes;
};

class ExecutableGraph {
 public:
  std::shared_ptr<const std::vector<Node>> nodes;
};

}  // namespace moonpool::emulator
