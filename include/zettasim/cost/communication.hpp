// Time, traffic and energy of a communication phase of a job that runs alone: its messages routed on the topology.
//
// A phase is rounds of messages that are under way together; a round takes message_latency, the hops of its longest
// route, and the time of its slowest link: bytes of all its messages there over bandwidth, interfaces included. Source
// of the algorithms: Thakur et al. 2005. Limits: docs/model-network.md.
#pragma once

#include <cstdint>
#include <memory>
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
  Duration time;                          // of the whole phase, nobody else on the network
  Duration latency;                       // the part of it that is hops, software and node-link latency
  std::string_view algorithm = "none";    // between nodes: "ring", "recursive doubling", ...; or "inside the node"
  double messages = 0.0;                  // between nodes, all nodes together; the shards of a node's GPUs go as one
  std::vector<topology::LinkLoad> loads;  // bytes on network links, all nodes together, in the order of link ids
  DataSize node_link_traffic;             // bytes over links inside nodes (CPU-GPU, GPU-GPU), all nodes together
  Energy network_energy;                  // links and switches, above static power
  Energy nic_energy;                      // at both ends
  Energy node_link_energy;
};

class PatternRouter;

// Costs the phases of jobs on one machine. Holds scratch space and what it learnt of the last set of nodes, so one per
// thread; calls with the same nodes one after the other are the cheap ones. Machine and network must outlive it.
class CommunicationModel {
 public:
  CommunicationModel(const platform::Machine& machine, const topology::Network& network);
  CommunicationModel(CommunicationModel&&) noexcept;
  ~CommunicationModel();

  // A collective over all GPUs (or CPUs) of `nodes`, each named once and in the order of their ranks: inside the nodes
  // over GPU-GPU links, between them over the network, with the algorithm that takes least time. `size` as in
  // workload::Collective; nothing to send costs nothing.
  CommunicationCost collective(CollectiveOperation operation, DataSize size, std::span<const NodeId> nodes);

  // Halo exchange on a logical grid, as in workload::Neighbours: periodic, node i at the i-th point of grid_extents
  // with the last extent fastest. All messages are under way together. Along an extent of 1 there is nobody to send to;
  // along one of 2 both neighbours are the same node, which gets two messages.
  CommunicationCost neighbours(int dimensions, DataSize size, std::span<const NodeId> nodes);

 private:
  CommunicationCost between_nodes(CollectiveOperation operation, DataSize size);
  CommunicationCost all_pairs(DataSize size);
  void take_loads(CommunicationCost& cost);

  const platform::Machine& machine_;
  const topology::Network& network_;
  std::unique_ptr<PatternRouter> router_;
  topology::LinkLoads loads_;
};

// The most square grid of `nodes` nodes in `dimensions` dimensions (each at least 1): the one whose largest extent is
// smallest, then its second largest, and so on. Largest extent first; their product is `nodes`.
std::vector<std::int64_t> grid_extents(std::int64_t nodes, int dimensions);

}  // namespace zettasim::cost
