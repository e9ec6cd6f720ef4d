// Communication phases of jobs as messages: what patterns says of them, and who sends what when.
//
// The time of a phase with its messages simulated is  patterns + messages - rounds:  of what patterns adds up, the part
// between nodes (time_in_rounds of the schedule) gives way to the simulation, while the launch and the stages inside
// the nodes stay.
#pragma once

#include <span>

#include "zettasim/cost/communication.hpp"
#include "zettasim/engine/messages.hpp"
#include "zettasim/workload/program.hpp"

namespace zettasim::engine {

struct MessagePhase {
  cost::CommunicationCost patterns;
  MessageSchedule schedule;  // no ranks: nothing goes between nodes
};

// Throws InputError for an algorithm that is not among message_algorithms.
void check_message_algorithm(CollectiveOperation operation, std::string_view algorithm);

// Of the algorithms that message_algorithms knows, the one that takes least time by patterns, or the chosen one. With
// groups all of them at once. Throws InputError where groups lie unevenly on nodes, and as CommunicationModel does.
MessagePhase collective_phase(const platform::Machine& machine, cost::CommunicationModel& model,
                              CollectiveOperation operation, DataSize size, std::span<const NodeId> nodes,
                              const cost::CollectiveChoice& choice);
MessagePhase shift_phase(const platform::Machine& machine, cost::CommunicationModel& model,
                         const workload::Shift& shift, std::span<const NodeId> nodes, cost::Loads loads);
MessagePhase neighbours_phase(cost::CommunicationModel& model, const workload::Neighbours& halo,
                              std::span<const NodeId> nodes);

}  // namespace zettasim::engine
