// A rank trace in numbers, for people and for `zettasim workload describe`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zettasim/workload/rank_trace.hpp"

namespace zettasim::workload {

// Actions of one kind on all ranks: "compute", "send", "receive", "wait", or the name of a collective.
struct RankActionTotal {
  std::string kind;
  std::int64_t count = 0;
  DataSize size;  // sent, or handed to the collective
};

struct RankTraceDescription {
  std::string name;
  std::string format;
  std::int64_t ranks = 0;
  std::int64_t roles = 0;
  std::int64_t groups = 0;  // that have a collective
  std::int64_t actions = 0;
  std::int64_t dependencies = 0;
  FlopCount flops;         // of computes and reductions, all ranks
  Duration recorded_time;  // of computes, summed over all ranks
  Duration longest_rank;   // the most recorded time of one rank
  DataSize message_size;   // in messages between two ranks
  DataSize collective_size;
  std::vector<RankActionTotal> kinds;  // those that occur
  std::vector<TraceNote> notes;
};

RankTraceDescription describe(const RankTrace& trace);
std::string to_text(const RankTraceDescription& description);

}  // namespace zettasim::workload
