// Ids: injection of each node, ejection of each node, then for each node its links to the others in their order.
#include "zettasim/topology/fully_connected.hpp"

#include <fmt/format.h>

#include "limits.hpp"

namespace zettasim::topology {

FullyConnected::FullyConnected(const platform::Machine& machine)
    : interface_bandwidth_(machine.node.nics.bandwidth * static_cast<double>(machine.node.nics.count)),
      link_(fabric_kind(machine.network, {})) {
  if (machine.node_count < 1) refuse(machine, fmt::format("found {} nodes, expected at least 1", machine.node_count));
  check_link_count(machine, bounded_product(machine.node_count, machine.node_count + 1), "fully connected network");
  node_count_ = static_cast<std::size_t>(machine.node_count);
}

LinkRole FullyConnected::role(LinkId id) const {
  if (id.index() < node_count_) return LinkRole::injection;
  return id.index() < 2 * node_count_ ? LinkRole::ejection : LinkRole::fabric;
}

Bandwidth FullyConnected::bandwidth(LinkId id) const {
  return id.index() < 2 * node_count_ ? interface_bandwidth_ : link_.bandwidth;
}

Link FullyConnected::link(LinkId id) const {
  const LinkRole what = role(id);
  if (what != LinkRole::fabric) {
    const std::size_t node = id.index() % node_count_;
    return make_interface(node, what, interface_bandwidth_);
  }
  const std::size_t pair = id.index() - 2 * node_count_;
  const std::size_t from = pair / (node_count_ - 1);
  const std::size_t other = pair % (node_count_ - 1);
  return make_link(link_, from, other < from ? other : other + 1, what, 1);
}

Duration FullyConnected::append_route(NodeId from, NodeId to, std::vector<RoutedLink>& route) const {
  const std::size_t other = to < from ? to.index() : to.index() - std::size_t{1};
  route.push_back({.link = LinkId(from.index())});
  route.push_back({.link = LinkId(2 * node_count_ + from.index() * (node_count_ - 1) + other)});
  route.push_back({.link = LinkId(node_count_ + to.index())});
  return link_.latency;
}

std::string FullyConnected::describe() const { return fmt::format("fully connected, {} nodes", node_count_); }

std::string FullyConnected::link_name(LinkId id) const {
  const Link there = link(id);
  if (there.role == LinkRole::injection) return fmt::format("node {} injection", there.from);
  if (there.role == LinkRole::ejection) return fmt::format("node {} ejection", there.to);
  return fmt::format("node {} to node {}", there.from, there.to);
}

}  // namespace zettasim::topology
