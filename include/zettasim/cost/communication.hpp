// Time, traffic and energy of a communication phase of a job that runs alone: its messages routed on the topology.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "zettasim/base/ids.hpp"
#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/topology/link_loads.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::cost {

struct CommunicationCost {
  Duration time;                              // of the whole phase, nobody else on the network
  Duration latency;                           // the part of it that is hops, software and node-link latency
  std::string_view algorithm;                 // "ring", "recursive doubling", ...: what was chosen
  double messages = 0.0;                      // between nodes, all nodes together
  std::vector<topology::LinkLoad> loads;      // bytes on network links, all nodes together, in the order of link ids
  DataSize node_link_traffic;                 // bytes over links inside nodes (CPU-GPU, GPU-GPU), all nodes together
  Energy network_energy;                      // links and switches, above static power
  Energy nic_energy;                          // at both ends
  Energy node_link_energy;
};

// Costs the phases of jobs on one machine. Holds scratch space, so one per thread.
class CommunicationModel {
 public:
  CommunicationModel(const platform::Machine& machine, const topology::Network& network);

  // A collective over all GPUs (or CPUs) of `nodes`: inside the nodes over GPU-GPU links, between them over the network,
  // with the algorithm that takes least time. `size` as in workload::Collective.
  CommunicationCost collective(CollectiveOperation operation, DataSize size, std::span<const NodeId> nodes);

  // Halo exchange on a logical grid, as in workload::Neighbours. All messages are under way together.
  CommunicationCost neighbours(int dimensions, DataSize size, std::span<const NodeId> nodes);

 private:
  CommunicationCost ring(double rounds, DataSize chunk, std::span<const NodeId> nodes);
  const platform::Machine& machine_;
  const topology::Network& network_;
  topology::LinkLoads loads_;
  std::vector<topology::RoutedLink> route_;
};

// The most square grid of `nodes` nodes in `dimensions` dimensions, largest extent first; its product is `nodes`.
std::vector<std::int64_t> grid_extents(std::int64_t nodes, int dimensions);

}  // namespace zettasim::cost
