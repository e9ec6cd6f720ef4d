// Questions tests ask of networks and loads.
#pragma once

#include <map>
#include <vector>

#include "zettasim/base/random.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::test {

struct Route {
  Duration latency;
  std::vector<topology::RoutedLink> links;
};

inline Route route(const topology::Network& network, std::size_t from, std::size_t to) {
  Route result;
  result.latency = network.append_route(NodeId(from), NodeId(to), result.links);
  return result;
}

// The share of a message that enters a vertex less the share that leaves it, by vertex, over the links of its route
// that join two vertices: 0 in between, -1 at the source, +1 at the destination.
inline std::map<std::size_t, double> balance(const topology::Network& network, const Route& route) {
  std::map<std::size_t, double> result;
  for (const auto& step : route.links) {
    const topology::Link link = network.link(step.link);
    if (link.from == link.to) continue;
    result[link.from] -= step.share;
    result[link.to] += step.share;
  }
  return result;
}

inline std::vector<NodeId> first_nodes(std::size_t count) {
  std::vector<NodeId> nodes;
  for (std::size_t i = 0; i < count; ++i) nodes.emplace_back(i);
  return nodes;
}

// A random subset of a network's nodes, each taken with probability `share`.
inline std::vector<NodeId> some_nodes(const topology::Network& network, double share, RandomStream& random) {
  std::vector<NodeId> nodes;
  for (std::size_t i = 0; i < network.node_count(); ++i) {
    if (random.uniform() < share) nodes.emplace_back(i);
  }
  return nodes;
}

}  // namespace zettasim::test
