// Which waiting jobs may start now. Pure functions of the queue, the running jobs and the free nodes.
#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "zettasim/base/ids.hpp"
#include "zettasim/engine/simulate.hpp"

namespace zettasim::engine {

struct WaitingJob {
  JobId id;
  std::int64_t nodes = 0;
  double requested_s = 0.0;
  double power_w = 0.0;  // of the budget that it is predicted to need; 0: nobody asks
};

// Running jobs by the time at which they must be over, then by id.
struct RunningUntil {
  double end_s = 0.0;
  JobId id;
  std::int64_t nodes = 0;
  double power_w = 0.0;
  auto operator<=>(const RunningUntil&) const = default;
};
using RunningJobs = std::set<RunningUntil>;

// What jobs are given from: nodes, and power where jobs wait for it.
struct FreeShare {
  FreeShare(std::int64_t free_nodes, double free_power_w = std::numeric_limits<double>::infinity())
      : nodes(free_nodes), power_w(free_power_w) {}
  std::int64_t nodes;
  double power_w;
  bool holds(const WaitingJob& job) const;
  void take(const WaitingJob& job) { nodes -= job.nodes, power_w -= job.power_w; }
};

// What the head of the queue is promised: from `time_s` on, and until then all but `spare` of what is then free.
struct Reservation {
  double time_s = std::numeric_limits<double>::infinity();
  FreeShare spare = std::numeric_limits<std::int64_t>::max();
};

// When the head of the queue can start at the latest, if all running jobs use all of their time.
Reservation reserve(const WaitingJob& head, const RunningJobs& running, FreeShare free);

// Positions in `queue` (ascending) of the jobs that start now, in queue order; the queue is by submit time.
// First-come starts from the head until one does not fit. EASY goes on behind it: a job that fits starts if it ends
// before the head's reservation or leaves the head's nodes alone. Source: Lifka 1995; Mu'alem and Feitelson 2001.
std::vector<std::size_t> choose_starts(QueuePolicy policy, double now_s, const std::vector<WaitingJob>& queue,
                                       const RunningJobs& running, FreeShare free);

}  // namespace zettasim::engine
