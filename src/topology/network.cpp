// From a machine's topology to its network, and what every topology shares.
#include "zettasim/topology/network.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "zettasim/topology/dragonfly.hpp"
#include "zettasim/topology/dragonfly_plus.hpp"
#include "zettasim/topology/fat_tree.hpp"
#include "zettasim/topology/fully_connected.hpp"
#include "zettasim/topology/torus.hpp"

namespace zettasim::topology {

Duration Network::add_all_to_all(std::span<const NodeId> nodes, DataSize per_pair, LinkLoads& loads) const {
  Duration longest;
  std::vector<RoutedLink> route;
  for (const NodeId from : nodes) {
    for (const NodeId to : nodes) {
      if (from == to) continue;
      route.clear();
      longest = std::max(longest, append_route(from, to, route));
      for (const RoutedLink& step : route) loads.add(step.link, step.share * in_bytes(per_pair));
    }
  }
  return longest;
}

Duration Network::add_transfers(std::span<const Transfer> transfers, LinkLoads& loads) const {
  Duration longest;
  std::vector<RoutedLink> route;
  for (const Transfer& transfer : transfers) {
    route.clear();
    longest = std::max(longest, append_route(transfer.from, transfer.to, route));
    for (const RoutedLink& step : route) loads.add(step.link, step.share * transfer.bytes);
  }
  return longest;
}

LoadTotals Network::totals(const LinkLoads& loads) const {
  LoadTotals sum;
  for (const LinkId id : loads.touched()) {
    const double bytes = loads.on(id);
    const double time_s = bytes / in_bytes_per_second(bandwidth(id));
    sum.slowest_s = std::max(sum.slowest_s, time_s);
    if (role(id) == LinkRole::fabric) {
      sum.fabric_joules += bytes * energy(id).si();
    } else {
      sum.interface_bytes += bytes;
      sum.slowest_interface_s = std::max(sum.slowest_interface_s, time_s);
    }
  }
  return sum;
}

Halves Network::halves() const {
  const std::size_t half = (node_count() + 1) / 2;
  Halves result{.is_second = std::vector<bool>(node_count(), false),
                .how = fmt::format("nodes 0 to {} and the rest", half - 1)};
  for (std::size_t i = half; i < node_count(); ++i) result.is_second[i] = true;
  return result;
}

namespace {

struct Builder {
  const platform::Machine& machine;
  std::unique_ptr<Network> operator()(const platform::Torus&) const { return std::make_unique<Torus>(machine); }
  std::unique_ptr<Network> operator()(const platform::Dragonfly&) const { return std::make_unique<Dragonfly>(machine); }
  std::unique_ptr<Network> operator()(const platform::DragonflyPlus&) const {
    return std::make_unique<DragonflyPlus>(machine);
  }
  std::unique_ptr<Network> operator()(const platform::FatTree&) const { return std::make_unique<FatTree>(machine); }
  std::unique_ptr<Network> operator()(const platform::FullyConnected&) const {
    return std::make_unique<FullyConnected>(machine);
  }
};

}  // namespace

std::unique_ptr<Network> build_network(const platform::Machine& machine) {
  return std::visit(Builder{machine}, machine.network.topology);
}

Graph to_graph(const Network& network) {
  Graph graph(network.vertex_count());
  for (std::size_t i = 0; i < network.link_count(); ++i) {
    const Link link = network.link(LinkId(i));
    if (link.from != link.to) boost::add_edge(link.from, link.to, graph);
  }
  return graph;
}

}  // namespace zettasim::topology
