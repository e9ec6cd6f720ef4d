// The network message by message: the reference that `patterns` (cost::CommunicationModel) is held against.
//
// Every rank is an actor and every message a SimGrid communication over the routes of our own topology::Network. A
// message starts when both its ends have come to the step that names it, waits message_latency and the latency of its
// route, and then moves at the rate that max-min fairness gives it on the links it shares with all others under way.
// A rank goes on to its next step when its own messages of this step are done; nobody waits for the rest. What that
// means beside `patterns`, and how far apart the two are: docs/model-messages.md.
//
// For up to a few thousand ranks; one simulation per process (design D4).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "zettasim/base/ids.hpp"
#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"
#include "zettasim/cost/communication.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::engine {

struct MessageSend {
  std::uint32_t to = 0;  // rank
  DataSize size;
  Duration after;  // issued this long after the step began; not falling within a step
};

// What one rank does at once: it computes, then issues its sends while it receives; the step is done when all are.
// Messages from one rank to another are received in the order they were sent.
struct MessageStep {
  std::uint32_t round = 0;              // of the algorithm; the same in all ranks that take part in it
  std::uint32_t repeats = 1;            // the step is done this many times, in as many rounds
  std::vector<MessageSend> sends;       // in the order of issue
  std::vector<std::uint32_t> receives;  // from these ranks
  Duration compute;                     // before the messages
};

struct MessageSchedule {
  std::string algorithm;
  std::vector<NodeId> placement;                 // of each rank
  std::vector<std::vector<MessageStep>> ranks;   // the steps of each rank, one after the other
  std::optional<Duration> message_latency = {};  // of these messages, where it is not the machine's

  std::uint64_t message_count() const;
};

// The time of each schedule on an idle machine, one after the other in one engine. Messages between ranks on one node
// take message_latency alone. Throws InputError where a route cannot be simulated (its traffic is split into shares
// that are not multiples of one 1/m, m up to 1,024) or there are more messages than one process can take. Schedules
// whose messages do not pair up are a broken assumption. Once per process.
std::vector<Duration> simulate_messages(const platform::Machine& machine, const topology::Network& network,
                                        std::span<const MessageSchedule> schedules);
Duration simulate_messages(const platform::Machine& machine, const topology::Network& network,
                           const MessageSchedule& schedule);

// What `patterns` says of the same messages: rounds one after the other, each message_latency (after the last one is
// issued), the hops of its longest route and its slowest link. Pure arithmetic, as often as one likes.
Duration time_in_rounds(const platform::Machine& machine, const topology::Network& network,
                        const MessageSchedule& schedule);

// Schedules. `placement` has a node for each rank (two ranks or more); sizes as in workload::Collective. Sources of the
// algorithms: as in docs/model-network.md (Thakur et al. 2005, and Rabenseifner 2004 for halving and doubling).
namespace schedules {

using Placement = std::vector<NodeId>;

MessageSchedule ring_all_reduce(const Placement& placement, DataSize size);
MessageSchedule recursive_doubling(const Placement& placement, DataSize size);
MessageSchedule halving_doubling(const Placement& placement, DataSize size);
MessageSchedule ring_reduce_scatter(const Placement& placement, DataSize size);  // and all-gather: the same messages
MessageSchedule bruck_all_gather(const Placement& placement, DataSize size);
MessageSchedule binomial_broadcast(const Placement& placement, DataSize size);
MessageSchedule binomial_reduce(const Placement& placement, DataSize size);
// p-1 rounds; in round k each rank sends to the rank k further on and receives from the one k before.
MessageSchedule pairwise_all_to_all(const Placement& placement, DataSize size);
// All at once, issued `gap` apart.
MessageSchedule all_pairs(const Placement& placement, DataSize size, Duration gap);
MessageSchedule dissemination_barrier(const Placement& placement);
// `size` to both neighbours along each extent of a periodic grid, last extent fastest, all at once.
MessageSchedule neighbours(const Placement& placement, const std::vector<std::int64_t>& extents, DataSize size);
// Each rank sends `size` to one rank, all at once; to itself means nothing to send.
MessageSchedule permutation(const Placement& placement, const std::vector<std::uint32_t>& to, DataSize size);

// Who sends to whom in the usual synthetic patterns (Dally and Towles 2004, section 3.2).
std::vector<std::uint32_t> transpose(std::uint32_t rows, std::uint32_t columns);  // rank (a, b) to (b, a)
std::vector<std::uint32_t> tornado(const std::vector<std::int64_t>& extents);     // just under half way round each
std::vector<std::uint32_t> bit_complement(std::uint32_t ranks);  // i to ranks-1-i: all bits, for a power of two
std::vector<std::uint32_t> shift(std::uint32_t ranks, std::uint32_t distance);
std::vector<std::uint32_t> random_permutation(std::uint32_t ranks, std::uint64_t seed);

}  // namespace schedules

// The algorithms that collective_schedule knows for an operation, as `patterns` names them; the first is the default.
std::vector<std::string_view> message_algorithms(CollectiveOperation operation);

// A collective between the nodes of a job, one rank on each. `algorithm` empty: the default. Throws InputError for an
// algorithm that is not in the list.
MessageSchedule collective_schedule(const platform::Machine& machine, CollectiveOperation operation,
                                    std::string_view algorithm, DataSize size, std::span<const NodeId> nodes);

struct SimulatedCollective {
  cost::CommunicationCost patterns;  // what patterns says of the same algorithm and protocol
  Duration time;                     // with the messages between nodes simulated; the rest as in patterns
};

// For `zettasim collective --network messages`: the collective for each of the sizes. Of the algorithms that
// collective_schedule knows, `choice` names one, or the one that takes least time by patterns is taken. Throws
// InputError as CommunicationModel::collective does, and for an algorithm known only there. Once per process.
std::vector<SimulatedCollective> simulate_collectives(const platform::Machine& machine,
                                                      const topology::Network& network, CollectiveOperation operation,
                                                      const cost::CollectiveChoice& choice,
                                                      std::span<const DataSize> sizes, std::span<const NodeId> nodes);

}  // namespace zettasim::engine
