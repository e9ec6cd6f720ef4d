#include "zettasim/topology/metrics.hpp"

#include <algorithm>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>
#include <boost/graph/strong_components.hpp>
#include <cmath>
#include <map>

#include "zettasim/base/random.hpp"

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

Parts count_parts(const Network& network) {
  Parts parts;
  for (std::size_t i = 0; i < network.link_count(); ++i) {
    const Link link = network.link(LinkId(i));
    if (link.from == link.to || link.medium == platform::Medium::board) continue;
    const double cables = 0.5 * static_cast<double>(link.cables);  // the other half is the other direction
    (link.role == LinkRole::fabric ? parts.fabric_cables : parts.host_cables) += cables;
    parts.metres += cables * in_metres(link.length);
    switch (link.medium) {
      case platform::Medium::unstated:
        parts.unstated += cables;
        break;
      case platform::Medium::board:
        break;
      case platform::Medium::electrical:
        parts.electrical += cables;
        break;
      case platform::Medium::optical:
        parts.optical += cables;
        break;
      case platform::Medium::linear:
        parts.linear += cables;
        break;
      case platform::Medium::co_packaged:
        parts.co_packaged += cables;
        break;
      case platform::Medium::in_package:
        parts.in_package += cables;
        break;
    }
  }
  return parts;
}

namespace {

struct Arc {
  std::size_t from = 0;
  std::size_t to = 0;
  double capacity = 0.0;
};

// The links out of each vertex, side by side in memory: a search over Fugaku takes milliseconds.
class Arcs {
 public:
  explicit Arcs(const Network& network) : first_(network.vertex_count() + 1, 0) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ends;
    std::vector<std::uint32_t> cables;
    ends.reserve(network.link_count());
    for (std::size_t i = 0; i < network.link_count(); ++i) {
      const Link link = network.link(LinkId(i));
      if (link.from == link.to) continue;
      ends.emplace_back(static_cast<std::uint32_t>(link.from), static_cast<std::uint32_t>(link.to));
      cables.push_back(static_cast<std::uint32_t>(link.cables));
      ++first_[link.from + 1];
    }
    for (std::size_t v = 0; v + 1 < first_.size(); ++v) first_[v + 1] += first_[v];
    to_.resize(ends.size());
    cables_.resize(ends.size());
    std::vector<std::size_t> next(first_.begin(), first_.end() - 1);
    for (std::size_t i = 0; i < ends.size(); ++i) {
      const std::size_t at = next[ends[i].first]++;
      to_[at] = ends[i].second;
      cables_[at] = cables[i];
    }
  }
  std::size_t vertices() const { return first_.size() - 1; }
  std::size_t begin(std::size_t v) const { return first_[v]; }
  std::size_t end(std::size_t v) const { return first_[v + 1]; }
  std::size_t to(std::size_t arc) const { return to_[arc]; }
  double cables(std::size_t arc) const { return cables_[arc]; }

  std::vector<std::int32_t> distances(std::size_t start) const {
    std::vector<std::int32_t> result(vertices(), -1);
    std::vector<std::uint32_t> queue;
    queue.reserve(vertices());
    queue.push_back(static_cast<std::uint32_t>(start));
    result[start] = 0;
    for (std::size_t at = 0; at < queue.size(); ++at) {
      const std::size_t v = queue[at];
      for (std::size_t arc = begin(v); arc < end(v); ++arc) {
        if (result[to(arc)] >= 0) continue;
        result[to(arc)] = result[v] + 1;
        queue.push_back(static_cast<std::uint32_t>(to(arc)));
      }
    }
    return result;
  }

 private:
  std::vector<std::size_t> first_;
  std::vector<std::uint32_t> to_;
  std::vector<std::uint32_t> cables_;
};

// Capacities in steps of 2^-20 of their unit: sums of such doubles are exact, and the search for a flow, which compares
// what enters a vertex with what leaves it, is not misled by rounding.
double in_exact_steps(double capacity) { return std::ldexp(std::round(std::ldexp(capacity, 20)), -20); }

double max_flow(std::size_t vertices, const std::vector<Arc>& arcs, std::size_t source, std::size_t sink) {
  using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
  using Flow = boost::adjacency_list<
      boost::vecS, boost::vecS, boost::directedS, boost::no_property,
      boost::property<boost::edge_capacity_t, double,
                      boost::property<boost::edge_residual_capacity_t, double,
                                      boost::property<boost::edge_reverse_t, Traits::edge_descriptor>>>>;
  Flow graph(vertices);
  auto capacity = boost::get(boost::edge_capacity, graph);
  auto reverse = boost::get(boost::edge_reverse, graph);
  for (const Arc& arc : arcs) {
    const auto there = boost::add_edge(arc.from, arc.to, graph).first;
    const auto back = boost::add_edge(arc.to, arc.from, graph).first;
    capacity[there] = in_exact_steps(arc.capacity);
    capacity[back] = 0.0;
    reverse[there] = back;
    reverse[back] = there;
  }
  return boost::push_relabel_max_flow(graph, source, sink);
}

}  // namespace

Distances measure_distances(const Network& network) {
  constexpr std::size_t all_up_to = 512, sample = 16;
  const Arcs arcs(network);
  const std::size_t nodes = network.node_count();
  Distances result;
  result.starts = network.is_symmetric() ? 1 : nodes <= all_up_to ? nodes : sample;
  result.exact = network.is_symmetric() || result.starts == nodes;
  double sum = 0.0;
  for (std::size_t i = 0; i < result.starts; ++i) {
    const auto distances = arcs.distances(i * nodes / result.starts);
    for (std::size_t node = 0; node < nodes; ++node) {
      result.diameter = std::max<std::int64_t>(result.diameter, distances[node]);
      sum += std::max(0, distances[node]);
    }
  }
  if (nodes > 1) result.mean = sum / static_cast<double>(result.starts) / static_cast<double>(nodes - 1);
  return result;
}

