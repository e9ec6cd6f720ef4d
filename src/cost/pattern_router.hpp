// Routes rounds of messages between the nodes of a job, and remembers what each pattern costs until the nodes change.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "schedule.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::cost {

// One round of a pattern, for messages of one byte (per unit).
struct PatternCost {
  Duration latency;                 // of the longest route
  double slowest_s_per_byte = 0.0;  // of the link that takes longest
  double messages = 0.0;
};

class PatternRouter {
 public:
  explicit PatternRouter(const topology::Network& network) : network_(network), loads_(network.link_count()) {}

  // Ranks are the positions in `nodes`.
  void set_nodes(std::span<const NodeId> nodes);
  const PatternCost& cost(const Pattern& pattern);
  // Adds the messages of all rounds of a schedule to `loads`.
  void add_loads(const Schedule& schedule, topology::LinkLoads& loads);

  // Time that the slowest link needs for its load.
  double slowest_s(const topology::LinkLoads& loads) const;

  // Adds one message and returns the latency of its route.
  Duration add_message(NodeId from, NodeId to, double bytes, topology::LinkLoads& loads);

  std::span<const NodeId> nodes() const { return nodes_; }

 private:
  PatternCost route(const Pattern& pattern);

  const topology::Network& network_;
  topology::LinkLoads loads_;
  std::vector<topology::RoutedLink> route_;
  std::vector<NodeId> nodes_;
  std::map<Pattern, PatternCost> known_;
};

}  // namespace zettasim::cost
