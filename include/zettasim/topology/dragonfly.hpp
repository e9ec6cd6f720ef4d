// Groups of switches: all switches of a group linked with each other, each two groups linked by several global links.
//
// Interface k of a group's node n is on switch (n * interfaces + k) mod switches, so a node's interfaces are on
// different switches and each switch serves as many as the next. The global links of a group are dealt out to its
// switches in turn. Parallel links between two switches of one group count as one of their summed bandwidth. Messages
// take minimal routes (at most local, global, local), split evenly over the interfaces of the node (interface k sends
// to interface k) and over the global links between the two groups. A share of what goes between groups may take a
// third one on the way, evenly over all of them (group_cables.hpp): Valiant's routing, and, with a share that is fixed
// or follows the load (balance.hpp), adaptive routing.
#pragma once

#include <memory>
#include <vector>

#include "zettasim/topology/group_cables.hpp"
#include "zettasim/topology/link_kind.hpp"
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
  EnergyPerByte energy(LinkId id) const override;
  // The latency of a route is that of the links on its longest way: the injection link has the first switch's, the
  // ejection none.
  Duration append_route(NodeId from, NodeId to, std::vector<RoutedLink>& route) const override;
  Duration add_all_to_all(std::span<const NodeId> nodes, DataSize per_pair, LinkLoads& loads) const override;
  Duration add_transfers(std::span<const Transfer> transfers, LinkLoads& loads) const override;
  const Network* detours() const override { return detours_.get(); }
  std::string describe() const override;
  std::string link_name(LinkId id) const override;

 private:
  std::size_t group_of(NodeId node) const { return node.index() / nodes_per_group_; }
  std::size_t switch_of(NodeId node, std::size_t interface) const;  // within its group
  LinkId injection(NodeId node, std::size_t interface) const;
  LinkId ejection(NodeId node, std::size_t interface) const;
  LinkId local(std::size_t group, std::size_t from, std::size_t to) const;
  Link local_link(std::size_t index) const;
  Link global_link(std::size_t index) const;
  // Both return the latency of the longest way from the first switch to the last.
  Duration append_between_groups(NodeId from, NodeId to, std::vector<RoutedLink>& route) const;
  Duration append_inside_group(NodeId from, NodeId to, std::vector<RoutedLink>& route) const;
  Duration latency_between_groups(NodeId from, NodeId to) const;
  std::size_t most_locals(NodeId from, NodeId to, std::size_t third) const;
  void add_globals_of(std::size_t g, std::span<const double> members, double all, double bytes, LinkLoads& loads) const;
  void add_locals_of(std::size_t g, std::span<const double> members, std::span<const double> served,
                     double per_interface, LinkLoads& loads) const;

  std::size_t node_count_ = 0;
  std::size_t groups_ = 0;
  std::size_t switches_ = 0;  // per group
  std::size_t nodes_per_group_ = 0;
  std::size_t interfaces_ = 0;  // per node
  std::size_t first_local_ = 0;
  std::size_t first_global_ = 0;
  std::size_t link_count_ = 0;
  std::size_t local_cables_ = 1;  // between two switches of a group
  GroupCables cables_;
  LinkKind host_;
  LinkKind local_;
  LinkKind global_;
  std::unique_ptr<const Dragonfly> detours_;
};

}  // namespace zettasim::topology
