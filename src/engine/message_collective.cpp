// Collectives by name, and what `patterns` says of a schedule.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/message_phases.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/engine/messages.hpp"
#include "zettasim/topology/link_loads.hpp"

namespace zettasim::engine {
namespace {

// All messages of one round.
struct RoundCost {
  Duration latency;      // of the longest route
  Duration last_issued;  // after the round began
  Duration compute;
  std::vector<topology::LinkLoad> loads;
  double repeats = 1.0;
};

double slowest_s(const topology::Network& network, const RoundCost& round, topology::LinkLoads& scratch) {
  scratch.clear();
  for (const topology::LinkLoad& load : round.loads) scratch.add(load.link, load.bytes);
  double slowest = 0.0;
  for (const LinkId link : scratch.touched()) {
    slowest = std::max(slowest, scratch.on(link) / in_bytes_per_second(network.bandwidth(link)));
  }
  return slowest;
}

}  // namespace

Duration time_in_rounds(const platform::Machine& machine, const topology::Network& network,
                        const MessageSchedule& schedule) {
  std::map<std::uint32_t, RoundCost> rounds;
  std::vector<topology::RoutedLink> route;
  for (std::size_t rank = 0; rank < schedule.ranks.size(); ++rank) {
    for (const MessageStep& step : schedule.ranks[rank]) {
      RoundCost& round = rounds[step.round];
      round.repeats = step.repeats;
      round.compute = std::max(round.compute, step.compute);
      for (const MessageSend& send : step.sends) {
        const NodeId from = schedule.placement[rank], to = schedule.placement[send.to];
        round.last_issued = std::max(round.last_issued, send.after);
        if (from == to) continue;
        route.clear();
        round.latency = std::max(round.latency, network.append_route(from, to, route));
        for (const auto& hop : route) round.loads.push_back({hop.link, hop.share * in_bytes(send.size)});
      }
    }
  }
  Duration time;
  topology::LinkLoads scratch(network.link_count());
  for (const auto& [number, round] : rounds) {
    const Duration drain = seconds(slowest_s(network, round, scratch));
    time += (round.compute + schedule.message_latency.value_or(machine.network.message_latency) + round.latency +
             std::max(round.last_issued, drain)) *
            round.repeats;
  }
  return time;
}

std::vector<std::string_view> message_algorithms(CollectiveOperation operation) {
  switch (operation) {
    case CollectiveOperation::all_reduce:
      return {"ring", "recursive doubling", "halving and doubling"};
    case CollectiveOperation::reduce_scatter:
      return {"ring", "reversed Bruck"};
    case CollectiveOperation::all_gather:
      return {"ring", "Bruck"};
    case CollectiveOperation::broadcast:
    case CollectiveOperation::reduce:
      return {"binomial tree"};
    case CollectiveOperation::all_to_all:
      return {"all pairs at once", "pairwise"};
    case CollectiveOperation::barrier:
      return {"dissemination"};
  }
  return {};
}

void check_message_algorithm(CollectiveOperation operation, std::string_view algorithm) {
  const auto known = message_algorithms(operation);
  if (std::ranges::find(known, algorithm) != known.end()) return;
  throw InputError("--algorithm", fmt::format("found \"{}\", expected one that --network messages knows for {}: {}",
                                              algorithm, name_of(operation), fmt::join(known, ", ")));
}

MessageSchedule collective_schedule(const platform::Machine& machine, CollectiveOperation operation,
                                    std::string_view algorithm, DataSize size, std::span<const NodeId> nodes) {
  if (algorithm.empty()) algorithm = message_algorithms(operation).front();
  check_message_algorithm(operation, algorithm);
  const schedules::Placement placement(nodes.begin(), nodes.end());
  switch (operation) {
    case CollectiveOperation::all_reduce:
      if (algorithm == "recursive doubling") return schedules::recursive_doubling(placement, size);
      if (algorithm == "halving and doubling") return schedules::halving_doubling(placement, size);
      return schedules::ring_all_reduce(placement, size);
    case CollectiveOperation::reduce_scatter:
    case CollectiveOperation::all_gather:
      if (algorithm != "ring") return schedules::bruck_all_gather(placement, size);
      return schedules::ring_reduce_scatter(placement, size);
    case CollectiveOperation::broadcast:
      return schedules::binomial_broadcast(placement, size);
    case CollectiveOperation::reduce:
      return schedules::binomial_reduce(placement, size);
    case CollectiveOperation::all_to_all:
      if (algorithm == "pairwise") return schedules::pairwise_all_to_all(placement, size);
      return schedules::all_pairs(placement, size, machine.network.gap());
    case CollectiveOperation::barrier:
      break;
  }
  return schedules::dissemination_barrier(placement);
}

}  // namespace zettasim::engine
