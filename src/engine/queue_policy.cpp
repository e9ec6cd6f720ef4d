#include "engine/queue_policy.hpp"

namespace zettasim::engine {

// A sum of powers that came and went may miss what it should be by rounding; nodes are counted.
bool FreeShare::holds(const WaitingJob& job) const {
  return job.nodes <= nodes && job.power_w * (1.0 - 1e-9) <= power_w;
}

Reservation reserve(const WaitingJob& head, const RunningJobs& running, FreeShare free) {
  Reservation reservation;
  for (const RunningUntil& job : running) {
    if (free.holds(head) && job.end_s > reservation.time_s) break;  // jobs that end at that very time still count
    free.nodes += job.nodes;
    free.power_w += job.power_w;
    if (!free.holds(head)) continue;
    reservation = {job.end_s, free};
    reservation.spare.take(head);
  }
  return reservation;
}

std::vector<std::size_t> choose_starts(QueuePolicy policy, double now_s, const std::vector<WaitingJob>& queue,
                                       const RunningJobs& running, FreeShare free) {
  std::vector<std::size_t> starts;
  std::size_t next = 0;
  for (; next < queue.size() && free.holds(queue[next]); ++next) {
    starts.push_back(next);
    free.take(queue[next]);
  }
  if (policy == QueuePolicy::first_come || next >= queue.size() || free.nodes == 0) return starts;
  Reservation reservation;
  if (starts.empty()) {
    reservation = reserve(queue[next], running, free);
  } else {
    RunningJobs with_started = running;
    for (const std::size_t i : starts) {
      with_started.insert({now_s + queue[i].requested_s, queue[i].id, queue[i].nodes, queue[i].power_w});
    }
    reservation = reserve(queue[next], with_started, free);
  }
  for (std::size_t i = next + 1; i < queue.size() && free.nodes > 0; ++i) {
    const WaitingJob& job = queue[i];
    if (!free.holds(job)) continue;
    const bool ends_before = now_s + job.requested_s <= reservation.time_s;
    if (!ends_before && !reservation.spare.holds(job)) continue;
    starts.push_back(i);
    free.take(job);
    if (!ends_before) reservation.spare.take(job);
  }
  return starts;
}

}  // namespace zettasim::engine
