// Groups of switches: all switches of a group linked with each other, each two groups linked by several global links.
//
// Interface k of a group's node n is on switch (n * interfaces + k) mod switches, so a node's interfaces are on
// different switches and each switch serves as many as the next. The global links of a group are dealt out to its
// switches in turn. Parallel links between two switches of one group count as one of their summed bandwidth. Messages
// take minimal routes (at most local, global, local), split evenly over the interfaces of the node (interface k sends
// to interface k) and over the global links between the two groups, which is what adaptive routing on an evenly loaded
// machine comes to.
#pragma once

#include <vector>

#include "zettasim/topology/network.hpp"

namespace zettasim::topology {

class Dragonfly final : public Network {
 public:
  explicit Dragonfly(const platform::Machine& machine);

  std::size_t node_count() const override { return node_count_; }
  std::size_t switch_count() const override { return groups_ * switches_; }
  std::size_t vertex_count() const override { return node_count_ + switch_count(); }
  std::size_t link_count() const override { return link_count_; }
  Link link(LinkId id) const override;
  LinkRole role(LinkId id) const override;
  Bandwidth bandwidth(LinkId id) const override;
  // The latency of a route is link_latency for each switch passed: the injection link has the first, the ejection none.
  Duration append_route(NodeId from, NodeId to, std::vector<RoutedLink>& route) const override;
  Duration add_all_to_all(std::span<const NodeId> nodes, DataSize per_pair, LinkLoads& loads) const override;
  std::string describe() const override;
  std::string link_name(LinkId id) const override;

 private:
  // Which switch of `group` holds end `cable` of the cables towards `other`.
  std::size_t gateway(std::size_t group, std::size_t other, std::size_t cable) const;
  std::size_t group_of(NodeId node) const { return node.index() / nodes_per_group_; }
  std::size_t switch_of(NodeId node, std::size_t interface) const;  // within its group
  LinkId injection(NodeId node, std::size_t interface) const;
  LinkId ejection(NodeId node, std::size_t interface) const;
  LinkId local(std::size_t group, std::size_t from, std::size_t to) const;
  LinkId global(std::size_t from_group, std::size_t to_group, std::size_t cable) const;
  Link local_link(std::size_t index) const;
  Link global_link(std::size_t index) const;
  std::size_t append_between_groups(NodeId from, NodeId to, std::vector<RoutedLink>& route) const;
  std::size_t append_inside_group(NodeId from, NodeId to, std::vector<RoutedLink>& route) const;

  std::size_t node_count_ = 0;
  std::size_t groups_ = 0;
  std::size_t switches_ = 0;  // per group
  std::size_t nodes_per_group_ = 0;
  std::size_t interfaces_ = 0;  // per node
  std::size_t cables_ = 0;      // between two groups
  std::size_t first_local_ = 0;
  std::size_t first_global_ = 0;
  std::size_t link_count_ = 0;
  Bandwidth interface_bandwidth_;
  Bandwidth local_bandwidth_;
  Bandwidth global_bandwidth_;
  Duration link_latency_;
};

}  // namespace zettasim::topology
