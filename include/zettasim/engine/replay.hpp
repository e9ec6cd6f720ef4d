// A rank trace on a machine: what each rank recorded, computed again at the machine's speed and sent over its network.
//
// `messages`: every rank is an actor and every message a SimGrid communication, collectives included. `patterns`: no
// SimGrid; one rank of each role, messages alone on their route, collectives priced as for applications. What they mean
// and how far apart they are: docs/formats-traces.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "zettasim/base/quantity.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/topology/network.hpp"
#include "zettasim/workload/rank_trace.hpp"

namespace zettasim::engine {

enum class ReplayNetwork {
  patterns,  // quick, for any number of ranks
  messages,  // exact in its own terms, for up to a few thousand ranks; once per process
};

enum class ComputePrice {
  recorded,  // as long as it took, where the trace says so
  priced,    // from its flops and its traffic, where the trace says those
};

struct ReplayOptions {
  ReplayNetwork network = ReplayNetwork::patterns;
  ComputePrice price = ComputePrice::recorded;
  std::int64_t ranks_per_node = 1;  // rank 0 and the next on node 0, and so on
  // Of one rank, for flops without a time; its share of the node's CPUs (or GPUs, for work that ran there) if not
  // given.
  std::optional<FlopRate> flop_rate;
  // Where the trace was recorded: what has nothing but a time is scaled by what this machine's devices are slower or
  // faster. Not given: it takes the time it took.
  const platform::Machine* recorded_on = nullptr;
  // The sender of a smaller message goes on at once. Not given: 64 KiB, as SMPI does; in Chakra traces, whose sends do
  // not wait, all messages are smaller.
  std::optional<DataSize> eager_limit;
};

struct RankTimes {
  Duration end;
  Duration compute;  // of all lanes, overlapping or not
};

struct ReplayRecord {
  Duration time;  // until the last rank is done
  std::vector<RankTimes> ranks;
  std::int64_t roles = 0;      // that were played: all ranks in `messages`
  std::uint64_t messages = 0;  // between ranks, those of collectives included; of `patterns` without them
  DataSize message_size;       // of those
  std::int64_t repriced = 0;   // computes whose time is not the recorded one
  std::int64_t unpriced = 0;   // that should have been, but of which the trace says too little
};

// Replays a trace that `check` has passed. Throws InputError where the machine has too few nodes or lacks a device.
ReplayRecord replay(const platform::Machine& machine, const topology::Network& network,
                    const workload::RankTrace& trace, const ReplayOptions& options);

}  // namespace zettasim::engine
