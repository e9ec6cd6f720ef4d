// Routes rounds of messages between the ranks of all groups of a job at once, and remembers what each pattern costs on
// the layouts it has seen last.
#pragma once

#include <list>
#include <map>
#include <span>
#include <vector>

#include "zettasim/cost/layout.hpp"
#include "schedule.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/topology/balance.hpp"

namespace zettasim::cost {

// One round of a pattern in all groups, for messages of one byte (per unit). Messages between neighbours in a scale-up
// domain, or between devices of one node, take GPU links; all others the network.
struct PatternCost {
  Duration latency;                   // of the longest route
  double slowest_s_per_byte = 0.0;    // of the link that takes longest
  double interface_s_per_byte = 0.0;  // of the interface that takes longest; worked out for lines only
  double local_bytes = 0.0;           // over the GPU link of the device that sends or receives most
  double messages = 0.0;              // over the network
  double all_local_bytes = 0.0;       // over all GPU links
  double interface_bytes = 0.0;       // in and out, all nodes
  double fabric_joules = 0.0;
  bool crosses = false;  // a message takes the network
};

class PatternRouter {
 public:
  PatternRouter(const platform::Machine& machine, const topology::Network& network);

  // Groups of the job that runs on `nodes`.
  void set_layout(std::span<const NodeId> nodes, const Layout& layout);
  const PatternCost& cost(const Pattern& pattern);
  // What is known of a pattern already, or nullptr.
  const PatternCost* known(const Pattern& pattern) const;
  // Adds the messages of all rounds of a schedule to `loads`.
  void add_loads(const Schedule& schedule, topology::LinkLoads& loads);

  // Adds messages over the network that are under way together and returns the latency of the longest route.
  Duration add_transfers(std::span<const topology::Transfer> transfers, topology::LinkLoads& loads) const;
  // Whether GPU links join two nodes.
  bool in_one_domain(NodeId a, NodeId b) const { return domain_of(a) == domain_of(b); }

  // Whether messages between ranks may stay in a node or domain.
  bool has_local_messages() const;
  const Layout& layout() const { return learnt_.front().layout; }
  // The extents of the sub-torus that the ranks of each group fill in order; empty when they fill none.
  std::span<const std::uint32_t> box() const { return learnt_.front().box; }

 private:
  struct Learnt {
    std::vector<NodeId> nodes;
    Layout layout;
    std::vector<std::uint32_t> box;
    std::map<Pattern, PatternCost> costs;
    std::map<Pattern, std::vector<topology::LinkLoad>> loads;  // of one byte
  };

  NodeId node(std::int64_t rank, std::int64_t i) const {
    return learnt_.front().nodes[learnt_.front().layout.node_of(rank, i)];
  }
  // Of what groups beside each other send from one rank to another: the share of each node, and messages.
  double share_of_node() const {
    return static_cast<double>(layout().beside) / static_cast<double>(layout().cell_nodes);
  }
  double messages_of_pair() const {
    return static_cast<double>(layout().beside * std::min(layout().cell_nodes, layout().inside));
  }
  void start_over();
  std::size_t domain_of(NodeId node) const { return node.index() / domain_nodes_; }
  bool stays_local(std::int64_t from, std::int64_t to) const;
  void send(std::int64_t from, std::int64_t to, double units, PatternCost& result);
  void send_local(std::int64_t from, std::int64_t to, double units);
  PatternCost measure(const Pattern& pattern);
  void route_by_load(const Pattern& pattern, PatternCost& result);
  void route(const Pattern& pattern, PatternCost& result);
  void flush(PatternCost& result);
  void route_one_line(const Pattern& pattern, PatternCost& result);
  void route_all_pairs(PatternCost& result);
  void route_pairs_in_closed_form(PatternCost& result);
  void take_back_local_pairs(std::span<const std::int64_t> group, PatternCost& result);
  void route_trees(const Pattern& pattern, PatternCost& result);
  void take_local(PatternCost& result) const;
  void add_up(PatternCost& result, bool one_line) const;
  std::vector<topology::LinkLoad> unit_loads(const Pattern& pattern);

  const platform::Machine& machine_;
  const topology::Network& network_;
  std::size_t domain_nodes_ = 1;
  std::list<Learnt> learnt_;  // the layout in use first
  std::size_t kept_loads_ = 0;

  // Scratch space of one pattern.
  const topology::Network* routing_;  // the network, or its detours
  topology::LinkLoads loads_;
  std::vector<topology::Transfer> transfers_;  // not routed yet
  std::vector<topology::RoutedLink> route_;
  std::vector<double> sent_;  // over the GPU link of a device, by rank; empty where no message can stay local
  std::vector<double> received_;
};

}  // namespace zettasim::cost
