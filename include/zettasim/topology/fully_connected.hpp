// Each node linked with each other node by a link of its own: one hop, and contention only at the interfaces.
#pragma once

#include "zettasim/topology/link_kind.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::topology {

class FullyConnected final : public Network {
 public:
  explicit FullyConnected(const platform::Machine& machine);

  std::size_t node_count() const override { return node_count_; }
  std::size_t switch_count() const override { return node_count_; }  // the switch is in the node, as in a torus
  std::size_t vertex_count() const override { return node_count_; }
  std::size_t link_count() const override { return node_count_ * (node_count_ + 1); }
  Link link(LinkId id) const override;
  LinkRole role(LinkId id) const override;
  Bandwidth bandwidth(LinkId id) const override;
  Duration append_route(NodeId from, NodeId to, std::vector<RoutedLink>& route) const override;
  bool is_symmetric() const override { return true; }
  std::string describe() const override;
  std::string link_name(LinkId id) const override;

 private:
  std::size_t node_count_ = 0;
  Bandwidth interface_bandwidth_;
  LinkKind link_;
};

}  // namespace zettasim::topology
