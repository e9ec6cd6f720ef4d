#include "engine/message_phases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "zettasim/base/problem.hpp"
#include "zettasim/cost/layout.hpp"

namespace zettasim::engine {
namespace {

// The cost by patterns of the algorithm that will be simulated.
cost::CommunicationCost patterns_cost(cost::CommunicationModel& model, CollectiveOperation operation, DataSize size,
                                      std::span<const NodeId> nodes, cost::CollectiveChoice choice) {
  if (!choice.algorithm.empty()) {
    cost::CommunicationCost cost = model.collective(operation, size, nodes, choice);
    if (cost.time > Duration{}) check_message_algorithm(operation, cost.algorithm);
    return cost;
  }
  std::optional<cost::CommunicationCost> best;
  const auto here = model.applicable_algorithms(operation, nodes, size, choice.groups);
  for (const std::string_view algorithm : message_algorithms(operation)) {
    if (std::ranges::find(here, algorithm) == here.end()) continue;
    choice.algorithm = algorithm;
    cost::CommunicationCost cost = model.collective(operation, size, nodes, choice);
    if (!best || cost.time < best->time) best = std::move(cost);
  }
  choice.algorithm = {};
  return best ? std::move(*best) : model.collective(operation, size, nodes, choice);
}

// What a protocol of the GPU library makes of a message between nodes: its own software latency, and flags beside data.
struct Wire {
  Duration message_latency;
  Duration gap;
  double share = 1.0;
};

Wire wire_of(const platform::Machine& machine, std::string_view protocol) {
  if (machine.node.gpu_collectives) {
    for (const platform::GpuProtocol& known : machine.node.gpu_collectives->protocols) {
      if (known.name == protocol) return {known.network_step, known.network_step, known.network_share};
    }
  }
  return {machine.network.message_latency, machine.network.gap(), 1.0};
}

cost::Layout layout_of_groups(const platform::Machine& machine, std::span<const NodeId> nodes,
                              const cost::CollectiveChoice& choice) {
  std::int64_t devices = 1;  // without groups those of a node are one rank
  if (choice.groups.size > 0) {
    devices = machine.main_devices().count;
    if (choice.gpus_per_node > 0) devices = std::min(devices, choice.gpus_per_node);
  }
  cost::Layout layout = cost::layout_of(nodes, choice.groups, devices, machine.node.domain_nodes());
  if (layout.in_network() && layout.node_ranks > 1) {
    throw InputError("--network", fmt::format("found messages, expected patterns: groups of {} devices, {} apart, lie "
                                              "unevenly on nodes of {}, which only patterns know",
                                              choice.groups.size, choice.groups.stride, devices));
  }
  return layout;
}

// What one group does, done by all of them at once. Ranks that a smaller last group lacks neither send nor receive.
MessageSchedule of_all_groups(const MessageSchedule& one, const cost::Layout& layout, std::span<const NodeId> nodes) {
  MessageSchedule all{.algorithm = one.algorithm, .placement = {nodes.begin(), nodes.end()}, .ranks = {}};
  all.ranks.resize(nodes.size());
  const double beside = static_cast<double>(layout.beside);
  cost::for_each_group(layout, [&](std::int64_t there, auto at) {
    const auto is_there = [there](std::uint32_t rank) { return static_cast<std::int64_t>(rank) < there; };
    const auto rank_at = [&at](std::uint32_t rank) { return static_cast<std::uint32_t>(at(rank)); };
    for (std::uint32_t rank = 0; is_there(rank); ++rank) {
      for (const MessageStep& step : one.ranks[rank]) {
        MessageStep own{.round = step.round, .repeats = step.repeats, .sends = {}, .receives = {}, .compute = {}};
        for (const MessageSend& send : step.sends) {
          if (is_there(send.to)) own.sends.push_back({rank_at(send.to), send.size * beside, send.after});
        }
        for (const std::uint32_t from : step.receives) {
          if (is_there(from)) own.receives.push_back(rank_at(from));
        }
        all.ranks[rank_at(rank)].push_back(std::move(own));
      }
    }
  });
  return all;
}

}  // namespace

MessagePhase collective_phase(const platform::Machine& machine, cost::CommunicationModel& model,
                              CollectiveOperation operation, DataSize size, std::span<const NodeId> nodes,
                              const cost::CollectiveChoice& choice) {
  const cost::Layout layout = layout_of_groups(machine, nodes, choice);
  if (!layout.in_network()) return {model.collective(operation, size, nodes, choice), {}};
  MessagePhase phase{patterns_cost(model, operation, size, nodes, choice), {}};
  if (phase.patterns.time <= Duration{}) return phase;
  const Wire wire = wire_of(machine, phase.patterns.protocol);
  platform::Machine as_sent = machine;
  as_sent.network.message_latency = wire.message_latency;
  as_sent.network.message_gap = wire.gap;
  const bool adds_up = operation == CollectiveOperation::all_to_all && choice.groups.size > 0;
  const DataSize of_rank = size * (adds_up ? static_cast<double>(layout.inside) : 1.0) / wire.share;
  const auto one = collective_schedule(as_sent, operation, phase.patterns.algorithm, of_rank,
                                       nodes.first(static_cast<std::size_t>(layout.ranks)));
  phase.schedule = of_all_groups(one, layout, nodes);
  phase.schedule.message_latency = wire.message_latency;
  return phase;
}

// Each device a rank; what stays in a node is no message.
MessagePhase shift_phase(const platform::Machine& machine, cost::CommunicationModel& model,
                         const workload::Shift& shift, std::span<const NodeId> nodes, cost::Loads loads) {
  MessagePhase phase{model.shift(shift.distance, shift.size, nodes, loads), {}};
  if (nodes.size() < 2 || phase.patterns.time <= Duration{}) return phase;
  const Wire wire = wire_of(machine, phase.patterns.protocol);
  const auto devices = static_cast<std::size_t>(machine.main_devices().count);
  MessageSchedule& schedule = phase.schedule;
  schedule.algorithm = "shift";
  schedule.message_latency = wire.message_latency;
  schedule.ranks.resize(nodes.size() * devices);
  for (std::size_t rank = 0; rank < schedule.ranks.size(); ++rank) {
    schedule.placement.push_back(nodes[rank / devices]);
    schedule.ranks[rank].push_back({.round = 0, .repeats = 1, .sends = {}, .receives = {}, .compute = {}});
  }
  const auto distance = static_cast<std::size_t>(shift.distance);
  for (std::size_t from = 0; from + distance < schedule.ranks.size(); ++from) {
    const std::size_t to = from + distance;
    if (from / devices == to / devices) continue;
    schedule.ranks[from].front().sends.push_back({static_cast<std::uint32_t>(to), shift.size / wire.share, {}});
    schedule.ranks[to].front().receives.push_back(static_cast<std::uint32_t>(from));
  }
  return phase;
}

MessagePhase neighbours_phase(cost::CommunicationModel& model, const workload::Neighbours& halo,
                              std::span<const NodeId> nodes) {
  MessagePhase phase{model.neighbours(halo.dimensions, halo.size, nodes), {}};
  if (nodes.size() < 2 || phase.patterns.time <= Duration{}) return phase;
  constexpr int most_dimensions = 64;  // more than factors in any node count
  const auto extents =
      cost::grid_extents(static_cast<std::int64_t>(nodes.size()), std::min(halo.dimensions, most_dimensions));
  phase.schedule = schedules::neighbours({nodes.begin(), nodes.end()}, extents, halo.size);
  return phase;
}

// What is not between nodes (launch, stages inside them) is what patterns has beyond its rounds.
std::vector<SimulatedCollective> simulate_collectives(const platform::Machine& machine,
                                                      const topology::Network& network, CollectiveOperation operation,
                                                      const cost::CollectiveChoice& choice,
                                                      std::span<const DataSize> sizes, std::span<const NodeId> nodes) {
  cost::CommunicationModel model(machine, network);
  std::vector<SimulatedCollective> results;
  std::vector<MessageSchedule> sent;
  std::vector<std::size_t> which;
  for (const DataSize size : sizes) {
    MessagePhase phase = collective_phase(machine, model, operation, size, nodes, choice);
    results.push_back({phase.patterns, phase.patterns.time});
    if (phase.schedule.ranks.empty()) continue;
    results.back().time -= time_in_rounds(machine, network, phase.schedule);
    which.push_back(results.size() - 1);
    sent.push_back(std::move(phase.schedule));
  }
  if (sent.empty()) return results;
  const auto times = simulate_messages(machine, network, sent);
  for (std::size_t k = 0; k < which.size(); ++k) results[which[k]].time += times[k];
  return results;
}

}  // namespace zettasim::engine
