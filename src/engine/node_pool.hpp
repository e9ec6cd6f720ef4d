// Which nodes are free, as runs of consecutive numbers, and which of them a job is given.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "zettasim/base/ids.hpp"

namespace zettasim::engine {

class NodePool {
 public:
  explicit NodePool(std::int64_t nodes) : free_(nodes) { runs_[0] = nodes; }

  std::int64_t free() const { return free_; }
  // The runs of consecutive free nodes: first node -> length.
  const std::map<std::int64_t, std::int64_t>& runs() const { return runs_; }
  // `count` free nodes in ascending order, `count` at most free(): from the smallest run that holds them all, the first
  // of equals; where none does, from the largest runs on, so that the job is cut into few pieces.
  std::vector<NodeId> best_runs(std::int64_t count) const;
  // Takes free nodes, in ascending order.
  void take(std::span<const NodeId> nodes);
  // Gives back nodes that were taken together, in ascending order.
  void give_back(std::span<const NodeId> nodes);

 private:
  std::int64_t free_;
  std::map<std::int64_t, std::int64_t> runs_;  // first node -> length; never touching each other
};

// How many runs of consecutive numbers `nodes` (ascending) consists of.
std::int64_t count_fragments(std::span<const NodeId> nodes);

}  // namespace zettasim::engine
