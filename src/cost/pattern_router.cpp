#include "pattern_router.hpp"

#include <algorithm>

namespace zettasim::cost {

void PatternRouter::set_nodes(std::span<const NodeId> nodes) {
  if (std::ranges::equal(nodes, nodes_)) return;
  nodes_.assign(nodes.begin(), nodes.end());
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
  for_each_message(pattern, static_cast<std::uint32_t>(nodes_.size()),
                   [&](std::uint32_t from, std::uint32_t to, double units) {
                     result.latency = std::max(result.latency, add_message(nodes_[from], nodes_[to], units, loads_));
                     result.messages += 1.0;
                   });
  result.slowest_s_per_byte = slowest_s(loads_);
  return result;
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