namespace {

// The half of each vertex: nodes are given, their switches follow, and so on outwards.
std::vector<int> halves_of_vertices(const Network& network, const std::vector<bool>& is_second) {
  const Arcs arcs(network);
  std::vector<int> side(arcs.vertices(), -1);
  for (std::size_t i = 0; i < is_second.size(); ++i) side[i] = is_second[i] ? 1 : 0;
  for (bool changed = true; changed;) {
    changed = false;
    std::vector<std::pair<std::size_t, int>> found;
    for (std::size_t v = is_second.size(); v < side.size(); ++v) {
      if (side[v] >= 0) continue;
      double links[2] = {0.0, 0.0};
      for (std::size_t arc = arcs.begin(v); arc < arcs.end(v); ++arc) {
        if (side[arcs.to(arc)] >= 0) links[side[arcs.to(arc)]] += arcs.cables(arc);
      }
      if (links[0] + links[1] > 0.0) found.emplace_back(v, links[1] > links[0] ? 1 : 0);
    }
    for (const auto& [vertex, half] : found) side[vertex] = half, changed = true;
  }
  return side;
}

Bandwidth least_cut(const Network& network, const std::vector<bool>& is_second) {
  const std::size_t source = network.vertex_count(), sink = source + 1;
  std::vector<Arc> arcs;
  for (std::size_t i = 0; i < network.link_count(); ++i) {
    const Link link = network.link(LinkId(i));
    if (link.from != link.to) arcs.push_back({link.from, link.to, in_bytes_per_second(link.bandwidth) * 1e-9});
  }
  constexpr double no_limit = 1e9;  // GB/s; more would leave no digits for exact sums
  for (std::size_t i = 0; i < is_second.size(); ++i) {
    arcs.push_back(is_second[i] ? Arc{i, sink, no_limit} : Arc{source, i, no_limit});
  }
  return bytes_per_second(max_flow(sink + 1, arcs, source, sink) * 1e9);
}

}  // namespace

Cut bisect(const Network& network) {
  constexpr std::size_t small = 50'000;  // links
  const Halves halves = network.halves();
  const std::vector<int> side = halves_of_vertices(network, halves.is_second);
  Cut result;
  result.how = halves.how;
  for (std::size_t i = 0; i < network.link_count(); ++i) {
    const Link link = network.link(LinkId(i));
    if (side[link.from] != 0 || side[link.to] != 1) continue;
    result.cables += static_cast<double>(link.cables);
    result.bandwidth += link.bandwidth;
  }
  if (network.link_count() <= small) result.least = least_cut(network, halves.is_second);
  return result;
}

namespace {

double disjoint_ways(const Arcs& arcs, std::size_t from, std::size_t to) {
  const auto ahead = arcs.distances(from);
  const auto behind = arcs.distances(to);  // every cable has both directions
  if (from == to || ahead[to] < 0) return 0.0;
  std::map<std::size_t, std::size_t> number;
  const auto name = [&](std::size_t v) { return number.emplace(v, number.size()).first->second; };
  std::vector<Arc> ways;
  for (std::size_t v = 0; v < arcs.vertices(); ++v) {
    if (ahead[v] < 0 || ahead[v] + behind[v] != ahead[to]) continue;
    for (std::size_t arc = arcs.begin(v); arc < arcs.end(v); ++arc) {
      const std::size_t next = arcs.to(arc);
      if (ahead[v] + 1 + behind[next] == ahead[to]) ways.push_back({name(v), name(next), arcs.cables(arc)});
    }
  }
  return max_flow(number.size(), ways, name(from), name(to));
}

}  // namespace

double disjoint_shortest_ways(const Network& network, NodeId from, NodeId to) {
  return disjoint_ways(Arcs(network), from.index(), to.index());
}

Diversity measure_diversity(const Network& network, std::uint64_t seed) {
  const std::size_t nodes = network.node_count();
  Diversity result;
  if (nodes < 2) return result;
  const Arcs arcs(network);
  RandomStream random(seed, "path diversity");
  const std::size_t wanted = nodes > 50'000 ? 4 : 16;
  double sum = 0.0;
  for (; result.pairs < wanted; ++result.pairs) {
    const auto from = static_cast<std::size_t>(random.uniform() * static_cast<double>(nodes));
    const auto step = 1 + static_cast<std::size_t>(random.uniform() * static_cast<double>(nodes - 1));
    const double ways = disjoint_ways(arcs, from, (from + step) % nodes);
    result.least = result.pairs == 0 ? ways : std::min(result.least, ways);
    result.most = std::max(result.most, ways);
    sum += ways;
  }
  result.mean = sum / static_cast<double>(result.pairs);
  return result;
}

Bandwidth injection_bandwidth(const Network& network) {
  Bandwidth sum;
  if (network.node_count() < 2) return sum;
  std::vector<RoutedLink> route;
  network.append_route(NodeId(std::size_t{0}), NodeId(std::size_t{1}), route);
  for (const RoutedLink& step : route) {
    if (network.role(step.link) == LinkRole::injection) sum += network.bandwidth(step.link);
  }
  return sum;
}

}  // namespace zettasim::topology
