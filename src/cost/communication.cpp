// Chooses algorithms and adds up what they cost: inside the nodes in closed form, between them on the routed network.
#include "zettasim/cost/communication.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "zettasim/cost/layout.hpp"
#include "local_stage.hpp"
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

// What a round costs besides hops and data on the network.
struct CommunicationModel::Step {
  Duration latency;         // of software, or of the protocol
  Duration gap;             // between two messages that a rank sends
  double share = 1.0;       // of the bandwidth that data gets
  LocalLink local;          // between the devices of a node or a scale-up domain
  bool by_library = false;  // of GPUs, which has fewer algorithms
};

namespace {

constexpr std::string_view node_ring = "ring";
constexpr std::string_view node_switch = "in-switch reduction";
constexpr std::string_view node_pairs = "all pairs at once";
constexpr Duration no_limit = Duration::from_si(std::numeric_limits<double>::infinity());
constexpr std::uint32_t most_pairwise = 4096;  // ranks: 16 million messages to route

// GPUs of a node that take part; without groups, a node without any is one rank.
std::int64_t devices_taking_part(const platform::Machine& machine, const CollectiveChoice& choice) {
  const bool grouped = choice.groups.size > 0;
  const std::int64_t there = machine.node.gpus || grouped ? machine.main_devices().count : 1;
  return choice.gpus_per_node > 0 ? std::min(choice.gpus_per_node, there) : there;
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

std::string_view inside_name(const Layout& layout) {
  return layout.cell_nodes > 1 ? "inside the scale-up domain" : "inside the node";
}

// What a rank holds of an operation whose caller counts by node, or by device where there are groups: all-to-alls add
// up over the devices of a rank, everything else is the same vector on each.
DataSize size_of_rank(CollectiveOperation operation, DataSize size, const Layout& layout, const DeviceGroups& groups) {
  if (operation != CollectiveOperation::all_to_all) return size;
  if (groups.size > 0) return size * static_cast<double>(layout.inside);
  return size * (layout.all_devices() / static_cast<double>(layout.devices * layout.all_ranks));
}

}  // namespace

CommunicationModel::Step CommunicationModel::step_of(const platform::GpuProtocol* protocol) const {
  const LocalLink local = local_link(machine_, protocol);
  if (protocol) return {protocol->network_step, protocol->network_step, protocol->network_share, local, true};
  return {machine_.network.message_latency, machine_.network.gap(), 1.0, local, false};
}

CommunicationCost CommunicationModel::collective(CollectiveOperation operation, DataSize size,
                                                 std::span<const NodeId> nodes, const CollectiveChoice& choice) {
  const bool sends = operation == CollectiveOperation::barrier || size > DataSize{};
  if (!nodes.empty()) set_groups(nodes, choice);  // what a choice may name depends on them
  check_choice(operation, size, nodes, choice);
  if (nodes.empty() || !sends) return {};
  const Layout& layout = router_->layout();
  if (layout.inside == 1 && !layout.in_network()) return {};
  const auto& library = machine_.node.gpu_collectives;
  if (!library || !machine_.node.gpus) return with_local_stage(operation, size, choice, nullptr);
  std::optional<CommunicationCost> best;
  const bool in_switch = library->in_switch && operation == CollectiveOperation::all_reduce && !layout.in_network();
  const bool wants_ring = !layout.in_network() && is_named(node_ring, choice.algorithm, operation);
  if (in_switch && !wants_ring && choice.protocol.empty()) best = in_switch_of_node(size);
  if (best && choice.algorithm == node_switch) return *best;
  for (const platform::GpuProtocol& protocol : library->protocols) {
    if (!choice.protocol.empty() && protocol.name != choice.protocol) continue;
    CommunicationCost cost = with_local_stage(operation, size, choice, &protocol);
    if (!best || cost.time < best->time) best = std::move(cost);
  }
  return *best;
}

void CommunicationModel::set_groups(std::span<const NodeId> nodes, const CollectiveChoice& choice) {
  const auto devices = devices_taking_part(machine_, choice);
  router_->set_layout(nodes, layout_of(nodes, choice.groups, devices, machine_.node.domain_nodes()));
}

// The network's part and that over the links between neighbouring devices, one after the other.
CommunicationCost CommunicationModel::with_local_stage(CollectiveOperation operation, DataSize size,
                                                       const CollectiveChoice& choice,
                                                       const platform::GpuProtocol* protocol) {
  const Layout& layout = router_->layout();
  const DataSize of_rank = size_of_rank(operation, size, layout, choice.groups);
  const Step step = step_of(protocol);
  CommunicationCost cost;
  if (layout.in_network()) cost = between_nodes(operation, of_rank, choice, step);
  const LocalStage inside = local_stage(operation, of_rank, static_cast<double>(layout.ranks),
                                        static_cast<double>(layout.inside), step.local, protocol != nullptr);
  if (protocol) {
    cost.protocol = protocol->name;
    cost.time += protocol->launch;
    cost.latency += protocol->launch;
  }
  if (layout.inside < 2) return cost;
  if (!layout.in_network()) {
    const bool pairs = operation == CollectiveOperation::all_to_all;
    cost.algorithm = !protocol ? inside_name(layout) : pairs ? node_pairs : node_ring;
  }
  cost.time += inside.time;
  cost.latency += inside.latency;
  const double stages = layout.all_devices() / static_cast<double>(layout.inside);
  cost.node_link_traffic += inside.traffic * stages;
  cost.node_link_energy += inside.traffic * stages * step.local.energy;
  return cost;
}

// time = latency + n / bandwidth * g/(g-1). Each GPU sends its vector to the switch once and gets the sum once; the
// last factor is that of NCCL's tuning of NVLink SHARP, which drops below the ring's bandwidth for few GPUs.
CommunicationCost CommunicationModel::in_switch_of_node(DataSize size) const {
  const platform::SwitchReduction& in_switch = *machine_.node.gpu_collectives->in_switch;
  const auto gpus = static_cast<double>(router_->layout().inside);
  CommunicationCost cost;
  cost.algorithm = node_switch;
  cost.protocol = machine_.node.gpu_collectives->protocols.back().name;
  cost.latency = in_switch.latency;
  cost.time = in_switch.latency + size / in_switch.bandwidth * (gpus / (gpus - 1));
  cost.node_link_traffic = size * router_->layout().all_devices();
  cost.node_link_energy = cost.node_link_traffic * machine_.node.gpu_gpu->energy;
  return cost;
}

std::vector<std::string_view> CommunicationModel::applicable_algorithms(CollectiveOperation operation,
                                                                        std::span<const NodeId> nodes, DataSize size,
                                                                        const DeviceGroups& groups) {
  if (nodes.empty()) return {};
  set_groups(nodes, {.groups = groups});
  return algorithms_here(operation, size);
}

std::vector<std::string_view> CommunicationModel::algorithms_here(CollectiveOperation operation, DataSize size) const {
  std::vector<std::string_view> names;
  const Layout& layout = router_->layout();
  if (!layout.in_network()) {
    const auto& library = machine_.node.gpu_collectives;
    if (!machine_.node.gpu_gpu || layout.inside < 2) return names;
    names.push_back(operation == CollectiveOperation::all_to_all ? node_pairs : node_ring);
    if (library && library->in_switch && operation == CollectiveOperation::all_reduce) names.push_back(node_switch);
    return names;
  }
  for (const Schedule& schedule : candidates(operation, size, {})) names.push_back(schedule.algorithm);
  if (operation == CollectiveOperation::all_to_all && layout.ranks <= most_pairwise) names.push_back("pairwise");
  return names;
}

void CommunicationModel::check_choice(CollectiveOperation operation, DataSize size, std::span<const NodeId> nodes,
                                      const CollectiveChoice& choice) const {
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
  const auto applicable = algorithms_here(operation, size);
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

// All algorithms that work on the router's groups; of one name only where `forced` says so.
std::vector<Schedule> CommunicationModel::candidates(CollectiveOperation operation, DataSize size,
                                                     std::string_view forced) const {
  const auto ranks = static_cast<std::uint32_t>(router_->layout().ranks);
  const double n = in_bytes(size);
  if (operation == CollectiveOperation::all_to_all && is_named("pairwise", forced, operation)) {
    return {pairwise(n, ranks)};
  }
  std::vector<Schedule> result = schedules(operation, n, ranks, router_->box());
  if (operation == CollectiveOperation::all_to_all) result.insert(result.begin(), all_pairs_schedule(n, ranks));
  const auto& offload = machine_.network.in_network_reduction;
  if (offload && reduces_in_network(operation) &&
      (operation == CollectiveOperation::barrier || size <= offload->largest)) {
    const bool gates = offload->place == platform::InNetworkReduction::Place::gates;
    result.push_back(gates ? gate_schedule(operation, n, ranks) : switch_schedule(operation, n));
  }
  if (!forced.empty()) {
    std::erase_if(result, [&](const Schedule& schedule) { return !is_named(schedule.algorithm, forced, operation); });
  }
  return result;
}

// Messages between nodes, by position: those that cross the network, and what stays in scale-up domains.
struct CommunicationModel::NodeTraffic {
  explicit NodeTraffic(std::size_t nodes) : sent(nodes, 0.0), received(nodes, 0.0) {}
  std::vector<topology::Transfer> transfers;  // over the network
  Duration hops;                              // of the longest route, once they are routed
  double messages = 0.0;
  double local_messages = 0.0;
  std::vector<double> sent;  // in their domain
  std::vector<double> received;
};

struct CommunicationModel::RoundCost {
  Duration latency;
  Duration time;
};

namespace {

// A pipeline of d stages with k blocks takes (d - 1 + k) steps of L + n/k / B. With s = n / B that is least for
// k = sqrt((d - 1) s / L); the better of its two neighbours in whole numbers, one block at least and one byte each at
// most. Returns the number of blocks.
double best_blocks(double depth, double bytes, Duration step, double data_s) {
  const double most = std::max(1.0, std::floor(bytes));
  const double ideal = step > Duration{} ? std::sqrt((depth - 1) * data_s / in_seconds(step)) : most;
  const auto time_s = [&](double k) { return (depth - 1 + k) * (in_seconds(step) + data_s / k); };
  const double fewer = std::clamp(std::floor(ideal), 1.0, most);
  const double more = std::clamp(std::floor(ideal) + 1, 1.0, most);
  return time_s(more) < time_s(fewer) ? more : fewer;
}

double s_per_byte(const PatternCost& pattern, double share, const LocalLink& local) {
  const double over_network = pattern.slowest_s_per_byte / share;
  return pattern.local_bytes > 0.0 ? std::max(over_network, pattern.local_bytes / in_bytes_per_second(local.bandwidth))
                                   : over_network;
}

}  // namespace

// All pairs at once: a rank issues its p-1 messages one after the other, a gap apart, while those issued before drain
// through the slowest link:  software + hops + max((p-2) gap, slowest link of all messages together).
CommunicationModel::RoundCost CommunicationModel::round_cost(const Round& round, const PatternCost& pattern,
                                                             Duration software, const Step& step) const {
  const bool only_local = !pattern.crosses && pattern.local_bytes > 0.0;
  const Duration local = pattern.local_bytes > 0.0 ? step.local.latency : Duration{};
  const Duration one = only_local ? local : std::max(software + pattern.latency, local);
  const double data_s = round.bytes * s_per_byte(pattern, step.share, step.local);
  if (round.pattern.shape == Shape::all_pairs) {
    const Duration issue = (only_local ? local : step.gap) * static_cast<double>(router_->layout().ranks - 2);
    return {one + std::max(issue - seconds(data_s), Duration{}), one + std::max(issue, seconds(data_s))};
  }
  if (round.pipeline_depth > 0.0) {
    const double k = best_blocks(round.pipeline_depth, round.bytes, one, data_s);
    const double steps = round.pipeline_depth - 1 + k;
    return {one * steps, one * steps + seconds(steps * data_s / k)};
  }
  return {one * round.repeats, one * round.repeats + seconds(data_s * round.repeats)};
}

// What the messages of a round come to, whatever time they take.
void CommunicationModel::add_traffic(const Round& round, const PatternCost& pattern, double blocks,
                                     const LocalLink& local, CommunicationCost& cost) const {
  const double sent = round.bytes * round.repeats;
  cost.messages += pattern.messages * blocks;
  cost.network_energy += joules(pattern.fabric_joules * sent);
  cost.nic_energy += bytes(pattern.interface_bytes * sent) * machine_.node.nics.energy;
  cost.node_link_traffic += bytes(pattern.all_local_bytes * sent);
  cost.node_link_energy += bytes(pattern.all_local_bytes * sent) * local.energy;
}

// Gives up, with the time so far, once a schedule takes as long as `limit`.
CommunicationCost CommunicationModel::time_of(const Schedule& schedule, const Step& step, Duration limit) {
  if (schedule.relay == Schedule::Relay::switches) return in_switches(schedule, step);
  const bool gates = schedule.relay == Schedule::Relay::gates;
  CommunicationCost cost;
  cost.algorithm = schedule.algorithm;
  if (gates) cost.time = cost.latency = step.latency;
  const Duration software = gates ? machine_.network.in_network_reduction->latency : step.latency;
  const auto& rounds = schedule.rounds;
  for (std::size_t first = 0; first < rounds.size();) {
    // Rounds side by side: the slowest of them, or what they send together through the interfaces.
    RoundCost slowest;
    Duration interfaces;
    std::size_t last = first;
    do {
      const Round& round = rounds[last];
      const PatternCost& pattern = router_->cost(round.pattern);
      const RoundCost own = round_cost(round, pattern, software, step);
      slowest = {std::max(slowest.latency, own.latency), std::max(slowest.time, own.time)};
      interfaces += seconds(round.bytes * round.repeats * pattern.interface_s_per_byte / step.share);
      const bool cut = round.pipeline_depth > 0.0;
      const Duration one = software + pattern.latency;
      const double blocks = cut ? best_blocks(round.pipeline_depth, round.bytes, one,
                                              round.bytes * s_per_byte(pattern, step.share, step.local))
                                : round.repeats;
      add_traffic(round, pattern, blocks, step.local, cost);
    } while (++last < rounds.size() && rounds[last].beside != 0 && rounds[last].beside == rounds[first].beside);
    const bool several = last > first + 1;
    cost.latency += slowest.latency;
    cost.time += several ? std::max(slowest.time, slowest.latency + interfaces) : slowest.time;
    first = last;
    if (cost.time >= limit) break;
  }
  return cost;
}

// No schedule takes less: a round of a known pattern what it costs, any other the latency of its step; and what a rank
// sends passes its interfaces.
Duration CommunicationModel::least_time(const Schedule& schedule, const Step& step, Known known) const {
  if (schedule.relay != Schedule::Relay::software) return Duration{};
  const Layout& layout = router_->layout();
  const bool some_local = router_->has_local_messages();
  const Duration latency = some_local ? std::min(step.latency, step.local.latency) : step.latency;
  const Bandwidth interfaces = machine_.node.nics.bandwidth * static_cast<double>(machine_.node.nics.count);
  const double per_node = static_cast<double>(layout.beside) / static_cast<double>(layout.cell_nodes);
  Duration least = latency * schedule.round_count();
  if (!some_local) least += bytes(schedule.bytes_sent() * per_node) / (interfaces * step.share);
  if (known == Known::ignored) return least;
  Duration with_known;
  for (const Round& round : schedule.rounds) {
    if (round.beside != 0) continue;
    if (const PatternCost* pattern = router_->known(round.pattern)) {
      with_known += round_cost(round, *pattern, step.latency, step).time;
      continue;
    }
    with_known += latency * std::max(round.repeats, round.pipeline_depth);
    const bool halved = round.pattern.shape == Shape::trees_up || round.pattern.shape == Shape::trees_down;
    const double sent = round.bytes * round.repeats * (halved ? 0.5 : 1.0);
    if (!some_local) with_known += bytes(sent * per_node) / (interfaces * step.share);
  }
  return std::max(least, with_known * (1 - 1e-12));
}

// Tries algorithms of few patterns first, then in the order of their least times, and only those that can still beat
// the best so far: routing a machine's worth of messages for each of twenty rounds is what takes time here.
CommunicationCost CommunicationModel::between_nodes(CollectiveOperation operation, DataSize size,
                                                    const CollectiveChoice& choice, const Step& step) {
  std::vector<Schedule> all = candidates(operation, size, choice.algorithm);
  if (step.by_library && choice.algorithm.empty()) {
    const bool several = router_->layout().inside > 1;
    std::erase_if(all, [&](const Schedule& s) { return !is_in_gpu_libraries(s.algorithm, operation, several); });
  }
  std::ranges::stable_sort(
      all, {}, [&](const Schedule& s) { return std::pair(s.rounds.size() > 2, least_time(s, step, Known::ignored)); });
  std::optional<CommunicationCost> best;
  const Schedule* chosen = nullptr;
  for (const Schedule& schedule : all) {
    if (best && least_time(schedule, step, Known::counted) >= best->time) continue;
    const CommunicationCost cost = time_of(schedule, step, best ? best->time : no_limit);
    if (best && cost.time >= best->time) continue;
    best = cost;
    chosen = &schedule;
  }
  if (choice.loads == Loads::left_out) return *best;
  loads_.clear();
  router_->add_loads(*chosen, loads_);
  best->loads = loads_.sorted();
  return *best;
}

// Switches add what comes up a tree and hand the result down it; vectors pass in a stream. The tree is the routes of
// all ranks to the first and back, each of its links used once:
//   time = software + combining + hops up + hops down + n / (its slowest link)
// A reduction goes up only, a broadcast down only.
CommunicationCost CommunicationModel::in_switches(const Schedule& schedule, const Step& step) {
  CommunicationCost cost;
  cost.algorithm = schedule.algorithm;
  cost.latency = step.latency + machine_.network.in_network_reduction->latency;
  double slowest_s = 0.0;
  for (const Round& round : schedule.rounds) {
    const PatternCost& pattern = router_->cost(round.pattern);
    cost.latency += pattern.latency;
    slowest_s = std::max(slowest_s, round.bytes * pattern.slowest_s_per_byte);
    add_traffic(round, pattern, 1.0, step.local, cost);
  }
  cost.time = cost.latency + seconds(slowest_s / step.share);
  return cost;
}

CommunicationCost CommunicationModel::shift(std::int64_t distance, DataSize size, std::span<const NodeId> nodes,
                                            Loads loads) {
  const std::int64_t devices = machine_.main_devices().count;
  const std::int64_t all = static_cast<std::int64_t>(nodes.size()) * devices;
  if (distance < 1 || distance >= all || size <= DataSize{}) return {};
  router_->set_layout(nodes, layout_of_devices(nodes.size(), devices));
  Schedule schedule{.algorithm = "shift", .rounds = {}};
  schedule.rounds = {
      {.pattern = {Shape::send, static_cast<std::uint32_t>(distance)}, .bytes = in_bytes(size), .repeats = 1.0}};
  std::optional<CommunicationCost> best;
  const auto consider = [&](const platform::GpuProtocol* protocol) {
    CommunicationCost cost = time_of(schedule, step_of(protocol), no_limit);
    if (protocol) {
      cost.protocol = protocol->name;
      cost.time += protocol->launch;
      cost.latency += protocol->launch;
    }
    if (!best || cost.time < best->time) best = std::move(cost);
  };
  if (machine_.node.gpus && machine_.node.gpu_collectives) {
    for (const auto& protocol : machine_.node.gpu_collectives->protocols) consider(&protocol);
  } else {
    consider(nullptr);
  }
  if (loads == Loads::left_out) return *best;
  loads_.clear();
  router_->add_loads(schedule, loads_);
  best->loads = loads_.sorted();
  return *best;
}

CommunicationCost CommunicationModel::all_to_all_v(std::span<const NodeMessage> messages,
                                                   std::span<const NodeId> nodes) {
  CommunicationCost cost;
  std::vector<double> issued(nodes.size(), 0.0);
  NodeTraffic traffic(nodes.size());
  loads_.clear();
  for (const NodeMessage& message : messages) {
    if (message.from >= nodes.size() || message.to >= nodes.size()) {
      throw InputError("all-to-all",
                       "a message names a node beyond the " + std::to_string(nodes.size()) + " there are");
    }
    if (message.from == message.to || message.size <= DataSize{}) continue;
    add_message(nodes, message.from, message.to, in_bytes(message.size), traffic);
    issued[message.from] += 1.0;
  }
  if (traffic.messages + traffic.local_messages == 0.0) return {};
  traffic.hops = router_->add_transfers(traffic.transfers, loads_);
  const Duration first = latency_of(traffic);
  const Duration drain = take_traffic(traffic, cost);
  const Duration issue = machine_.network.gap() * (*std::ranges::max_element(issued) - 1);
  cost.algorithm = "all pairs at once";
  cost.time = first + std::max(issue, drain);
  cost.latency = first + std::max(issue - drain, Duration{});
  return cost;
}

CommunicationCost CommunicationModel::neighbours(int dimensions, DataSize size, std::span<const NodeId> nodes) {
  if (nodes.size() < 2 || dimensions < 1 || size <= DataSize{}) return {};
  constexpr int most_dimensions = 64;  // more than factors in any node count; the rest would have an extent of 1
  const auto extents = grid_extents(static_cast<std::int64_t>(nodes.size()), std::min(dimensions, most_dimensions));
  CommunicationCost cost;
  NodeTraffic traffic(nodes.size());
  loads_.clear();
  const auto send = [&](std::size_t from, std::size_t to) { add_message(nodes, from, to, in_bytes(size), traffic); };
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
  traffic.hops = router_->add_transfers(traffic.transfers, loads_);
  cost.algorithm = "neighbours";
  cost.latency = latency_of(traffic);
  cost.time = cost.latency + take_traffic(traffic, cost);
  return cost;
}

// Over the network, or over the links that join the nodes' GPUs.
void CommunicationModel::add_message(std::span<const NodeId> nodes, std::size_t from, std::size_t to, double bytes,
                                     NodeTraffic& traffic) {
  if (router_->in_one_domain(nodes[from], nodes[to])) {
    traffic.sent[from] += bytes;
    traffic.received[to] += bytes;
    traffic.local_messages += 1.0;
    return;
  }
  traffic.transfers.push_back({nodes[from], nodes[to], bytes});
  traffic.messages += 1.0;
}

Duration CommunicationModel::latency_of(const NodeTraffic& traffic) const {
  const Duration local = local_link(machine_, nullptr).latency;
  const Duration network = machine_.network.message_latency + traffic.hops;
  if (traffic.messages == 0.0) return local;
  return traffic.local_messages > 0.0 ? std::max(local, network) : network;
}

// Returns the time of the slowest link.
Duration CommunicationModel::take_traffic(const NodeTraffic& traffic, CommunicationCost& cost) const {
  const topology::LoadTotals totals = network_.totals(loads_);
  cost.messages = traffic.messages;
  cost.loads = loads_.sorted();
  cost.network_energy = joules(totals.fabric_joules);
  cost.nic_energy = bytes(totals.interface_bytes) * machine_.node.nics.energy;
  if (traffic.local_messages == 0.0) return seconds(totals.slowest_s);
  const LocalLink local = local_link(machine_, nullptr);
  const double most = std::max(*std::ranges::max_element(traffic.sent), *std::ranges::max_element(traffic.received));
  cost.node_link_traffic = bytes(std::accumulate(traffic.sent.begin(), traffic.sent.end(), 0.0));
  cost.node_link_energy = cost.node_link_traffic * local.energy;
  const auto devices = static_cast<double>(machine_.main_devices().count);
  return std::max(seconds(totals.slowest_s), bytes(most / devices) / local.bandwidth);
}

}  // namespace zettasim::cost
