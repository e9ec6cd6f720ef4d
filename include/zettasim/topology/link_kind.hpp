// What links of one kind have in common: the network's link, with what its topology changes for them.
#pragma once

#include "zettasim/topology/network.hpp"

namespace zettasim::topology {

struct LinkKind {
  Bandwidth bandwidth;  // of payload, one cable
  Duration latency;
  EnergyPerByte energy;
  Length length;
  platform::Medium medium = platform::Medium::unstated;
};

inline LinkKind fabric_kind(const platform::Network& network, const platform::LinkChanges& changes) {
  return {.bandwidth = changes.bandwidth.value_or(network.link_bandwidth) * network.link_efficiency,
          .latency = changes.latency.value_or(network.link_latency),
          .energy = changes.energy.value_or(network.link_energy),
          .length = changes.length.value_or(network.link_length),
          .medium = changes.medium.value_or(network.link_medium)};
}

// Between a node's interface and its switch: as fast as the interface, which also counts the energy.
inline LinkKind host_kind(const platform::Machine& machine, const platform::LinkChanges& changes) {
  LinkKind kind = fabric_kind(machine.network, changes);
  kind.bandwidth = machine.node.nics.bandwidth;
  kind.energy = {};
  return kind;
}

// The link of `cables` parallel cables between two vertices. Ejection adds no latency: the first switch counts on the
// way in.
inline Link make_link(const LinkKind& kind, std::size_t from, std::size_t to, LinkRole role, std::size_t cables) {
  return {.from = from,
          .to = to,
          .role = role,
          .bandwidth = kind.bandwidth * static_cast<double>(cables),
          .latency = role == LinkRole::ejection ? Duration{} : kind.latency,
          .energy = kind.energy,
          .cables = cables,
          .length = kind.length,
          .medium = kind.medium};
}

// The interfaces of a node whose switch is inside it: no cable.
inline Link make_interface(std::size_t node, LinkRole role, Bandwidth bandwidth) {
  return {.from = node,
          .to = node,
          .role = role,
          .bandwidth = bandwidth,
          .latency = {},
          .energy = {},
          .cables = 0,
          .length = {},
          .medium = platform::Medium::board};
}

}  // namespace zettasim::topology
