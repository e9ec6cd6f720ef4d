#include "zettasim/topology/metrics.hpp"

#include <algorithm>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/strong_components.hpp>

namespace zettasim::topology {

std::vector<std::int64_t> hop_distances(const Graph& graph, std::size_t start) {
  std::vector<std::int64_t> distances(boost::num_vertices(graph), unreachable);
  if (start >= distances.size()) return distances;
  distances[start] = 0;
  const auto record = boost::record_distances(distances.data(), boost::on_tree_edge());
  boost::breadth_first_search(graph, start, boost::visitor(boost::make_bfs_visitor(record)));
  return distances;
}

// Every cable is two links, one each way, so reaching all vertices from one would do; strong components also hold for
// networks whose links are one-way.
bool is_connected(const Graph& graph) {
  std::vector<std::size_t> component(boost::num_vertices(graph));
  if (component.empty()) return true;
  return boost::strong_components(graph, component.data()) == 1;
}

std::int64_t eccentricity(const Graph& graph, std::size_t start) {
  const std::vector<std::int64_t> distances = hop_distances(graph, start);
  return distances.empty() ? 0 : std::max<std::int64_t>(0, *std::max_element(distances.begin(), distances.end()));
}

}  // namespace zettasim::topology
