// The time of jobs' communication phases, each message simulated on a machine that is otherwise idle.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "engine/message_phases.hpp"
#include "engine/message_server.hpp"

namespace zettasim::engine {

inline constexpr std::int64_t most_message_nodes = 2048;           // of a job: "up to about 2,000 ranks" (design D1)
inline constexpr std::uint64_t most_messages_of_run = 50'000'000;  // some minutes

class PhaseSimulator {
 public:
  // As MessageServer: before the engine of this process.
  PhaseSimulator(const platform::Machine& machine, const topology::Network& network)
      : machine_(machine), network_(network), server_(machine, network) {}

  // What patterns says, with the time of messages. Throws InputError where they cannot be simulated, or are more than
  // one run may simulate.
  cost::CommunicationCost simulated(MessagePhase phase);

 private:
  const platform::Machine& machine_;
  const topology::Network& network_;
  MessageServer server_;
  std::uint64_t messages_ = 0;  // simulated so far
};

}  // namespace zettasim::engine
