// Graph measures of a network, by breadth-first search on its Boost graph: what routes are checked against.
#pragma once

#include <cstdint>
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

}  // namespace zettasim::topology
