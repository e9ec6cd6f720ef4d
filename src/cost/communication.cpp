// Chooses algorithms and adds up what they cost: inside the nodes in closed form, between them on the routed network.
#include "zettasim/cost/communication.hpp"

#include <algorithm>
#include <optional>

#include "node_stage.hpp"
#include "pattern_router.hpp"
#include "schedule.hpp"

namespace zettasim::cost {

CommunicationModel::CommunicationModel(const platform::Machine& machine, const topology::Network& network)
    : machine_(machine),
      network_(network),
      router_(std::make_unique<PatternRouter>(network)),
      loads_(network.link_count()) {}
CommunicationModel::CommunicationModel(CommunicationModel&&) noexcept = default;
CommunicationModel::~CommunicationModel() = default;

CommunicationCost CommunicationModel::collective(CollectiveOperation operation, DataSize size,
                                                 std::span<const NodeId> nodes) {
  const bool sends = operation == CollectiveOperation::barrier || size > DataSize{};
  if (nodes.empty() || !sends) return {};
  CommunicationCost cost;
  if (nodes.size() > 1) {
    router_->set_nodes(nodes);
    cost = between_nodes(operation, size);
  }
  const double count = static_cast<double>(nodes.size());
  const NodeStage inside = node_stage(machine_.node, operation, size, count);
  if (!inside.exists) return cost;
  if (nodes.size() == 1) cost.algorithm = "inside the node";
  cost.time += inside.time;
  cost.latency += inside.latency;
  cost.node_link_traffic = inside.traffic * count;
  cost.node_link_energy = cost.node_link_traffic * machine_.node.gpu_gpu->energy;
  return cost;
}

namespace {

CommunicationCost time_of(const Schedule& schedule, Duration message_latency, PatternRouter& router) {
  CommunicationCost cost;
  cost.algorithm = schedule.algorithm;
  for (const Round& round : schedule.rounds) {
    const PatternCost& pattern = router.cost(round.pattern);
    const Duration latency = (message_latency + pattern.latency) * round.repeats;
    cost.latency += latency;
    cost.time += latency + seconds(round.bytes * pattern.slowest_s_per_byte * round.repeats);
    cost.messages += pattern.messages * round.repeats;
  }
  return cost;
}

// No schedule takes less: each round costs the software's latency, and what a rank sends passes its interfaces.
Duration least_time(const Schedule& schedule, const platform::Machine& machine) {
  const Bandwidth interfaces = machine.node.nics.bandwidth * static_cast<double>(machine.node.nics.count);
  return machine.network.message_latency * schedule.round_count() + bytes(schedule.bytes_sent()) / interfaces;
}

}  // namespace

// Tries the algorithms in the order of their least times, and only those that can still beat the best so far: routing a
// machine's worth of messages for each of twenty rounds is what takes time here.
CommunicationCost CommunicationModel::between_nodes(CollectiveOperation operation, DataSize size) {
  const auto ranks = static_cast<std::uint32_t>(router_->nodes().size());
  std::vector<Schedule> candidates = schedules(operation, in_bytes(size), ranks);
  std::stable_sort(candidates.begin(), candidates.end(), [this](const Schedule& a, const Schedule& b) {
    return least_time(a, machine_) < least_time(b, machine_);
  });
  std::optional<CommunicationCost> best;
  if (operation == CollectiveOperation::all_to_all) best = all_pairs(size);
  const Schedule* chosen = nullptr;
  for (const Schedule& candidate : candidates) {
    if (best && least_time(candidate, machine_) >= best->time) continue;
    const CommunicationCost cost = time_of(candidate, machine_.network.message_latency, *router_);
    if (best && cost.time >= best->time) continue;
    best = cost;
    chosen = &candidate;
  }
  if (chosen != nullptr) {
    loads_.clear();
    router_->add_loads(*chosen, loads_);
  }
  take_loads(*best);
  return *best;
}

// All pairs at once: a node issues its p-1 messages one after the other, message_latency apart, while those issued
// before drain through the slowest link.
//   time = message_latency + hops + max((p-2) message_latency, slowest link of all messages together)
// Leaves its loads in loads_.
CommunicationCost CommunicationModel::all_pairs(DataSize size) {
  const double p = static_cast<double>(router_->nodes().size());
  loads_.clear();
  const Duration first = machine_.network.message_latency + network_.add_all_to_all(router_->nodes(), size / p, loads_);
  const Duration drain = seconds(router_->slowest_s(loads_));
  const Duration issue = machine_.network.message_latency * (p - 2);
  CommunicationCost cost;
  cost.algorithm = "all pairs at once";
  cost.time = first + std::max(issue, drain);
  cost.latency = first + std::max(issue - drain, Duration{});
  cost.messages = p * (p - 1);
  return cost;
}

CommunicationCost CommunicationModel::neighbours(int dimensions, DataSize size, std::span<const NodeId> nodes) {
  if (nodes.size() < 2 || dimensions < 1 || size <= DataSize{}) return {};
  constexpr int most_dimensions = 64;  // more than factors in any node count; the rest would have an extent of 1
  const auto extents = grid_extents(static_cast<std::int64_t>(nodes.size()), std::min(dimensions, most_dimensions));
  CommunicationCost cost;
  loads_.clear();
  Duration hops;
  const auto send = [&](std::size_t from, std::size_t to) {
    hops = std::max(hops, router_->add_message(nodes[from], nodes[to], in_bytes(size), loads_));
    cost.messages += 1.0;
  };
  std::size_t stride = nodes.size();
  for (const std::int64_t extent : extents) {
    if (extent == 1) break;  // extents fall, so the rest are 1 too
    const auto length = static_cast<std::size_t>(extent);
    const std::size_t line = stride;
    stride /= length;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::size_t line_start = i / line * line;
      const std::size_t within = i - line_start;
      send(i, line_start + (within + stride) % line);
      send(i, line_start + (within + line - stride) % line);
    }
  }
  cost.algorithm = "neighbours";
  cost.latency = machine_.network.message_latency + hops;
  cost.time = cost.latency + seconds(router_->slowest_s(loads_));
  take_loads(cost);
  return cost;
}

void CommunicationModel::take_loads(CommunicationCost& cost) {
  cost.loads = loads_.sorted();
  double fabric = 0.0;
  double interfaces = 0.0;
  for (const topology::LinkLoad& load : cost.loads) {
    (network_.role(load.link) == topology::LinkRole::fabric ? fabric : interfaces) += load.bytes;
  }
  cost.network_energy = bytes(fabric) * machine_.network.link_energy;
  cost.nic_energy = bytes(interfaces) * machine_.node.nics.energy;
}

}  // namespace zettasim::cost
