#include "engine/queue_policy.hpp"

namespace zettasim::engine {

Reservation reserve(const WaitingJob& head, const RunningJobs& running, std::int64_t free) {
  Reservation reservation;
  for (const RunningUntil& job : running) {
    if (free >= head.nodes && job.end_s > reservation.time_s) break;  // jobs that end at that very time still count
    free += job.nodes;
    if (free < head.nodes) continue;
    reservation = {job.end_s, free - head.nodes};
  }
  return reservation;
}

std::vector<std::size_t> choose_starts(QueuePolicy policy, double now_s, const std::vector<WaitingJob>& queue,
                                       const RunningJobs& running, std::int64_t free) {
  std::vector<std::size_t> starts;
  std::size_t next = 0;
  for (; next < queue.size() && queue[next].nodes <= free; ++next) {
    starts.push_back(next);
    free -= queue[next].nodes;
  }
  if (policy == QueuePolicy::first_come || next >= queue.size() || free == 0) return starts;
  Reservation reservation;
  if (starts.empty()) {
    reservation = reserve(queue[next], running, free);
  } else {
    RunningJobs with_started = running;
    for (const std::size_t i : starts) with_started.insert({now_s + queue[i].requested_s, queue[i].id, queue[i].nodes});
    reservation = reserve(queue[next], with_started, free);
  }
  for (std::size_t i = next + 1; i < queue.size() && free > 0; ++i) {
    const WaitingJob& job = queue[i];
    if (job.nodes > free) continue;
    const bool ends_before = now_s + job.requested_s <= reservation.time_s;
    if (!ends_before && job.nodes > reservation.spare) continue;
    starts.push_back(i);
    free -= job.nodes;
    if (!ends_before) reservation.spare -= job.nodes;
  }
  return starts;
}

}  // namespace zettasim::engine
