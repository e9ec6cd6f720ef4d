// Chooses algorithms and adds up what they cost: inside the nodes in closed form, between them on the routed network.
#include "zettasim/cost/communication.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "node_stage.hpp"
#include "pattern_router.hpp"
#include "schedule.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/suggest.hpp"
#include "zettasim/cost/algorithms.hpp"

namespace zettasim::cost {

CommunicationModel::CommunicationModel(const platform::Machine& machine, const topology::Network& network)
    : machine_(machine),
      network_(network),
      router_(std::make_unique<PatternRouter>(machine, network)),
      loads_(network.link_count()) {}
CommunicationModel::CommunicationModel(CommunicationModel&&) noexcept = default;
CommunicationModel::~CommunicationModel() = default;

// What a round costs besides hops and data.
struct CommunicationModel::Step {
  Duration latency;    // of software, or of the protocol
  double share = 1.0;  // of the bandwidth that data gets
};

struct CommunicationModel::Candidate {
  Schedule schedule;
  Special special = Special::none;
};

namespace {

constexpr std::string_view node_ring = "ring";
constexpr std::string_view node_switch = "in-switch reduction";
constexpr std::uint32_t most_pairwise = 4096;  // ranks: 16 million messages to route

double gpus_taking_part(const platform::Node& node, const CollectiveChoice& choice) {
  const std::int64_t there = node.gpus ? node.gpus->count : 0;
  return static_cast<double>(choice.gpus_per_node > 0 ? std::min(choice.gpus_per_node, there) : there);
}

bool reduces_in_network(CollectiveOperation operation) {
  const auto* entry = find_algorithm("in-network reduction", operation);
  return entry != nullptr;
}

std::string quoted(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  return text;
}

bool is_named(std::string_view name, std::string_view wanted, CollectiveOperation operation) {
  const CollectiveAlgorithm* entry = find_algorithm(wanted, operation);
  return entry != nullptr ? entry->name == name : name == wanted;
}

}  // namespace

CommunicationCost CommunicationModel::collective(CollectiveOperation operation, DataSize size,
                                                 std::span<const NodeId> nodes, const CollectiveChoice& choice) {
  check_choice(operation, size, nodes, choice);
  const bool sends = operation == CollectiveOperation::barrier || size > DataSize{};
  if (nodes.empty() || !sends) return {};
  if (nodes.size() > 1) router_->set_nodes(nodes);
  const auto& library = machine_.node.gpu_collectives;
  const double gpus = gpus_taking_part(machine_.node, choice);
  if (!library || gpus < 1 || (gpus < 2 && nodes.size() < 2)) {
    return with_node_stage(operation, size, nodes, choice, nullptr);
  }
  const bool one_node = nodes.size() == 1;
  std::optional<CommunicationCost> best;
  const bool in_switch = one_node && library->in_switch && operation == CollectiveOperation::all_reduce;
  const bool wants_ring = one_node && is_named(node_ring, choice.algorithm, operation);
  if (in_switch && !wants_ring && choice.protocol.empty()) best = in_switch_of_node(size, nodes, gpus);
  if (best && choice.algorithm == node_switch) return *best;
  for (const platform::GpuProtocol& protocol : library->protocols) {
    if (!choice.protocol.empty() && protocol.name != choice.protocol) continue;
    CommunicationCost cost = with_node_stage(operation, size, nodes, choice, &protocol);
    if (!best || cost.time < best->time) best = std::move(cost);
  }
  return *best;
}

// The network's part and the node's, one after the other.
CommunicationCost CommunicationModel::with_node_stage(CollectiveOperation operation, DataSize size,
                                                      std::span<const NodeId> nodes, const CollectiveChoice& choice,
                                                      const platform::GpuProtocol* protocol) {
  CommunicationCost cost;
  if (nodes.size() > 1) {
    const Step step =
        protocol ? Step{protocol->network_step, protocol->network_share} : Step{machine_.network.message_latency, 1.0};
    cost = between_nodes(operation, size, choice, step);
  }
  const double count = static_cast<double>(nodes.size());
  const NodeStage inside =
      node_stage(machine_.node, operation, size, count, gpus_taking_part(machine_.node, choice), protocol);
  if (protocol) {
    cost.protocol = protocol->name;
    cost.time += protocol->launch;
    cost.latency += protocol->launch;
  }
  if (!inside.exists) return cost;
  if (nodes.size() == 1) cost.algorithm = protocol ? node_ring : "inside the node";
  if (nodes.size() == 1 && protocol && operation == CollectiveOperation::all_to_all)
    cost.algorithm = "all pairs at once";
  cost.time += inside.time;
  cost.latency += inside.latency;
  cost.node_link_traffic = inside.traffic * count;
  cost.node_link_energy = cost.node_link_traffic * machine_.node.gpu_gpu->energy;
  return cost;
}

// time = latency + n / bandwidth * g/(g-1). Each GPU sends its vector to the switch once and gets the sum once; the
// last factor is that of NCCL's tuning of NVLink SHARP, which drops below the ring's bandwidth for few GPUs.
CommunicationCost CommunicationModel::in_switch_of_node(DataSize size, std::span<const NodeId> nodes,
                                                        double gpus) const {
  const platform::SwitchReduction& in_switch = *machine_.node.gpu_collectives->in_switch;
  CommunicationCost cost;
  cost.algorithm = node_switch;
  cost.protocol = machine_.node.gpu_collectives->protocols.back().name;
  cost.latency = in_switch.latency;
  cost.time = in_switch.latency + size / in_switch.bandwidth * (gpus / (gpus - 1));
  cost.node_link_traffic = size * (gpus * static_cast<double>(nodes.size()));
  cost.node_link_energy = cost.node_link_traffic * machine_.node.gpu_gpu->energy;
  return cost;
}

std::vector<std::string_view> CommunicationModel::applicable_algorithms(CollectiveOperation operation,
                                                                        std::span<const NodeId> nodes, DataSize size) {
  std::vector<std::string_view> names;
  if (nodes.size() < 2) {
    const auto& library = machine_.node.gpu_collectives;
    if (!machine_.node.gpu_gpu || nodes.empty()) return names;
    names.push_back(operation == CollectiveOperation::all_to_all ? "all pairs at once" : node_ring);
    if (library && library->in_switch && operation == CollectiveOperation::all_reduce) names.push_back(node_switch);
    return names;
  }
  router_->set_nodes(nodes);
  for (const Candidate& candidate : candidates(operation, size, {})) names.push_back(candidate.schedule.algorithm);
  if (operation == CollectiveOperation::all_to_all && nodes.size() <= most_pairwise) names.push_back("pairwise");
  return names;
}

void CommunicationModel::check_choice(CollectiveOperation operation, DataSize size, std::span<const NodeId> nodes,
                                      const CollectiveChoice& choice) {
  if (!choice.protocol.empty()) {
    std::vector<std::string> known;
    if (machine_.node.gpu_collectives) {
      for (const auto& protocol : machine_.node.gpu_collectives->protocols) known.push_back(protocol.name);
    }
    if (std::ranges::count(known, choice.protocol) == 0) {
      throw InputError("protocol", "\"" + std::string(choice.protocol) +
                                       "\" is not a protocol of \"gpu_collectives\" of " + machine_.node.name +
                                       suggestion(choice.protocol, known));
    }
  }
  if (choice.algorithm.empty() || nodes.empty()) return;
  const std::string wanted(choice.algorithm);
  const auto applicable = applicable_algorithms(operation, nodes, size);
  for (const std::string_view name : applicable) {
    if (is_named(name, choice.algorithm, operation)) return;
  }
  const CollectiveAlgorithm* entry = find_algorithm(choice.algorithm, operation);
  if (entry == nullptr) {
    auto names = algorithm_names(operation);
    names.insert(names.end(), applicable.begin(), applicable.end());
    throw InputError("algorithm", "\"" + wanted + "\" is not an algorithm for " + std::string(name_of(operation)) +
                                      suggestion(wanted, names) + "; here are " + quoted(applicable));
  }
  const std::string needs = entry->where.empty() ? std::string() : " (it needs " + std::string(entry->where) + ")";
  throw InputError("algorithm", "\"" + std::string(entry->name) + "\" does not work on these " +
                                    std::to_string(nodes.size()) + " nodes" + needs + "; here are " +
                                    quoted(applicable));
}

// All algorithms that work on the router's nodes; of one name only where `forced` says so.
std::vector<CommunicationModel::Candidate> CommunicationModel::candidates(CollectiveOperation operation, DataSize size,
                                                                          std::string_view forced) const {
  const auto ranks = static_cast<std::uint32_t>(router_->nodes().size());
  if (operation == CollectiveOperation::all_to_all && is_named("pairwise", forced, operation)) {
    return {{.schedule = pairwise(in_bytes(size), ranks)}};
  }
  std::vector<Candidate> result;
  if (operation == CollectiveOperation::all_to_all) {
    result.push_back({.schedule = {"all pairs at once", {}}, .special = Special::all_pairs});
  }
  for (Schedule& schedule : schedules(operation, in_bytes(size), ranks, router_->box())) {
    result.push_back({.schedule = std::move(schedule)});
  }
  const auto& offload = machine_.network.in_network_reduction;
  if (offload && reduces_in_network(operation) &&
      (operation == CollectiveOperation::barrier || size <= offload->largest)) {
    if (offload->place == platform::InNetworkReduction::Place::gates) {
      result.push_back({.schedule = gate_schedule(operation, in_bytes(size), ranks)});
    } else {
      result.push_back({.schedule = {"in-network reduction", {}}, .special = Special::in_switches});
    }
  }
  if (!forced.empty()) {
    std::erase_if(result, [&](const Candidate& c) { return !is_named(c.schedule.algorithm, forced, operation); });
  }
  return result;
}

namespace {

struct RoundCost {
  Duration latency;
  Duration time;
};

// A pipeline of d stages with k blocks takes (d - 1 + k) steps of L + n/k / B. With s = n / B that is least for
// k = sqrt((d - 1) s / L); the better of its two neighbours in whole numbers, one block at least and one byte each at
// most.
RoundCost pipeline_cost(const Round& round, Duration step, double s_per_byte) {
  const double depth = round.pipeline_depth;
  const double data_s = round.bytes * s_per_byte;
  const double most = std::max(1.0, std::floor(round.bytes));
  const double ideal = step > Duration{} ? std::sqrt((depth - 1) * data_s / in_seconds(step)) : most;
  RoundCost best;
  for (const double blocks : {std::floor(ideal), std::floor(ideal) + 1}) {
    const double k = std::clamp(blocks, 1.0, most);
    const Duration latency = step * (depth - 1 + k);
    const Duration time = latency + seconds((depth - 1 + k) * data_s / k);
    if (best.time == Duration{} || time < best.time) best = {latency, time};
  }
  return best;
}

}  // namespace

CommunicationCost CommunicationModel::time_of(const Schedule& schedule, const Step& step) {
  CommunicationCost cost;
  cost.algorithm = schedule.algorithm;
  if (schedule.in_hardware) cost.time = cost.latency = step.latency;
  const Duration software = schedule.in_hardware ? machine_.network.in_network_reduction->latency : step.latency;
  const auto& rounds = schedule.rounds;
  for (std::size_t first = 0; first < rounds.size();) {
    // Rounds side by side: the slowest of them, or what they send together through the interfaces.
    RoundCost slowest;
    Duration interfaces;
    std::size_t last = first;
    do {
      const Round& round = rounds[last];
      const PatternCost& pattern = router_->cost(round.pattern);
      const Duration one = software + pattern.latency;
      const double s_per_byte = pattern.slowest_s_per_byte / step.share;
      const Duration latency = one * round.repeats;
      const RoundCost own = round.pipeline_depth > 0.0
                                ? pipeline_cost(round, one, s_per_byte)
                                : RoundCost{latency, latency + seconds(round.bytes * s_per_byte * round.repeats)};
      slowest = {std::max(slowest.latency, own.latency), std::max(slowest.time, own.time)};
      interfaces += seconds(round.bytes * round.repeats * pattern.interface_s_per_byte / step.share);
      cost.messages += pattern.messages *
                       (round.pipeline_depth > 0.0 ? own.latency / one - round.pipeline_depth + 1 : round.repeats);
    } while (++last < rounds.size() && rounds[last].beside != 0 && rounds[last].beside == rounds[first].beside);
    const bool several = last > first + 1;
    cost.latency += slowest.latency;
    cost.time += several ? std::max(slowest.time, slowest.latency + interfaces) : slowest.time;
    first = last;
  }
  return cost;
}

// No schedule takes less: each round costs the software's latency, and what a rank sends passes its interfaces.
Duration CommunicationModel::least_time(const Candidate& candidate, const Step& step) const {
  if (candidate.special != Special::none || candidate.schedule.in_hardware) return Duration{};
  const Bandwidth interfaces = machine_.node.nics.bandwidth * static_cast<double>(machine_.node.nics.count);
  return step.latency * candidate.schedule.round_count() +
         bytes(candidate.schedule.bytes_sent()) / (interfaces * step.share);
}

// Special ones leave their loads in loads_.
CommunicationCost CommunicationModel::cost_of(const Candidate& candidate, CollectiveOperation operation, DataSize size,
                                              const Step& step) {
  switch (candidate.special) {
    case Special::none:
      return time_of(candidate.schedule, step);
    case Special::all_pairs:
      return all_pairs(size, step);
    case Special::in_switches:
      return in_switches(operation, size, step);
  }
  return {};
}

// Tries the algorithms in the order of their least times, and only those that can still beat the best so far: routing a
// machine's worth of messages for each of twenty rounds is what takes time here.
CommunicationCost CommunicationModel::between_nodes(CollectiveOperation operation, DataSize size,
                                                    const CollectiveChoice& choice, const Step& step) {
  std::vector<Candidate> all = candidates(operation, size, choice.algorithm);
  std::stable_sort(all.begin(), all.end(),
                   [&](const Candidate& a, const Candidate& b) { return least_time(a, step) < least_time(b, step); });
  std::optional<CommunicationCost> best;
  const Candidate* chosen = nullptr;
  for (const Candidate& candidate : all) {
    if (best && least_time(candidate, step) >= best->time) continue;
    const CommunicationCost cost = cost_of(candidate, operation, size, step);
    if (best && cost.time >= best->time) continue;
    best = cost;
    chosen = &candidate;
  }
  if (choice.loads == Loads::left_out) return *best;
  if (chosen->special == Special::none) {
    loads_.clear();
    router_->add_loads(chosen->schedule, loads_);
  } else if (all.size() > 1) {
    (void)cost_of(*chosen, operation, size, step);  // another special one may have been costed since
  }
  take_loads(*best);
  return *best;
}

// All pairs at once: a node issues its p-1 messages one after the other, a software latency apart, while those issued
// before drain through the slowest link.
//   time = software + hops + max((p-2) software, slowest link of all messages together)
// Leaves its loads in loads_.
CommunicationCost CommunicationModel::all_pairs(DataSize size, const Step& step) {
  const double p = static_cast<double>(router_->nodes().size());
  loads_.clear();
  const Duration first = step.latency + network_.add_all_to_all(router_->nodes(), size / p, loads_);
  const Duration drain = seconds(router_->slowest_s(loads_) / step.share);
  const Duration issue = step.latency * (p - 2);
  CommunicationCost cost;
  cost.algorithm = "all pairs at once";
  cost.time = first + std::max(issue, drain);
  cost.latency = first + std::max(issue - drain, Duration{});
  cost.messages = p * (p - 1);
  return cost;
}

// Switches add what comes up a tree and hand the result down it; vectors pass in a stream. The tree is the routes of
// all nodes to the first and back, each of its links used once:
//   time = software + combining + hops up + hops down + n / (its slowest link)
// A reduction goes up only, a broadcast down only. Leaves its loads in loads_.
CommunicationCost CommunicationModel::in_switches(CollectiveOperation operation, DataSize size, const Step& step) {
  const double data = operation == CollectiveOperation::barrier ? 0.0 : in_bytes(size);
  CommunicationCost cost;
  cost.algorithm = "in-network reduction";
  loads_.clear();
  Duration hops;
  if (operation != CollectiveOperation::broadcast) hops += router_->add_tree(data, PatternRouter::Way::up, loads_);
  if (operation != CollectiveOperation::reduce) hops += router_->add_tree(data, PatternRouter::Way::down, loads_);
  cost.latency = step.latency + machine_.network.in_network_reduction->latency + hops;
  cost.time = cost.latency + seconds(router_->slowest_s(loads_) / step.share);
  cost.messages = static_cast<double>(router_->nodes().size()) * 2;
  return cost;
}

CommunicationCost CommunicationModel::all_to_all_v(std::span<const NodeMessage> messages,
                                                   std::span<const NodeId> nodes) {
  CommunicationCost cost;
  std::vector<double> issued(nodes.size(), 0.0);
  Duration hops;
  loads_.clear();
  for (const NodeMessage& message : messages) {
    if (message.from >= nodes.size() || message.to >= nodes.size()) {
      throw InputError("all-to-all",
                       "a message names a node beyond the " + std::to_string(nodes.size()) + " there are");
    }
    if (message.from == message.to || message.size <= DataSize{}) continue;
    hops = std::max(hops, router_->add_message(nodes[message.from], nodes[message.to], in_bytes(message.size), loads_));
    issued[message.from] += 1.0;
    cost.messages += 1.0;
  }
  if (cost.messages == 0.0) return {};
  const Duration software = machine_.network.message_latency;
  const Duration first = software + hops;
  const Duration drain = seconds(router_->slowest_s(loads_));
  const Duration issue = software * (*std::ranges::max_element(issued) - 1);
  cost.algorithm = "all pairs at once";
  cost.time = first + std::max(issue, drain);
  cost.latency = first + std::max(issue - drain, Duration{});
  take_loads(cost);
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
  double interfaces = 0.0;
  cost.network_energy = {};
  for (const topology::LinkLoad& load : cost.loads) {
    if (network_.role(load.link) == topology::LinkRole::fabric) {
      cost.network_energy += bytes(load.bytes) * network_.energy(load.link);
    } else {
      interfaces += load.bytes;
    }
  }
  cost.nic_energy = bytes(interfaces) * machine_.node.nics.energy;
}

}  // namespace zettasim::cost
