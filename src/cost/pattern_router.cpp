#include "pattern_router.hpp"

#include <algorithm>

namespace zettasim::cost {

namespace {

constexpr std::size_t most_layouts = 24;            // remembered
constexpr std::size_t most_kept_loads = 6'000'000;  // links with bytes, over all patterns: about 100 MB
constexpr double most_closed_form_nodes = 20e6;     // over all groups
constexpr double most_routed_pairs = 4e6;           // above that every so many distances stand for the others
constexpr std::size_t most_transfers = 1 << 20;     // routed together
constexpr double negligible_bytes = 1e-9;           // of one: what subtraction leaves

// The box between the first node and the last, if its nodes in order are all of `nodes`. None where messages leave the
// box on fixed detours; routers that react to load send what goes to neighbours directly.
std::vector<std::uint32_t> box_of(const platform::Topology& topology, std::span<const NodeId> nodes) {
  const auto* torus = std::get_if<platform::Torus>(&topology);
  if (torus == nullptr || torus->routing.valiant_share > 0.0 || nodes.size() < 2) return {};
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

// The extents of the job's box that the ranks of each group fill: the first ones whose stride is that of the group.
std::vector<std::uint32_t> box_of_groups(const std::vector<std::uint32_t>& box, const Layout& layout) {
  if (layout.cell_nodes != 1 || layout.node_ranks != 1) return {};
  std::size_t d = box.size();
  std::int64_t stride = 1;
  while (d > 0 && stride < layout.stride) stride *= box[--d];
  if (stride != layout.stride) return {};
  std::vector<std::uint32_t> extents;
  std::int64_t ranks = 1;
  while (d > 0 && ranks < layout.ranks) {
    ranks *= box[--d];
    extents.insert(extents.begin(), box[d]);
  }
  return ranks == layout.ranks ? extents : std::vector<std::uint32_t>{};
}

}  // namespace

PatternRouter::PatternRouter(const platform::Machine& machine, const topology::Network& network)
    : machine_(machine),
      network_(network),
      domain_nodes_(static_cast<std::size_t>(machine.node.domain_nodes())),
      routing_(&network),
      loads_(network.link_count()) {
  learnt_.emplace_front();
}

void PatternRouter::set_layout(std::span<const NodeId> nodes, const Layout& layout) {
  const auto there = std::ranges::find_if(learnt_, [&](const Learnt& learnt) {
    return learnt.layout == layout && std::ranges::equal(learnt.nodes, nodes);
  });
  if (there != learnt_.end()) return learnt_.splice(learnt_.begin(), learnt_, there);
  if (learnt_.size() >= most_layouts) {
    for (const auto& [pattern, loads] : learnt_.back().loads) kept_loads_ -= loads.size();
    learnt_.pop_back();
  }
  Learnt& learnt = learnt_.emplace_front();
  learnt.nodes.assign(nodes.begin(), nodes.end());
  learnt.layout = layout;
  learnt.box = box_of_groups(box_of(machine_.network.topology, nodes), layout);
}

const PatternCost* PatternRouter::known(const Pattern& pattern) const {
  const auto there = learnt_.front().costs.find(pattern);
  return there != learnt_.front().costs.end() ? &there->second : nullptr;
}

const PatternCost& PatternRouter::cost(const Pattern& pattern) {
  if (const PatternCost* there = known(pattern)) return *there;
  return learnt_.front().costs.emplace(pattern, measure(pattern)).first->second;
}

Duration PatternRouter::add_transfers(std::span<const topology::Transfer> transfers, topology::LinkLoads& loads) const {
  return add_balanced(network_, loads, [&](const topology::Network& network, topology::LinkLoads& into) {
    return network.add_transfers(transfers, into);
  });
}

void PatternRouter::flush(PatternCost& result) {
  result.latency = std::max(result.latency, routing_->add_transfers(transfers_, loads_));
  transfers_.clear();
}

// All of a rank's nodes are in one domain, so what holds of the first holds of all.
bool PatternRouter::stays_local(std::int64_t from, std::int64_t to) const {
  if (sent_.empty()) return false;
  const NodeId a = node(from, 0), b = node(to, 0);
  return a == b || in_one_domain(a, b);
}

void PatternRouter::send_local(std::int64_t from, std::int64_t to, double units) {
  const double bytes = units * static_cast<double>(layout().beside);
  sent_[static_cast<std::size_t>(from)] += bytes / static_cast<double>(layout().devices_of(from));
  received_[static_cast<std::size_t>(to)] += bytes / static_cast<double>(layout().devices_of(to));
}

// The message between two ranks of a group and those of the groups beside it: each node of a cell sends to one node of
// the other.
void PatternRouter::send(std::int64_t from, std::int64_t to, double units, PatternCost& result) {
  if (stays_local(from, to)) return send_local(from, to, units);
  const double bytes = units * share_of_node();
  for (std::int64_t i = 0; i < layout().cell_nodes; ++i) transfers_.push_back({node(from, i), node(to, i), bytes});
  if (transfers_.size() >= most_transfers) flush(result);
  result.crosses = true;
  result.messages += messages_of_pair();
}

bool PatternRouter::has_local_messages() const {
  return layout().node_ranks > 1 || static_cast<std::int64_t>(domain_nodes_) > layout().cell_nodes ||
         !layout().cell_starts.empty();
}

void PatternRouter::start_over() {
  sent_.assign(has_local_messages() ? static_cast<std::size_t>(layout().all_ranks) : 0, 0.0);
  received_ = sent_;
  loads_.clear();
}

PatternCost PatternRouter::measure(const Pattern& pattern) {
  PatternCost result;
  start_over();
  const bool one_line = pattern.shape == Shape::line;
  one_line ? route_one_line(pattern, result) : route_by_load(pattern, result);
  take_local(result);
  add_up(result, one_line);
  return result;
}

// Directly, and balanced with detours where the network has some. Trees of switches are set up on direct routes.
void PatternRouter::route_by_load(const Pattern& pattern, PatternCost& result) {
  route(pattern, result);
  const bool is_tree = pattern.shape == Shape::combine || pattern.shape == Shape::distribute;
  if (network_.detours() == nullptr || is_tree || !result.crosses) return;
  topology::LinkLoads direct(network_.link_count());
  std::swap(direct, loads_);
  const auto sent = sent_, received = received_;
  PatternCost unused;
  routing_ = network_.detours();
  route(pattern, unused);
  routing_ = &network_;
  std::swap(direct, loads_);
  balance(network_, loads_, direct);
  sent_ = sent;
  received_ = received;
}

void PatternRouter::route(const Pattern& pattern, PatternCost& result) {
  if (pattern.shape == Shape::combine || pattern.shape == Shape::distribute) return route_trees(pattern, result);
  if (pattern.shape == Shape::all_pairs) {
    route_all_pairs(result);
    return flush(result);
  }
  for_each_group(layout(), [&](std::int64_t ranks, auto at) {
    for_each_message(pattern, static_cast<std::uint32_t>(layout().ranks),
                     [&](std::uint32_t from, std::uint32_t to, double units) {
                       if (from < ranks && to < ranks) send(at(from), at(to), units, result);
                     });
  });
  flush(result);
}

// The lines of a box all look alike and meet nowhere, so one is enough: the ranks 0, d, 2 d, ... of the first group.
void PatternRouter::route_one_line(const Pattern& pattern, PatternCost& result) {
  const Pattern alone{Shape::line, 1, pattern.extent};
  for_each_message(alone, pattern.extent, [&](std::uint32_t from, std::uint32_t to, double units) {
    send(std::int64_t{from} * pattern.distance * layout().stride, std::int64_t{to} * pattern.distance * layout().stride,
         units, result);
  });
  flush(result);
}

void PatternRouter::route_all_pairs(PatternCost& result) {
  const Layout& here = layout();
  const double nodes = static_cast<double>(here.group_count()) * static_cast<double>(network_.node_count());
  const double pairs = static_cast<double>(here.all_ranks) * static_cast<double>(here.ranks - 1);
  const bool one_group = here.ranks == here.all_ranks;
  if (here.node_ranks == 1 && (one_group || nodes <= most_closed_form_nodes)) return route_pairs_in_closed_form(result);
  const auto distances = static_cast<std::uint32_t>(here.ranks - 1);
  const double routed = std::max(16.0, most_routed_pairs / static_cast<double>(here.all_ranks));
  const std::uint32_t chosen = pairs <= most_routed_pairs ? distances : std::min(distances, std::uint32_t(routed));
  const double each = static_cast<double>(distances) / chosen;
  for (std::uint32_t i = 0; i < chosen; ++i) {
    const Pattern shift{Shape::shift, 1 + static_cast<std::uint32_t>((i + 0.5) * each)};
    for_each_group(here, [&](std::int64_t ranks, auto at) {
      for_each_message(shift, static_cast<std::uint32_t>(here.ranks),
                       [&](std::uint32_t from, std::uint32_t to, double) {
                         if (from < ranks && to < ranks) send(at(from), at(to), each, result);
                       });
    });
  }
}

void PatternRouter::route_pairs_in_closed_form(PatternCost& result) {
  std::vector<NodeId> members;
  for_each_group(layout(), [&](std::int64_t ranks, auto at) {
    if (ranks < 2) return;
    for (std::int64_t i = 0; i < layout().cell_nodes; ++i) {
      members.clear();
      for (std::int64_t rank = 0; rank < ranks; ++rank) members.push_back(node(at(rank), i));
      const DataSize per_pair = bytes(share_of_node());
      result.latency = std::max(result.latency, routing_->add_all_to_all(members, per_pair, loads_));
    }
    result.messages += static_cast<double>(ranks * (ranks - 1)) * messages_of_pair();
    result.crosses = true;
    if (sent_.empty()) return;
    std::vector<std::int64_t> group;
    for (std::int64_t rank = 0; rank < ranks; ++rank) group.push_back(at(rank));
    take_back_local_pairs(group, result);
  });
}

// The pairs of a group that share a domain, which the closed form has put on the network.
void PatternRouter::take_back_local_pairs(std::span<const std::int64_t> group, PatternCost& result) {
  std::map<std::size_t, std::vector<std::int64_t>> by_domain;
  for (const std::int64_t rank : group) by_domain[domain_of(node(rank, 0))].push_back(rank);
  for (const auto& [domain, there] : by_domain) {
    for (const std::int64_t from : there) {
      for (const std::int64_t to : there) {
        if (from == to) continue;
        for (std::int64_t i = 0; i < layout().cell_nodes; ++i) {
          transfers_.push_back({node(from, i), node(to, i), -share_of_node()});
        }
        send_local(from, to, 1.0);
        result.messages -= messages_of_pair();
      }
    }
  }
}

// Each link once for each tree: the routes of all ranks of a group to the first one, or back; of a link that only a
// share of a route takes, that share. The latency is that of the longest.
void PatternRouter::route_trees(const Pattern& pattern, PatternCost& result) {
  const bool up = pattern.shape == Shape::combine;
  std::map<LinkId, double> shares;
  for_each_group(layout(), [&](std::int64_t ranks, auto at) {
    for (std::int64_t i = 0; i < layout().cell_nodes; ++i) {
      shares.clear();
      const NodeId root = node(at(0), i);
      for (std::int64_t rank = 1; rank < ranks; ++rank) {
        if (stays_local(at(rank), at(0))) continue;
        const NodeId leaf = node(at(rank), i);
        route_.clear();
        const Duration latency =
            up ? network_.append_route(leaf, root, route_) : network_.append_route(root, leaf, route_);
        result.latency = std::max(result.latency, latency);
        for (const topology::RoutedLink& step : route_) {
          double& share = shares[step.link];
          share = std::max(share, step.share);
        }
      }
      for (const auto& [link, share] : shares) loads_.add(link, share * share_of_node());
    }
    result.messages += static_cast<double>(ranks * layout().beside);
  });
  result.crosses = true;
}

void PatternRouter::take_local(PatternCost& result) const {
  for (std::size_t rank = 0; rank < sent_.size(); ++rank) {
    result.local_bytes = std::max({result.local_bytes, sent_[rank], received_[rank]});
    result.all_local_bytes += sent_[rank] * static_cast<double>(layout().devices_of(static_cast<std::int64_t>(rank)));
  }
}

// What the loads of the pattern come to. One line stands for all there are.
void PatternRouter::add_up(PatternCost& result, bool one_line) const {
  const topology::LoadTotals totals = network_.totals(loads_);
  result.slowest_s_per_byte = totals.slowest_s;
  result.fabric_joules = totals.fabric_joules;
  result.interface_bytes = totals.interface_bytes;
  if (!one_line) return;
  result.interface_s_per_byte = totals.slowest_interface_s;
  const double ranks = result.messages / static_cast<double>(2 * layout().beside);
  const double lines = static_cast<double>(layout().all_ranks) / ranks;
  for (double* sum : {&result.messages, &result.fabric_joules, &result.interface_bytes}) *sum *= lines;
}

// Loads of the pattern for one byte, from all its messages.
std::vector<topology::LinkLoad> PatternRouter::unit_loads(const Pattern& pattern) {
  PatternCost unused;
  start_over();
  route_by_load(pattern, unused);
  auto result = loads_.sorted();
  std::erase_if(result, [](const topology::LinkLoad& load) { return load.bytes <= negligible_bytes; });
  return result;
}

void PatternRouter::add_loads(const Schedule& schedule, topology::LinkLoads& loads) {
  std::map<Pattern, double> bytes;  // algorithms that use a pattern again and again route it once
  for (const Round& round : schedule.rounds) bytes[round.pattern] += round.bytes * round.repeats;
  auto& kept = learnt_.front().loads;
  for (const auto& [pattern, sum] : bytes) {
    if (sum == 0.0) continue;
    const auto there = kept.find(pattern);
    const auto fresh = there == kept.end() ? unit_loads(pattern) : std::vector<topology::LinkLoad>{};
    for (const topology::LinkLoad& load : there == kept.end() ? fresh : there->second) {
      loads.add(load.link, load.bytes * sum);
    }
    if (there != kept.end() || kept_loads_ + fresh.size() > most_kept_loads) continue;
    kept_loads_ += fresh.size();
    kept.emplace(pattern, fresh);
  }
}

}  // namespace zettasim::cost
