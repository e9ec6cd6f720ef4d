// Groups of leaf and spine switches (Shpiner et al., HiPINEB 2017): nodes on leaves, each leaf linked with each spine
// of its group, each two groups linked between their spines.
//
// Interface k of a group's node n is on leaf (n * interfaces + k) mod leaves; the global links of a group are dealt out
// to its spines in turn. Inside a group a message goes up to all spines evenly and down again; between groups leaf,
// spine, spine, leaf, split evenly over the global links between the two. A share may take a third group on the way
// (group_cables.hpp), there from spine to spine over all leaves evenly where it has to change spines.
#pragma once

#include <memory>
#include <vector>

#include "zettasim/topology/group_cables.hpp"
#include "zettasim/topology/link_kind.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::topology {

class DragonflyPlus final : public Network {
 public:
  explicit DragonflyPlus(const platform::Machine& machine);

  std::size_t node_count() const override { return node_count_; }
  std::size_t switch_count() const override { return groups_ * (leaves_ + spines_); }
  std::size_t vertex_count() const override { return node_count_ + switch_count(); }
  std::size_t link_count() const override { return first_global_ + cables_.count(); }
  Link link(LinkId id) const override;
  LinkRole role(LinkId id) const override;
  Bandwidth bandwidth(LinkId id) const override;
  EnergyPerByte energy(LinkId id) const override;
  Duration append_route(NodeId from, NodeId to, std::vector<RoutedLink>& route) const override;
  Duration add_all_to_all(std::span<const NodeId> nodes, DataSize per_pair, LinkLoads& loads) const override;
  Duration add_transfers(std::span<const Transfer> transfers, LinkLoads& loads) const override;
  const Network* detours() const override { return detours_.get(); }
  std::string describe() const override;
  std::string link_name(LinkId id) const override;

 private:
  std::size_t group_of(NodeId node) const { return node.index() / nodes_per_group_; }
  std::size_t leaf_of(NodeId node, std::size_t interface) const {
    return (node.index() % nodes_per_group_ * interfaces_ + interface) % leaves_;
  }
  LinkId injection(NodeId node, std::size_t k) const { return LinkId(node.index() * interfaces_ + k); }
  LinkId ejection(NodeId node, std::size_t k) const { return LinkId((node_count_ + node.index()) * interfaces_ + k); }
  LinkId up(std::size_t group, std::size_t leaf, std::size_t spine) const {
    return LinkId(first_up_ + (group * leaves_ + leaf) * spines_ + spine);
  }
  LinkId down(std::size_t group, std::size_t spine, std::size_t leaf) const {
    return LinkId(first_down_ + (group * spines_ + spine) * leaves_ + leaf);
  }
  std::size_t leaf_vertex(std::size_t group, std::size_t leaf) const {
    return node_count_ + group * (leaves_ + spines_) + leaf;
  }
  std::size_t spine_vertex(std::size_t group, std::size_t spine) const { return leaf_vertex(group, leaves_ + spine); }
  Duration latency_between_groups(bool turns) const;
  // Both return the latency from the first switch to the last.
  Duration append_inside_group(NodeId from, NodeId to, std::vector<RoutedLink>& route) const;
  Duration append_between_groups(NodeId from, NodeId to, std::vector<RoutedLink>& route) const;
  void add_group(std::size_t g, std::span<const double> members, std::span<const double> served, DataSize per_pair,
                 LinkLoads& loads) const;

  std::size_t node_count_ = 0;
  std::size_t groups_ = 0;
  std::size_t leaves_ = 0;  // per group
  std::size_t spines_ = 0;  // per group
  std::size_t nodes_per_group_ = 0;
  std::size_t interfaces_ = 0;    // per node
  std::size_t local_cables_ = 1;  // between a leaf and a spine
  std::size_t first_up_ = 0;
  std::size_t first_down_ = 0;
  std::size_t first_global_ = 0;
  GroupCables cables_;
  LinkKind host_;
  LinkKind local_;
  LinkKind global_;
  std::unique_ptr<const DragonflyPlus> detours_;
};

}  // namespace zettasim::topology
