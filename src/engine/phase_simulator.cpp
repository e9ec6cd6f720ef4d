#include "engine/phase_simulator.hpp"

#include <fmt/format.h>

#include "zettasim/base/problem.hpp"
#include "zettasim/engine/simulate.hpp"

namespace zettasim::engine {

std::vector<Problem> find_message_misfits(const platform::Machine& machine, std::int64_t nodes) {
  std::vector<Problem> problems;
  if (machine.node.domain_nodes() > 1) {
    problems.push_back({"--network", fmt::format("found messages, expected patterns: GPU links of \"{}\" join several "
                                                 "nodes, which only patterns know",
                                                 machine.name)});
  }
  if (nodes > most_message_nodes) {
    problems.push_back({"--network", fmt::format("found messages for {} nodes, expected at most {}: each message is "
                                                 "simulated; take fewer nodes, or --network patterns",
                                                 nodes, most_message_nodes)});
  }
  return problems;
}

cost::CommunicationCost PhaseSimulator::simulated(MessagePhase phase) {
  if (phase.schedule.ranks.empty()) return std::move(phase.patterns);
  messages_ += phase.schedule.message_count();
  if (messages_ > most_messages_of_run) {
    throw InputError(
        "--network",
        fmt::format("found more than {} million messages to simulate, expected fewer: each different phase "
                    "of each job is simulated once; take fewer or smaller jobs, or --network patterns",
                    most_messages_of_run / 1'000'000));
  }
  const Duration more = server_.time(phase.schedule) - time_in_rounds(machine_, network_, phase.schedule);
  phase.patterns.time += more;
  return std::move(phase.patterns);
}

}  // namespace zettasim::engine
