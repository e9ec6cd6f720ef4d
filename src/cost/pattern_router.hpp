// Routes rounds of messages between the nodes of a job, and remembers what each pattern costs until the nodes change.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "schedule.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::cost {

// One round of a pattern, for messages of one byte (per unit).
struct PatternCost {
  Duration latency;                   // of the longest route
  double slowest_s_per_byte = 0.0;    // of the link that takes longest
  double interface_s_per_byte = 0.0;  // of the interface that takes longest; worked out for lines only
  double messages = 0.0;
};

class PatternRouter {
 public:
  PatternRouter(const platform::Machine& machine, const topology::Network& network)
      : machine_(machine), network_(network), loads_(network.link_count()) {}

  // Ranks are the positions in `nodes`.
  void set_nodes(std::span<const NodeId> nodes);
  const PatternCost& cost(const Pattern& pattern);
  // Adds the messages of all rounds of a schedule to `loads`.
  void add_loads(const Schedule& schedule, topology::LinkLoads& loads);

  // Time that the slowest link needs for its load.
  double slowest_s(const topology::LinkLoads& loads) const;

  // Adds one message and returns the latency of its route.
  Duration add_message(NodeId from, NodeId to, double bytes, topology::LinkLoads& loads);

  // Adds, once to each link, the routes of all nodes to the first one or back; of a link that only a share of a route
  // takes, that share. Returns the latency of the longest.
  enum class Way { up, down };
  Duration add_tree(double bytes, Way way, topology::LinkLoads& loads);

  std::span<const NodeId> nodes() const { return nodes_; }
  // The extents of the sub-torus that the nodes fill in order; empty when they fill none.
  std::span<const std::uint32_t> box() const { return box_; }

 private:
  PatternCost route(const Pattern& pattern);

  const platform::Machine& machine_;
  const topology::Network& network_;
  topology::LinkLoads loads_;
  std::vector<topology::RoutedLink> route_;
  std::vector<NodeId> nodes_;
  std::vector<std::uint32_t> box_;
  std::map<Pattern, PatternCost> known_;
};

}  // namespace zettasim::cost
