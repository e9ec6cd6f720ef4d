// The messages that a collective of a rank trace becomes. Private to engine.
#pragma once

#include "zettasim/engine/messages.hpp"
#include "zettasim/workload/rank_trace.hpp"

namespace zettasim::engine {

// One collective, `calls` in the order of its members, who are at `placement`. Traces of MPI programs: the algorithms
// that SimGrid's own replay takes by default; Chakra: NCCL's rings. At least two members.
MessageSchedule replay_schedule(workload::RankFormat format, const std::vector<workload::RankCollective>& calls,
                                const std::vector<NodeId>& placement, Duration gap);

}  // namespace zettasim::engine
