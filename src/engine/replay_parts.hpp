// The two ways to replay, behind `replay`. Private to engine.
#pragma once

#include "engine/compute_price.hpp"
#include "zettasim/engine/replay.hpp"

namespace zettasim::engine {

// What both need: a trace whose receives name their senders, a node for each rank, and prices.
struct ReplayTask {
  const platform::Machine& machine;
  const topology::Network& network;
  const workload::RankTrace& trace;
  const ReplayOptions& options;
  std::vector<NodeId> placement;
  ComputePricer& pricer;
  DataSize eager_limit;
};

ReplayRecord replay_messages(const ReplayTask& task);
ReplayRecord replay_patterns(const ReplayTask& task);

}  // namespace zettasim::engine
