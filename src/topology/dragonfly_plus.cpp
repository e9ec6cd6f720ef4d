// Ids: injections of all interfaces, their ejections, leaves to spines, spines to leaves, links between groups.
#include "zettasim/topology/dragonfly_plus.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "detours.hpp"
#include "group_transfers.hpp"
#include "limits.hpp"
#include "merge_route.hpp"

namespace zettasim::topology {
namespace {

constexpr double negligible = 1e-9;  // messages: what differences of sums leave where there is nothing

const platform::DragonflyPlus& shape_of(const platform::Machine& machine) {
  return std::get<platform::DragonflyPlus>(machine.network.topology);
}

}  // namespace

DragonflyPlus::DragonflyPlus(const platform::Machine& machine)
    : host_(host_kind(machine, shape_of(machine).host)),
      local_(fabric_kind(machine.network, shape_of(machine).local)),
      global_(fabric_kind(machine.network, shape_of(machine).global)) {
  const auto& shape = shape_of(machine);
  const std::int64_t interfaces = machine.node.nics.count;
  for (const std::int64_t count :
       {shape.groups, shape.leaves_per_group, shape.spines_per_group, shape.nodes_per_group, shape.links_per_group_pair,
        shape.links_per_leaf_spine, interfaces, machine.node_count}) {
    if (count < 1) refuse(machine, fmt::format("found a dragonfly+ with a count of {}, expected 1 or more", count));
  }
  const std::int64_t room = bounded_product(shape.groups, shape.nodes_per_group);
  if (machine.node_count > room) {
    refuse(machine, fmt::format("found {} nodes, expected at most {}, the places in its {} groups", machine.node_count,
                                room, shape.groups));
  }
  const std::int64_t ends = bounded_product(2 * std::min(interfaces, most_links), machine.node_count);
  const std::int64_t one_way =
      bounded_product(shape.groups, bounded_product(shape.leaves_per_group, shape.spines_per_group));
  const std::int64_t globals =
      bounded_product(shape.links_per_group_pair, bounded_product(shape.groups, shape.groups - 1));
  check_link_count(machine, ends + 2 * one_way + globals, "dragonfly+");
  node_count_ = static_cast<std::size_t>(machine.node_count);
  groups_ = static_cast<std::size_t>(shape.groups);
  leaves_ = static_cast<std::size_t>(shape.leaves_per_group);
  spines_ = static_cast<std::size_t>(shape.spines_per_group);
  nodes_per_group_ = static_cast<std::size_t>(shape.nodes_per_group);
  interfaces_ = static_cast<std::size_t>(interfaces);
  local_cables_ = static_cast<std::size_t>(shape.links_per_leaf_spine);
  first_up_ = static_cast<std::size_t>(ends);
  first_down_ = first_up_ + static_cast<std::size_t>(one_way);
  first_global_ = first_down_ + static_cast<std::size_t>(one_way);
  cables_ = GroupCables(groups_, static_cast<std::size_t>(shape.links_per_group_pair), spines_, shape.routing);
  if (shape.routing.by_load && groups_ > 2) {
    detours_ = std::make_unique<DragonflyPlus>(with_all_detours<platform::DragonflyPlus>(machine));
  }
}

LinkRole DragonflyPlus::role(LinkId id) const {
  if (id.index() >= first_up_) return LinkRole::fabric;
  return id.index() < first_up_ / 2 ? LinkRole::injection : LinkRole::ejection;
}

Bandwidth DragonflyPlus::bandwidth(LinkId id) const {
  if (id.index() < first_up_) return host_.bandwidth;
  return id.index() < first_global_ ? local_.bandwidth * static_cast<double>(local_cables_) : global_.bandwidth;
}

EnergyPerByte DragonflyPlus::energy(LinkId id) const {
  if (id.index() < first_up_) return host_.energy;
  return id.index() < first_global_ ? local_.energy : global_.energy;
}

Link DragonflyPlus::link(LinkId id) const {
  const std::size_t index = id.index();
  if (index >= first_global_) {
    const auto cable = cables_.cable(index - first_global_);
    return make_link(global_, spine_vertex(cable.from, cables_.gateway(cable.from, cable.to, cable.number)),
                     spine_vertex(cable.to, cables_.gateway(cable.to, cable.from, cable.number)), LinkRole::fabric, 1);
  }
  if (index >= first_down_) {
    const std::size_t at = index - first_down_;
    const std::size_t group = at / leaves_ / spines_;
    return make_link(local_, spine_vertex(group, at / leaves_ % spines_), leaf_vertex(group, at % leaves_),
                     LinkRole::fabric, local_cables_);
  }
  if (index >= first_up_) {
    const std::size_t at = index - first_up_;
    const std::size_t group = at / spines_ / leaves_;
    return make_link(local_, leaf_vertex(group, at / spines_ % leaves_), spine_vertex(group, at % spines_),
                     LinkRole::fabric, local_cables_);
  }
  const bool injects = index < first_up_ / 2;
  const std::size_t port = injects ? index : index - first_up_ / 2;
  const NodeId node(port / interfaces_);
  const std::size_t leaf = leaf_vertex(group_of(node), leaf_of(node, port % interfaces_));
  return make_link(host_, injects ? node.index() : leaf, injects ? leaf : node.index(), role(id), 1);
}

Duration DragonflyPlus::append_inside_group(NodeId from, NodeId to, std::vector<RoutedLink>& route) const {
  const double share = 1.0 / static_cast<double>(interfaces_ * spines_);
  const std::size_t group = group_of(from);
  Duration longest;
  for (std::size_t k = 0; k < interfaces_; ++k) {
    const std::size_t near = leaf_of(from, k), far = leaf_of(to, k);
    if (near == far) continue;
    longest = local_.latency * 2.0;
    for (std::size_t spine = 0; spine < spines_; ++spine) {
      route.push_back({.link = up(group, near, spine), .share = share});
      route.push_back({.link = down(group, spine, far), .share = share});
    }
  }
  return longest;
}

Duration DragonflyPlus::append_between_groups(NodeId from, NodeId to, std::vector<RoutedLink>& route) const {
  std::vector<double> leaving(spines_, 0.0), entering(spines_, 0.0);
  bool turns = false;
  cables_.spread(
      group_of(from), group_of(to), leaving, entering,
      [&](std::size_t index, double share) {
        route.push_back({.link = LinkId(first_global_ + index), .share = share});
      },
      [&](std::size_t group, std::size_t entry, std::size_t exit, double share) {
        if (entry == exit) return;
        turns = true;
        for (std::size_t leaf = 0; leaf < leaves_; ++leaf) {
          route.push_back({.link = down(group, entry, leaf), .share = share / static_cast<double>(leaves_)});
          route.push_back({.link = up(group, leaf, exit), .share = share / static_cast<double>(leaves_)});
        }
      });
  const double each = 1.0 / static_cast<double>(interfaces_);
  for (std::size_t spine = 0; spine < spines_; ++spine) {
    for (std::size_t k = 0; k < interfaces_; ++k) {
      if (leaving[spine] > 0.0) {
        route.push_back({.link = up(group_of(from), leaf_of(from, k), spine), .share = leaving[spine] * each});
      }
      if (entering[spine] > 0.0) {
        route.push_back({.link = down(group_of(to), spine, leaf_of(to, k)), .share = entering[spine] * each});
      }
    }
  }
  return latency_between_groups(turns);
}

Duration DragonflyPlus::latency_between_groups(bool turns) const {
  const bool detours = cables_.valiant_share() > 0.0;
  return global_.latency * (detours ? 2.0 : 1.0) + local_.latency * (turns ? 4.0 : 2.0);
}

Duration DragonflyPlus::append_route(NodeId from, NodeId to, std::vector<RoutedLink>& route) const {
  const std::size_t first = route.size();
  const double share = 1.0 / static_cast<double>(interfaces_);
  for (std::size_t k = 0; k < interfaces_; ++k) route.push_back({.link = injection(from, k), .share = share});
  for (std::size_t k = 0; k < interfaces_; ++k) route.push_back({.link = ejection(to, k), .share = share});
  const bool same_group = group_of(from) == group_of(to);
  const Duration fabric = same_group ? append_inside_group(from, to, route) : append_between_groups(from, to, route);
  // Interfaces may share a leaf, and ways through third groups share their leaves' links.
  if (interfaces_ > leaves_ || cables_.valiant_share() > 0.0) merge_repeated(route, first);
  return host_.latency + fabric;
}

// As on a dragonfly (dragonfly.cpp), with leaves where messages begin and end and spines where cables do.
Duration DragonflyPlus::add_all_to_all(std::span<const NodeId> nodes, DataSize per_pair, LinkLoads& loads) const {
  if (nodes.size() < 2) return Duration{};
  const auto all = static_cast<double>(nodes.size());
  const double sent = in_bytes(per_pair) / static_cast<double>(interfaces_) * (all - 1.0);
  std::vector<double> members(groups_, 0.0);
  std::vector<double> served(groups_ * leaves_ * interfaces_, 0.0);  // by group, leaf, number of the interface
  for (const NodeId node : nodes) {
    members[group_of(node)] += 1.0;
    for (std::size_t k = 0; k < interfaces_; ++k) {
      loads.add(injection(node, k), sent);
      loads.add(ejection(node, k), sent);
      served[(group_of(node) * leaves_ + leaf_of(node, k)) * interfaces_ + k] += 1.0;
    }
  }
  const bool detours = cables_.valiant_share() > 0.0;
  std::size_t busy = 0;
  for (std::size_t g = 0; g < groups_; ++g) {
    if (members[g] != 0.0) ++busy;
    if (members[g] == 0.0 && !detours) continue;
    for (std::size_t other = 0; other < groups_; ++other) {
      const double messages = other == g ? 0.0 : cables_.between(g, other, members, all);
      if (messages == 0.0) continue;
      for (std::size_t c = 0; c < cables_.per_pair(); ++c) {
        loads.add(LinkId(first_global_ + cables_.index(g, other, c)),
                  messages / static_cast<double>(cables_.per_pair()) * in_bytes(per_pair));
      }
    }
    add_group(g, members, served, per_pair, loads);
  }
  if (busy < 2) return host_.latency + local_.latency * 2.0;
  return host_.latency + global_.latency * (detours ? 2.0 : 1.0) + local_.latency * (detours ? 4.0 : 2.0);
}

Duration DragonflyPlus::add_transfers(std::span<const Transfer> transfers, LinkLoads& loads) const {
  if (transfers.size() < groups_) return Network::add_transfers(transfers, loads);
  GroupTraffic between(cables_, leaves_);
  const bool detours = cables_.valiant_share() > 0.0;
  const Duration longest = add_by_group(
      *this, transfers, interfaces_, loads, between, [&](NodeId node) { return group_of(node); },
      [&](NodeId node, std::size_t k) { return leaf_of(node, k); },
      [&](NodeId node, std::size_t k) { return injection(node, k); },
      [&](NodeId node, std::size_t k) { return ejection(node, k); },
      [&](Duration& latency, NodeId from, NodeId to) {
        const bool turns = detours && cables_.turns_between(group_of(from), group_of(to));
        latency = std::max(latency, host_.latency + latency_between_groups(turns));
      });
  between.fan_out([&](std::size_t group, std::size_t leaf, std::size_t spine,
                      double sum) { loads.add(up(group, leaf, spine), sum); },
                  [&](std::size_t group, std::size_t spine, std::size_t leaf, double sum) {
                    loads.add(down(group, spine, leaf), sum);
                  },
                  [&](std::size_t index, double sum) { loads.add(LinkId(first_global_ + index), sum); },
                  [&](std::size_t group, std::size_t entry, std::size_t exit, double sum) {
                    for (std::size_t leaf = 0; leaf < leaves_; ++leaf) {
                      loads.add(down(group, entry, leaf), sum / static_cast<double>(leaves_));
                      loads.add(up(group, leaf, exit), sum / static_cast<double>(leaves_));
                    }
                  });
  return longest;
}

// Links between leaf l and spine s of group g, both ways alike:
//   to and from other groups: (interfaces at l) * (nodes that the cables at s lead to)
//   inside the group:         sum over interfaces k of (k-interfaces at l) * (those at other leaves) / spines
//   through the group:        ways that change to or from spine s / leaves
void DragonflyPlus::add_group(std::size_t g, std::span<const double> members, std::span<const double> served,
                              DataSize per_pair, LinkLoads& loads) const {
  const std::vector<double> partners = cables_.partners(g, members);
  std::vector<double> turning(spines_, 0.0);
  if (cables_.valiant_share() > 0.0) {
    const std::vector<double> transits = cables_.transits(g, members);
    for (std::size_t s = 0; s < spines_; ++s) {
      for (std::size_t t = 0; t < spines_; ++t) {
        if (s != t && transits[s * spines_ + t] > negligible) turning[s] += transits[s * spines_ + t];
      }
    }
  }
  const double* by_interface = &served[g * leaves_ * interfaces_];
  for (std::size_t leaf = 0; leaf < leaves_; ++leaf) {
    double ends = 0.0;
    double inside = 0.0;
    for (std::size_t k = 0; k < interfaces_; ++k) {
      const double here = by_interface[leaf * interfaces_ + k];
      ends += here;
      inside += here * (members[g] - here);
    }
    for (std::size_t s = 0; s < spines_; ++s) {
      const double messages =
          (ends * partners[s] + inside / static_cast<double>(spines_)) / static_cast<double>(interfaces_) +
          turning[s] / static_cast<double>(leaves_);
      if (messages == 0.0) continue;
      loads.add(up(g, leaf, s), messages * in_bytes(per_pair));
      loads.add(down(g, s, leaf), messages * in_bytes(per_pair));
    }
  }
}

std::string DragonflyPlus::describe() const {
  return fmt::format(
      "dragonfly+ of {} groups x ({} leaves + {} spines), {} nodes with {} interfaces each, {} links between two "
      "groups",
      groups_, leaves_, spines_, node_count_, interfaces_, cables_.per_pair());
}

std::string DragonflyPlus::link_name(LinkId id) const {
  const Link there = link(id);
  const auto vertex = [this](std::size_t v) {
    if (v < node_count_) return fmt::format("node {}", v);
    const std::size_t group = (v - node_count_) / (leaves_ + spines_);
    const std::size_t number = (v - node_count_) % (leaves_ + spines_);
    if (number < leaves_) return fmt::format("group {} leaf {}", group, number);
    return fmt::format("group {} spine {}", group, number - leaves_);
  };
  return fmt::format("{} to {}", vertex(there.from), vertex(there.to));
}

}  // namespace zettasim::topology
