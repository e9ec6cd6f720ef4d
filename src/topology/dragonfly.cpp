// Ids: injections of all interfaces, their ejections, links inside groups, links between groups.
#include "zettasim/topology/dragonfly.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "detours.hpp"
#include "group_transfers.hpp"
#include "limits.hpp"
#include "merge_route.hpp"

namespace zettasim::topology {
namespace {

constexpr double negligible = 1e-9;  // messages: what differences of sums leave where there is nothing

}  // namespace

Dragonfly::Dragonfly(const platform::Machine& machine)
    : host_(host_kind(machine, std::get<platform::Dragonfly>(machine.network.topology).host)),
      local_(fabric_kind(machine.network, std::get<platform::Dragonfly>(machine.network.topology).local)),
      global_(fabric_kind(machine.network, std::get<platform::Dragonfly>(machine.network.topology).global)) {
  const auto& shape = std::get<platform::Dragonfly>(machine.network.topology);
  const std::int64_t interfaces = machine.node.nics.count;
  for (const std::int64_t count :
       {shape.groups, shape.switches_per_group, shape.nodes_per_group, shape.links_per_group_pair,
        shape.links_per_switch_pair, interfaces, machine.node_count}) {
    if (count < 1) refuse(machine, fmt::format("found a dragonfly with a count of {}, expected 1 or more", count));
  }
  const std::int64_t room = bounded_product(shape.groups, shape.nodes_per_group);
  if (machine.node_count > room) {
    refuse(machine, fmt::format("found {} nodes, expected at most {}, the places in its {} groups", machine.node_count,
                                room, shape.groups));
  }
  const std::int64_t ends = bounded_product(2 * std::min(interfaces, most_links), machine.node_count);
  const std::int64_t locals =
      bounded_product(shape.groups, bounded_product(shape.switches_per_group, shape.switches_per_group - 1));
  const std::int64_t globals =
      bounded_product(shape.links_per_group_pair, bounded_product(shape.groups, shape.groups - 1));
  check_link_count(machine, ends + locals + globals, "dragonfly");
  check_link_count(machine, bounded_product(shape.groups, shape.switches_per_group), "dragonfly");

  node_count_ = static_cast<std::size_t>(machine.node_count);
  groups_ = static_cast<std::size_t>(shape.groups);
  switches_ = static_cast<std::size_t>(shape.switches_per_group);
  nodes_per_group_ = static_cast<std::size_t>(shape.nodes_per_group);
  interfaces_ = static_cast<std::size_t>(interfaces);
  local_cables_ = static_cast<std::size_t>(shape.links_per_switch_pair);
  cables_ = GroupCables(groups_, static_cast<std::size_t>(shape.links_per_group_pair), switches_, shape.routing);
  first_local_ = static_cast<std::size_t>(ends);
  first_global_ = first_local_ + static_cast<std::size_t>(locals);
  link_count_ = first_global_ + static_cast<std::size_t>(globals);
  if (shape.routing.by_load && groups_ > 2)
    detours_ = std::make_unique<Dragonfly>(with_all_detours<platform::Dragonfly>(machine));
}

std::size_t Dragonfly::switch_of(NodeId node, std::size_t interface) const {
  return (node.index() % nodes_per_group_ * interfaces_ + interface) % switches_;
}

LinkId Dragonfly::injection(NodeId node, std::size_t interface) const {
  return LinkId(node.index() * interfaces_ + interface);
}

LinkId Dragonfly::ejection(NodeId node, std::size_t interface) const {
  return LinkId((node_count_ + node.index()) * interfaces_ + interface);
}

LinkId Dragonfly::local(std::size_t group, std::size_t from, std::size_t to) const {
  return LinkId(first_local_ + (group * switches_ + from) * (switches_ - 1) + (to < from ? to : to - 1));
}

LinkRole Dragonfly::role(LinkId id) const {
  if (id.index() >= first_local_) return LinkRole::fabric;
  return id.index() < first_local_ / 2 ? LinkRole::injection : LinkRole::ejection;
}

Bandwidth Dragonfly::bandwidth(LinkId id) const {
  if (id.index() < first_local_) return host_.bandwidth;
  return id.index() < first_global_ ? local_.bandwidth * static_cast<double>(local_cables_) : global_.bandwidth;
}

EnergyPerByte Dragonfly::energy(LinkId id) const {
  if (id.index() < first_local_) return host_.energy;
  return id.index() < first_global_ ? local_.energy : global_.energy;
}

Link Dragonfly::local_link(std::size_t index) const {
  const std::size_t other = index % (switches_ - 1);
  const std::size_t from = index / (switches_ - 1) % switches_;
  const std::size_t group = index / (switches_ - 1) / switches_;
  const std::size_t first = node_count_ + group * switches_;
  return make_link(local_, first + from, first + (other < from ? other : other + 1), LinkRole::fabric, local_cables_);
}

Link Dragonfly::global_link(std::size_t index) const {
  const auto cable = cables_.cable(index);
  return make_link(global_, node_count_ + cable.from * switches_ + cables_.gateway(cable.from, cable.to, cable.number),
                   node_count_ + cable.to * switches_ + cables_.gateway(cable.to, cable.from, cable.number),
                   LinkRole::fabric, 1);
}

Link Dragonfly::link(LinkId id) const {
  const std::size_t index = id.index();
  if (index >= first_global_) return global_link(index - first_global_);
  if (index >= first_local_) return local_link(index - first_local_);
  const bool injects = index < first_local_ / 2;
  const std::size_t port = injects ? index : index - first_local_ / 2;
  const NodeId node(port / interfaces_);
  const std::size_t there = node_count_ + group_of(node) * switches_ + switch_of(node, port % interfaces_);
  return make_link(host_, injects ? node.index() : there, injects ? there : node.index(), role(id), 1);
}

Duration Dragonfly::append_inside_group(NodeId from, NodeId to, std::vector<RoutedLink>& route) const {
  const double share = 1.0 / static_cast<double>(interfaces_);
  Duration longest;
  for (std::size_t k = 0; k < interfaces_; ++k) {
    const std::size_t near = switch_of(from, k);
    const std::size_t far = switch_of(to, k);
    if (near == far) continue;
    route.push_back({.link = local(group_of(from), near, far), .share = share});
    longest = local_.latency;
  }
  return longest;
}

// The most local links on a way from the switches of `from` to those of `to`: on minimal ways at most two, over a third
// group at most three.
std::size_t Dragonfly::most_locals(NodeId from, NodeId to, std::size_t third) const {
  const std::size_t a = group_of(from), b = group_of(to);
  const bool direct = third == a;
  std::size_t most = 0;
  for (std::size_t c = 0; c < cables_.per_pair(); ++c) {
    const std::size_t out = cables_.gateway(a, direct ? b : third, c);
    for (std::size_t d = direct ? c : 0; d < (direct ? c + 1 : cables_.per_pair()); ++d) {
      const std::size_t in = cables_.gateway(b, direct ? a : third, d);
      const bool turns = !direct && cables_.gateway(third, a, c) != cables_.gateway(third, b, d);
      for (std::size_t k = 0; k < interfaces_; ++k) {
        most = std::max<std::size_t>(
            most, (switch_of(from, k) != out ? 1u : 0u) + (turns ? 1u : 0u) + (switch_of(to, k) != in ? 1u : 0u));
      }
    }
  }
  return most;
}

Duration Dragonfly::latency_between_groups(NodeId from, NodeId to) const {
  const std::size_t a = group_of(from), b = group_of(to);
  const double v = cables_.valiant_share();
  Duration longest;
  if (v < 1.0) longest = global_.latency + local_.latency * static_cast<double>(most_locals(from, to, a));
  if (v == 0.0) return longest;
  std::size_t locals = 0;
  for (std::size_t m = 0; m < groups_ && locals < 3; ++m) {
    if (m != a && m != b) locals = std::max(locals, most_locals(from, to, m));
  }
  return std::max(longest, global_.latency * 2.0 + local_.latency * static_cast<double>(locals));
}

Duration Dragonfly::append_between_groups(NodeId from, NodeId to, std::vector<RoutedLink>& route) const {
  const std::size_t from_group = group_of(from);
  const std::size_t to_group = group_of(to);
  std::vector<double> leaving(switches_, 0.0), entering(switches_, 0.0);
  cables_.spread(
      from_group, to_group, leaving, entering,
      [&](std::size_t index, double share) {
        route.push_back({.link = LinkId(first_global_ + index), .share = share});
      },
      [&](std::size_t group, std::size_t entry, std::size_t exit, double share) {
        if (entry != exit) route.push_back({.link = local(group, entry, exit), .share = share});
      });
  const double each = 1.0 / static_cast<double>(interfaces_);
  for (std::size_t u = 0; u < switches_; ++u) {
    if (leaving[u] == 0.0 && entering[u] == 0.0) continue;
    for (std::size_t k = 0; k < interfaces_; ++k) {
      const std::size_t near = switch_of(from, k), far = switch_of(to, k);
      if (near != u && leaving[u] > 0.0) {
        route.push_back({.link = local(from_group, near, u), .share = leaving[u] * each});
      }
      if (far != u && entering[u] > 0.0) {
        route.push_back({.link = local(to_group, u, far), .share = entering[u] * each});
      }
    }
  }
  return latency_between_groups(from, to);
}

Duration Dragonfly::append_route(NodeId from, NodeId to, std::vector<RoutedLink>& route) const {
  const std::size_t first = route.size();
  const double share = 1.0 / static_cast<double>(interfaces_);
  for (std::size_t k = 0; k < interfaces_; ++k) route.push_back({.link = injection(from, k), .share = share});
  for (std::size_t k = 0; k < interfaces_; ++k) route.push_back({.link = ejection(to, k), .share = share});
  const bool same_group = group_of(from) == group_of(to);
  const Duration fabric = same_group ? append_inside_group(from, to, route) : append_between_groups(from, to, route);
  if (interfaces_ > switches_ || cables_.per_pair() > switches_) merge_repeated(route, first);
  return host_.latency + fabric;
}

// The load of a link depends only on how many of the nodes' interfaces each switch serves:
//   from s to t inside a group:  sum over interfaces k of (k-interfaces at s) * (k-interfaces at t), for messages
//   inside from s to gateway u:         (interfaces at s) * (nodes that the cables at u lead to, each cable its share)
//   from gateway v to t:         the same backwards
//   cables and ways through third groups: group_cables.cpp
Duration Dragonfly::add_all_to_all(std::span<const NodeId> nodes, DataSize per_pair, LinkLoads& loads) const {
  if (nodes.size() < 2) return Duration{};
  const double per_interface = in_bytes(per_pair) / static_cast<double>(interfaces_);
  const double sent = per_interface * static_cast<double>(nodes.size() - 1);
  std::vector<double> members(groups_, 0.0);
  std::vector<double> served(groups_ * switches_ * interfaces_, 0.0);  // by group, switch, number of the interface
  for (const NodeId node : nodes) {
    members[group_of(node)] += 1.0;
    for (std::size_t k = 0; k < interfaces_; ++k) {
      loads.add(injection(node, k), sent);
      loads.add(ejection(node, k), sent);
      served[(group_of(node) * switches_ + switch_of(node, k)) * interfaces_ + k] += 1.0;
    }
  }
  std::size_t busy = 0;
  for (std::size_t g = 0; g < groups_; ++g) {
    if (members[g] != 0.0 || cables_.valiant_share() > 0.0) {
      add_globals_of(g, members, static_cast<double>(nodes.size()), in_bytes(per_pair), loads);
    }
    if (members[g] != 0.0) ++busy, add_locals_of(g, members, served, per_interface, loads);
  }
  const bool detours = busy > 1 && cables_.valiant_share() > 0.0;
  const double globals = busy > 1 ? (detours ? 2.0 : 1.0) : 0.0;
  const double locals = switches_ > 1 ? globals + 1.0 : 0.0;
  return host_.latency + global_.latency * globals + local_.latency * locals;
}

Duration Dragonfly::add_transfers(std::span<const Transfer> transfers, LinkLoads& loads) const {
  if (transfers.size() < groups_ || interfaces_ > switches_) return Network::add_transfers(transfers, loads);
  GroupTraffic between(cables_, switches_);
  const double ways = cables_.valiant_share() > 0.0 ? 2.0 : 1.0;
  const Duration bound = host_.latency + global_.latency * ways + local_.latency * (ways + 1.0);
  const Duration longest = add_by_group(
      *this, transfers, interfaces_, loads, between, [&](NodeId node) { return group_of(node); },
      [&](NodeId node, std::size_t k) { return switch_of(node, k); },
      [&](NodeId node, std::size_t k) { return injection(node, k); },
      [&](NodeId node, std::size_t k) { return ejection(node, k); },
      [&](Duration& latency, NodeId from, NodeId to) {
        // Once a route is as long as any, the others need not be looked at: that takes longer than adding them up.
        if (latency < bound) latency = std::max(latency, host_.latency + latency_between_groups(from, to));
      });
  const auto inside = [&](std::size_t group, std::size_t from, std::size_t to, double bytes) {
    if (from != to) loads.add(local(group, from, to), bytes);
  };
  between.fan_out(
      inside, inside, [&](std::size_t index, double bytes) { loads.add(LinkId(first_global_ + index), bytes); },
      inside);
  return longest;
}

// What passes group g on the way between others, and what leaves it.
void Dragonfly::add_globals_of(std::size_t g, std::span<const double> members, double all, double bytes,
                               LinkLoads& loads) const {
  for (std::size_t other = 0; other < groups_; ++other) {
    if (other == g) continue;
    const double messages = cables_.between(g, other, members, all) / static_cast<double>(cables_.per_pair());
    if (messages == 0.0) continue;
    for (std::size_t c = 0; c < cables_.per_pair(); ++c) {
      loads.add(LinkId(first_global_ + cables_.index(g, other, c)), messages * bytes);
    }
  }
  if (cables_.valiant_share() == 0.0) return;
  const std::vector<double> transits = cables_.transits(g, members);
  for (std::size_t s = 0; s < switches_; ++s) {
    for (std::size_t t = 0; t < switches_; ++t) {
      const double messages = transits[s * switches_ + t];
      if (s != t && messages > negligible) loads.add(local(g, s, t), messages * bytes);
    }
  }
}

void Dragonfly::add_locals_of(std::size_t g, std::span<const double> members, std::span<const double> served,
                              double per_interface, LinkLoads& loads) const {
  const std::vector<double> partners = cables_.partners(g, members);
  const double* by_interface = &served[g * switches_ * interfaces_];
  std::vector<double> all_served(switches_, 0.0);
  for (std::size_t s = 0; s < switches_; ++s) {
    for (std::size_t k = 0; k < interfaces_; ++k) all_served[s] += by_interface[s * interfaces_ + k];
  }
  for (std::size_t s = 0; s < switches_; ++s) {
    for (std::size_t t = 0; t < switches_; ++t) {
      if (s == t) continue;
      double messages = all_served[s] * partners[t] + partners[s] * all_served[t];
      for (std::size_t k = 0; k < interfaces_; ++k) {
        messages += by_interface[s * interfaces_ + k] * by_interface[t * interfaces_ + k];
      }
      if (messages != 0.0) loads.add(local(g, s, t), messages * per_interface);
    }
  }
}

std::string Dragonfly::describe() const {
  return fmt::format(
      "dragonfly of {} groups x {} switches, {} nodes with {} interfaces each, {} links between two groups", groups_,
      switches_, node_count_, interfaces_, cables_.per_pair());
}

std::string Dragonfly::link_name(LinkId id) const {
  const Link there = link(id);
  const auto vertex = [this](std::size_t v) {
    if (v < node_count_) return fmt::format("node {}", v);
    return fmt::format("group {} switch {}", (v - node_count_) / switches_, (v - node_count_) % switches_);
  };
  return fmt::format("{} to {}", vertex(there.from), vertex(there.to));
}

}  // namespace zettasim::topology
