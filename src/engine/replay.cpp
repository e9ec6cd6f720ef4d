// Places the ranks and hands the trace to one of the two ways.
#include "zettasim/engine/replay.hpp"

#include <fmt/format.h>

#include <cmath>

#include "engine/replay_parts.hpp"
#include "zettasim/base/problem.hpp"

namespace zettasim::engine {

ReplayRecord replay(const platform::Machine& machine, const topology::Network& network,
                    const workload::RankTrace& trace, const ReplayOptions& options) {
  const auto ranks = static_cast<std::int64_t>(trace.ranks.size());
  const std::int64_t nodes = (ranks + options.ranks_per_node - 1) / options.ranks_per_node;
  if (nodes > machine.node_count) {
    throw InputError(trace.name,
                     fmt::format("has {} ranks, which fill {} nodes with {} on each, but machine \"{}\" has {} "
                                 "nodes; put more on a node, or take a larger machine",
                                 ranks, nodes, options.ranks_per_node, machine.name, machine.node_count));
  }
  workload::RankTrace settled = trace;
  workload::settle_receives(settled);
  ComputePricer pricer(machine, options);
  const double usual_limit = workload::of_gpus(trace.format) ? HUGE_VAL : 65536.0;
  ReplayTask task{machine, network, settled, options, {}, pricer, options.eager_limit.value_or(bytes(usual_limit))};
  for (std::int64_t rank = 0; rank < ranks; ++rank) {
    task.placement.emplace_back(static_cast<std::size_t>(rank / options.ranks_per_node));
  }
  ReplayRecord record = options.network == ReplayNetwork::messages ? replay_messages(task) : replay_patterns(task);
  for (const RankTimes& times : record.ranks) record.time = std::max(record.time, times.end);
  record.repriced = pricer.repriced();
  record.unpriced = pricer.unpriced();
  return record;
}

}  // namespace zettasim::engine
