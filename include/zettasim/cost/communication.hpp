// Time, traffic and energy of a communication phase of a job that runs alone: its messages routed on the topology.
//
// A phase is rounds of messages that are under way together; a round takes message_latency, the hops of its longest
// route, and the time of its slowest link: bytes of all its messages there over bandwidth, interfaces included. Source
// of the algorithms: Thakur et al. 2005. Limits: docs/model-network.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
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
  std::string protocol;                   // of the GPU library; empty where the node has no `gpu_collectives`
  double messages = 0.0;                  // between nodes, all nodes together; the shards of a node's GPUs go as one
  std::vector<topology::LinkLoad> loads;  // bytes on network links, all nodes together, in the order of link ids
  DataSize node_link_traffic;             // bytes over links inside nodes (CPU-GPU, GPU-GPU), all nodes together
  Energy network_energy;                  // links and switches, above static power
  Energy nic_energy;                      // at both ends
  Energy node_link_energy;
};

// Whether a cost tells the bytes on each link. On a hundred thousand nodes those are a million numbers; times and
// energies need only be scaled once a pattern is known.
enum class Loads { counted, left_out };

// What a caller may decide instead of the model.
struct CollectiveChoice {
  std::string_view algorithm = {};  // a name of collective_algorithms(); empty: the one that takes least time
  std::string_view protocol = {};   // a name of the node's gpu_collectives; empty: as above
  std::int64_t gpus_per_node = 0;   // taking part in each node; 0: all
  DeviceGroups groups = {};         // all of them at once
  Loads loads = Loads::counted;
};

// What one node sends to another in an all-to-all of unequal parts; positions in the list of nodes.
struct NodeMessage {
  std::size_t from = 0;
  std::size_t to = 0;
  DataSize size;
};

class PatternRouter;
struct LocalLink;
struct PatternCost;
struct Round;
struct Schedule;

// Costs the phases of jobs on one machine. Holds scratch space and what it learnt of the last sets of nodes and groups
// (some two dozen), so one per thread; calls with nodes and groups it has seen are the cheap ones, whatever their
// sizes. Machine and network must outlive it.
class CommunicationModel {
 public:
  CommunicationModel(const platform::Machine& machine, const topology::Network& network);
  CommunicationModel(CommunicationModel&&) noexcept;
  ~CommunicationModel();

  // A collective over all GPUs (or CPUs) of `nodes`, each named once and in the order of their ranks: inside the nodes,
  // or the scale-up domains, over GPU-GPU links, between them over the network, with the algorithm that takes least
  // time. `size` as in workload::Collective; nothing to send costs nothing.
  // With `choice.groups` all groups do the same at once and share links; `size` is then the buffer a device holds.
  // Where the job's devices do not make up whole groups, the last ones are smaller and send the messages of a full
  // group among those that are there; a size or stride beyond the job is the job. Costs are those of the whole job.
  // Where the node has `gpu_collectives`, so is the protocol, and the launch is part of the time. Throws InputError
  // when a choice is unknown, or does not work on these nodes.
  CommunicationCost collective(CollectiveOperation operation, DataSize size, std::span<const NodeId> nodes,
                               const CollectiveChoice& choice = {});

  // The algorithms that a choice may name on these nodes. On one node: those of its GPUs.
  std::vector<std::string_view> applicable_algorithms(CollectiveOperation operation, std::span<const NodeId> nodes,
                                                      DataSize size, const DeviceGroups& groups = {});

  // Every device sends `size` to the one `distance` further on, all at once; the last `distance` send to nobody, and a
  // distance below 1 or beyond the job costs nothing. Devices of one node or domain send over their own links.
  CommunicationCost shift(std::int64_t distance, DataSize size, std::span<const NodeId> nodes,
                          Loads loads = Loads::counted);

  // All-to-all of unequal parts between nodes (MPI_Alltoallv): all messages at once, each sender issuing its own one
  // after the other:  L + max((most messages of a sender - 1) * message gap, busiest link). Messages to oneself
  // and empty ones cost nothing.
  CommunicationCost all_to_all_v(std::span<const NodeMessage> messages, std::span<const NodeId> nodes);

  // Halo exchange on a logical grid, as in workload::Neighbours: periodic, node i at the i-th point of grid_extents
  // with the last extent fastest. All messages are under way together. Along an extent of 1 there is nobody to send to;
  // along one of 2 both neighbours are the same node, which gets two messages.
  CommunicationCost neighbours(int dimensions, DataSize size, std::span<const NodeId> nodes);

 private:
  struct Step;
  struct RoundCost;
  struct NodeTraffic;
  enum class Known { counted, ignored };

  Step step_of(const platform::GpuProtocol* protocol) const;
  void set_groups(std::span<const NodeId> nodes, const CollectiveChoice& choice);
  void check_choice(CollectiveOperation operation, DataSize size, std::span<const NodeId> nodes,
                    const CollectiveChoice& choice) const;
  std::vector<std::string_view> algorithms_here(CollectiveOperation operation, DataSize size) const;
  std::vector<Schedule> candidates(CollectiveOperation operation, DataSize size, std::string_view forced) const;
  CommunicationCost with_local_stage(CollectiveOperation operation, DataSize size, const CollectiveChoice& choice,
                                     const platform::GpuProtocol* protocol);
  CommunicationCost in_switch_of_node(DataSize size) const;
  CommunicationCost between_nodes(CollectiveOperation operation, DataSize size, const CollectiveChoice& choice,
                                  const Step& step);
  Duration least_time(const Schedule& schedule, const Step& step, Known known) const;
  CommunicationCost time_of(const Schedule& schedule, const Step& step, Duration limit);
  CommunicationCost in_switches(const Schedule& schedule, const Step& step);
  RoundCost round_cost(const Round& round, const PatternCost& pattern, Duration software, const Step& step) const;
  void add_traffic(const Round& round, const PatternCost& pattern, double blocks, const LocalLink& local,
                   CommunicationCost& cost) const;
  void add_message(std::span<const NodeId> nodes, std::size_t from, std::size_t to, double bytes, NodeTraffic& traffic);
  Duration latency_of(const NodeTraffic& traffic) const;
  Duration take_traffic(const NodeTraffic& traffic, CommunicationCost& cost) const;

  const platform::Machine& machine_;
  const topology::Network& network_;
  std::unique_ptr<PatternRouter> router_;
  topology::LinkLoads loads_;
};

// The most square grid of `nodes` nodes in `dimensions` dimensions (each at least 1): the one whose largest extent is
// smallest, then its second largest, and so on. Largest extent first; their product is `nodes`.
std::vector<std::int64_t> grid_extents(std::int64_t nodes, int dimensions);

}  // namespace zettasim::cost
