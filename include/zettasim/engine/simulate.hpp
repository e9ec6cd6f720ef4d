// The engine's one verb: machine and trace in, record of what happened out.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "zettasim/base/problem.hpp"
#include "zettasim/engine/resolution.hpp"
#include "zettasim/engine/run_record.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/topology/network.hpp"
#include "zettasim/workload/trace.hpp"

namespace zettasim::engine {

enum class QueuePolicy {
  first_come,  // strictly in order: nobody passes the head of the queue
  easy,        // EASY backfilling: a later job may start if it does not delay the head of the queue (Lifka 1995)
};

// Which nodes of the network a job is given.
enum class Placement {
  automatic,    // contiguous on a torus, group_first on a dragonfly, linear elsewhere
  linear,       // consecutive node numbers, from the smallest run of free ones that holds the job
  contiguous,   // a box of the torus where one is free, else linear
  group_first,  // one group of the dragonfly where one has room, else few
  random,       // any free nodes, drawn from the trace's seed
};

enum class Roles {
  folded,    // nodes of a job that do the same are one actor with a count
  unfolded,  // one actor per node: slow, to check the folding
};

enum class Strides {
  strided,    // equal iterations are advanced together up to the next outside event
  unstrided,  // every phase is an event: slow, to check the striding
};

struct RunOptions {
  QueuePolicy policy = QueuePolicy::easy;
  Placement placement = Placement::automatic;
  Roles roles = Roles::folded;
  Strides strides = Strides::strided;
  Resolution network = Resolution::patterns;
  std::optional<JobId> explain = {};  // record why this job waited
  // Called as jobs end, with how many of how many are done.
  std::function<void(std::size_t done, std::size_t total)> on_progress = {};
};

// What keeps this trace from being run on this machine, all of it: jobs of a described trace that are wider than the
// machine (those of a recorded log are refused one by one, and counted), storage tiers the machine does not have.
std::vector<Problem> find_misfits(const platform::Machine& machine, const workload::Trace& trace);

// The same of Resolution::messages, for jobs of up to so many nodes.
std::vector<Problem> find_message_misfits(const platform::Machine& machine, std::int64_t nodes);

// Runs the trace to its end. Throws InputError where messages of a job cannot be simulated after all. Once per process:
// a second SimGrid engine would start where the first stopped, so a study forks a child per run.
RunRecord simulate(const platform::Machine& machine, const topology::Network& network, const workload::Trace& trace,
                   const RunOptions& options = {});

}  // namespace zettasim::engine
