#include "pattern_router.hpp"

#include <algorithm>

namespace zettasim::cost {

namespace {

// The box between the first node and the last, if its nodes in order are all of `nodes`.
std::vector<std::uint32_t> box_of(const platform::Topology& topology, std::span<const NodeId> nodes) {
  const auto* torus = std::get_if<platform::Torus>(&topology);
  if (torus == nullptr || nodes.size() < 2) return {};
  const std::size_t dimensions = torus->dimensions.size();
  std::vector<std::uint32_t> box(dimensions);
  std::vector<std::size_t> strides(dimensions);
  std::size_t stride = 1;
  std::size_t places = 1;
  for (std::size_t d = dimensions; d-- > 0;) {
    const auto size = static_cast<std::size_t>(torus->dimensions[d].size);
    const std::size_t low = nodes.front().index() / stride % size;
    const std::size_t high = nodes.back().index() / stride % size;
    if (high < low) return {};
    box[d] = static_cast<std::uint32_t>(high - low + 1);
    strides[d] = stride;
    stride *= size;
    places *= high - low + 1;
  }
  if (places != nodes.size()) return {};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    std::size_t expected = nodes.front().index();
    std::size_t rest = i;
    for (std::size_t d = dimensions; d-- > 0; rest /= box[d]) expected += rest % box[d] * strides[d];
    if (nodes[i].index() != expected) return {};
  }
  return box;
}

}  // namespace

void PatternRouter::set_nodes(std::span<const NodeId> nodes) {
  if (std::ranges::equal(nodes, nodes_)) return;
  nodes_.assign(nodes.begin(), nodes.end());
  box_ = box_of(machine_.network.topology, nodes);
  known_.clear();
}

const PatternCost& PatternRouter::cost(const Pattern& pattern) {
  const auto there = known_.find(pattern);
  return there != known_.end() ? there->second : known_.emplace(pattern, route(pattern)).first->second;
}

Duration PatternRouter::add_message(NodeId from, NodeId to, double bytes, topology::LinkLoads& loads) {
  route_.clear();
  const Duration latency = network_.append_route(from, to, route_);
  for (const topology::RoutedLink& step : route_) loads.add(step.link, step.share * bytes);
  return latency;
}

double PatternRouter::slowest_s(const topology::LinkLoads& loads) const {
  double slowest = 0.0;
  for (const LinkId link : loads.touched()) {
    slowest = std::max(slowest, loads.on(link) / in_bytes_per_second(network_.bandwidth(link)));
  }
  return slowest;
}

PatternCost PatternRouter::route(const Pattern& pattern) {
  PatternCost result;
  loads_.clear();
  const auto send = [&](std::uint32_t from, std::uint32_t to, double units) {
    result.latency = std::max(result.latency, add_message(nodes_[from], nodes_[to], units, loads_));
    result.messages += 1.0;
  };
  if (pattern.shape == Shape::line) {
    // The lines of a box all look alike and meet nowhere, so one is enough: the ranks 0, d, 2 d, ...
    const Pattern alone{Shape::line, 1, pattern.extent};
    for_each_message(alone, pattern.extent, [&](std::uint32_t from, std::uint32_t to, double units) {
      send(from * pattern.distance, to * pattern.distance, units);
    });
    result.messages *= static_cast<double>(nodes_.size()) / pattern.extent;
  } else {
    for_each_message(pattern, static_cast<std::uint32_t>(nodes_.size()), send);
  }
  result.slowest_s_per_byte = slowest_s(loads_);
  if (pattern.shape == Shape::line) {
    for (const LinkId link : loads_.touched()) {
      if (network_.role(link) == topology::LinkRole::fabric) continue;
      result.interface_s_per_byte =
          std::max(result.interface_s_per_byte, loads_.on(link) / in_bytes_per_second(network_.bandwidth(link)));
    }
  }
  return result;
}

Duration PatternRouter::add_tree(double bytes, Way way, topology::LinkLoads& loads) {
  Duration longest;
  std::map<LinkId, double> shares;
  for (std::size_t i = 1; i < nodes_.size(); ++i) {
    route_.clear();
    longest = std::max(longest, way == Way::up ? network_.append_route(nodes_[i], nodes_[0], route_)
                                               : network_.append_route(nodes_[0], nodes_[i], route_));
    for (const topology::RoutedLink& step : route_) {
      double& share = shares[step.link];
      share = std::max(share, step.share);
    }
  }
  for (const auto& [link, share] : shares) loads.add(link, share * bytes);
  return longest;
}

void PatternRouter::add_loads(const Schedule& schedule, topology::LinkLoads& loads) {
  std::map<Pattern, double> bytes;  // algorithms that use a pattern again and again route it once
  for (const Round& round : schedule.rounds) bytes[round.pattern] += round.bytes * round.repeats;
  for (const auto& [pattern, sum] : bytes) {
    if (sum == 0.0) continue;
    const double per_unit = sum;
    for_each_message(pattern, static_cast<std::uint32_t>(nodes_.size()),
                     [&](std::uint32_t from, std::uint32_t to, double units) {
                       add_message(nodes_[from], nodes_[to], units * per_unit, loads);
                     });
  }
}

}  // namespace zettasim::cost
