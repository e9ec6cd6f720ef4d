// Ids: injections of all interfaces, their ejections, links inside groups, links between groups.
#include "zettasim/topology/dragonfly.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "limits.hpp"

namespace zettasim::topology {

Dragonfly::Dragonfly(const platform::Machine& machine)
    : interface_bandwidth_(machine.node.nics.bandwidth),
      global_bandwidth_(machine.network.link_bandwidth * machine.network.link_efficiency),
      link_latency_(machine.network.link_latency) {
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

  local_bandwidth_ = global_bandwidth_ * static_cast<double>(shape.links_per_switch_pair);
  node_count_ = static_cast<std::size_t>(machine.node_count);
  groups_ = static_cast<std::size_t>(shape.groups);
  switches_ = static_cast<std::size_t>(shape.switches_per_group);
  nodes_per_group_ = static_cast<std::size_t>(shape.nodes_per_group);
  interfaces_ = static_cast<std::size_t>(interfaces);
  cables_ = groups_ > 1 ? static_cast<std::size_t>(shape.links_per_group_pair) : 0;
  first_local_ = static_cast<std::size_t>(ends);
  first_global_ = first_local_ + static_cast<std::size_t>(locals);
  link_count_ = first_global_ + static_cast<std::size_t>(globals);
}

std::size_t Dragonfly::switch_of(NodeId node, std::size_t interface) const {
  return (node.index() % nodes_per_group_ * interfaces_ + interface) % switches_;
}

std::size_t Dragonfly::gateway(std::size_t group, std::size_t other, std::size_t cable) const {
  const std::size_t offset = (other + groups_ - group - 1) % groups_;
  return (offset * cables_ + cable) % switches_;
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

LinkId Dragonfly::global(std::size_t from_group, std::size_t to_group, std::size_t cable) const {
  const std::size_t other = to_group < from_group ? to_group : to_group - 1;
  return LinkId(first_global_ + (from_group * (groups_ - 1) + other) * cables_ + cable);
}

LinkRole Dragonfly::role(LinkId id) const {
  if (id.index() >= first_local_) return LinkRole::fabric;
  return id.index() < first_local_ / 2 ? LinkRole::injection : LinkRole::ejection;
}

Bandwidth Dragonfly::bandwidth(LinkId id) const {
  if (id.index() < first_local_) return interface_bandwidth_;
  return id.index() < first_global_ ? local_bandwidth_ : global_bandwidth_;
}

Link Dragonfly::local_link(std::size_t index) const {
  const std::size_t other = index % (switches_ - 1);
  const std::size_t from = index / (switches_ - 1) % switches_;
  const std::size_t group = index / (switches_ - 1) / switches_;
  const std::size_t first = node_count_ + group * switches_;
  return {.from = first + from,
          .to = first + (other < from ? other : other + 1),
          .role = LinkRole::fabric,
          .bandwidth = local_bandwidth_,
          .latency = link_latency_};
}

Link Dragonfly::global_link(std::size_t index) const {
  const std::size_t cable = index % cables_;
  const std::size_t other = index / cables_ % (groups_ - 1);
  const std::size_t group = index / cables_ / (groups_ - 1);
  const std::size_t to = other < group ? other : other + 1;
  return {.from = node_count_ + group * switches_ + gateway(group, to, cable),
          .to = node_count_ + to * switches_ + gateway(to, group, cable),
          .role = LinkRole::fabric,
          .bandwidth = global_bandwidth_,
          .latency = link_latency_};
}

Link Dragonfly::link(LinkId id) const {
  const std::size_t index = id.index();
  if (index >= first_global_) return global_link(index - first_global_);
  if (index >= first_local_) return local_link(index - first_local_);
  const bool injects = index < first_local_ / 2;
  const std::size_t port = injects ? index : index - first_local_ / 2;
  const NodeId node(port / interfaces_);
  const std::size_t there = node_count_ + group_of(node) * switches_ + switch_of(node, port % interfaces_);
  return {.from = injects ? node.index() : there,
          .to = injects ? there : node.index(),
          .role = role(id),
          .bandwidth = interface_bandwidth_,
          .latency = injects ? link_latency_ : Duration{}};
}

namespace {

// Adds up the shares of links that the part of a route from `first` on names more than once.
void merge_repeated(std::vector<RoutedLink>& route, std::size_t first) {
  const auto begin = route.begin() + static_cast<std::ptrdiff_t>(first);
  std::sort(begin, route.end(), [](const RoutedLink& a, const RoutedLink& b) { return a.link < b.link; });
  auto last = begin;
  for (auto next = begin + 1; next != route.end(); ++next) {
    if (next->link == last->link) {
      last->share += next->share;
    } else {
      *++last = *next;
    }
  }
  route.erase(last + 1, route.end());
}

}  // namespace

// Both return the fabric hops of the longest path.
std::size_t Dragonfly::append_inside_group(NodeId from, NodeId to, std::vector<RoutedLink>& route) const {
  const double share = 1.0 / static_cast<double>(interfaces_);
  std::size_t hops = 0;
  for (std::size_t k = 0; k < interfaces_; ++k) {
    const std::size_t near = switch_of(from, k);
    const std::size_t far = switch_of(to, k);
    if (near == far) continue;
    route.push_back({.link = local(group_of(from), near, far), .share = share});
    hops = 1;
  }
  return hops;
}

std::size_t Dragonfly::append_between_groups(NodeId from, NodeId to, std::vector<RoutedLink>& route) const {
  const std::size_t from_group = group_of(from);
  const std::size_t to_group = group_of(to);
  const double share = 1.0 / static_cast<double>(interfaces_ * cables_);
  std::size_t longest = 1;
  for (std::size_t cable = 0; cable < cables_; ++cable) {
    const std::size_t out = gateway(from_group, to_group, cable);
    const std::size_t in = gateway(to_group, from_group, cable);
    route.push_back({.link = global(from_group, to_group, cable), .share = 1.0 / static_cast<double>(cables_)});
    for (std::size_t k = 0; k < interfaces_; ++k) {
      const std::size_t near = switch_of(from, k);
      const std::size_t far = switch_of(to, k);
      if (near != out) route.push_back({.link = local(from_group, near, out), .share = share});
      if (far != in) route.push_back({.link = local(to_group, in, far), .share = share});
      longest = std::max(longest, std::size_t{1} + (near != out ? 1u : 0u) + (far != in ? 1u : 0u));
    }
  }
  return longest;
}

Duration Dragonfly::append_route(NodeId from, NodeId to, std::vector<RoutedLink>& route) const {
  const std::size_t first = route.size();
  const double share = 1.0 / static_cast<double>(interfaces_);
  for (std::size_t k = 0; k < interfaces_; ++k) route.push_back({.link = injection(from, k), .share = share});
  for (std::size_t k = 0; k < interfaces_; ++k) route.push_back({.link = ejection(to, k), .share = share});
  const bool same_group = group_of(from) == group_of(to);
  const std::size_t hops = same_group ? append_inside_group(from, to, route) : append_between_groups(from, to, route);
  if (interfaces_ > switches_ || cables_ > switches_) merge_repeated(route, first);
  return link_latency_ * static_cast<double>(hops + 1);
}

// The load of a link depends only on how many of the nodes' interfaces each switch serves:
//   from s to t inside a group:    sum over interfaces k of (k-interfaces at s) * (k-interfaces at t), for messages
//   inside it from s to gateway u:           (interfaces at s) * (nodes that the cables at u lead to, each cable its
//   share) from gateway v to t:           the same backwards; a cable: nodes of one group * nodes of the other / cables
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
  std::vector<std::size_t> busy;
  for (std::size_t g = 0; g < groups_; ++g) {
    if (members[g] != 0.0) busy.push_back(g);
  }
  std::vector<double> all_served(switches_);
  std::vector<double> partners(
      switches_);  // nodes of other groups by gateway; the same both ways, as cables are symmetric
  for (const std::size_t g : busy) {
    std::fill(partners.begin(), partners.end(), 0.0);
    for (const std::size_t other : busy) {
      if (other == g) continue;
      for (std::size_t cable = 0; cable < cables_; ++cable) {
        partners[gateway(g, other, cable)] += members[other] / static_cast<double>(cables_);
        loads.add(global(g, other, cable),
                  members[g] * members[other] / static_cast<double>(cables_) * in_bytes(per_pair));
      }
    }
    const double* by_interface = &served[g * switches_ * interfaces_];
    for (std::size_t s = 0; s < switches_; ++s) {
      all_served[s] = 0.0;
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
  const std::size_t most_hops =
      (busy.size() > 1 ? 1u : 0u) + (switches_ > 1 ? std::min<std::size_t>(busy.size(), 2) : 0u);
  return link_latency_ * static_cast<double>(most_hops + 1);
}

std::string Dragonfly::describe() const {
  return fmt::format(
      "dragonfly of {} groups x {} switches, {} nodes with {} interfaces each, {} links between two groups", groups_,
      switches_, node_count_, interfaces_, cables_);
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
