// Graph measures of a network, by search on its graph: what routes are checked against, and what people compare
// topologies by.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "zettasim/topology/network.hpp"

namespace zettasim::topology {

inline constexpr std::int64_t unreachable = -1;

// Links on a shortest path from `start` to each vertex, or `unreachable`.
std::vector<std::int64_t> hop_distances(const Graph& graph, std::size_t start);

// Whether every vertex reaches every other one.
bool is_connected(const Graph& graph);

// The largest distance from `start` to a vertex that it reaches. On a torus that wraps in each dimension longer than
// two, where all vertices look alike, this is the diameter.
std::int64_t eccentricity(const Graph& graph, std::size_t start);

// What a network is built of. Cables are counted once, not once a direction.
struct Parts {
  double fabric_cables = 0.0;  // between switches; traces of boards are not cables
  double host_cables = 0.0;    // node to switch
  double unstated = 0.0;       // of both, those of whose medium the description says nothing
  double electrical = 0.0;
  double optical = 0.0;  // with a pluggable transceiver at each end
  double linear = 0.0;   // the same without signal processors
  double co_packaged = 0.0;
  double in_package = 0.0;
  double metres = 0.0;  // of cables whose length is stated
  double transceivers() const { return 2.0 * (optical + linear); }
  double optical_engines() const { return 2.0 * (co_packaged + in_package); }
};
Parts count_parts(const Network& network);

// Links on shortest ways between nodes, interfaces to a switch included.
struct Distances {
  std::int64_t diameter = 0;
  double mean = 0.0;       // over ordered pairs of different nodes
  std::size_t starts = 0;  // nodes searched from
  bool exact = false;      // all nodes look alike, or all were searched from; else the diameter is a lower bound
};
Distances measure_distances(const Network& network);

// Links from the first half of the nodes to the second. A switch is counted to the half of most of what it is linked
// with, the nodes' switches first; a tie goes to the first half.
struct Cut {
  std::string how;
  double cables = 0.0;
  Bandwidth bandwidth;                  // one direction
  std::optional<Bandwidth> least = {};  // by max-flow, switches wherever they cost least; small networks only
};
Cut bisect(const Network& network);

// Edge-disjoint shortest ways between two nodes, parallel cables counted, by max-flow; over sampled pairs.
struct Diversity {
  std::size_t pairs = 0;
  double least = 0.0;
  double mean = 0.0;
  double most = 0.0;
};
Diversity measure_diversity(const Network& network, std::uint64_t seed);
// The same for one pair.
double disjoint_shortest_ways(const Network& network, NodeId from, NodeId to);

// What all interfaces of a node send at once.
Bandwidth injection_bandwidth(const Network& network);

}  // namespace zettasim::topology
