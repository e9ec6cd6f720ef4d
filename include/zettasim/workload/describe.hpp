// A trace in numbers, for people and for `zettasim workload describe`: how much work it is, and of what kind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "zettasim/workload/trace.hpp"

namespace zettasim::workload {

// Jobs of `least` to `most` nodes: 1, 2 to 3, 4 to 7, ...
struct SizeClass {
  std::int64_t least = 1;
  std::int64_t most = 1;
  std::int64_t jobs = 0;
  double node_hours = 0.0;
};

struct ApplicationShare {
  std::string name;
  std::string model;
  std::int64_t jobs = 0;
  double node_hours = 0.0;
};

// Node-hours count each job's run_time; a job without one counts its requested time, the most it can take.
struct TraceDescription {
  std::string name;
  std::int64_t jobs = 0;
  std::int64_t jobs_without_run_time = 0;
  Duration span;  // from the first submit to the last
  double node_hours = 0.0;
  double mean_nodes = 0.0;
  std::int64_t median_nodes = 0;
  std::int64_t most_nodes = 0;
  Duration mean_run_time;  // of the jobs that have one
  Duration median_run_time;
  std::int64_t users = 0;
  std::vector<SizeClass> sizes;                // without the empty ones at the end
  std::vector<ApplicationShare> applications;  // those that have jobs, most node-hours first
  std::vector<TraceNote> notes;
  std::optional<std::int64_t> machine_nodes;
  // Node-hours over those of the machine during `span`; above 1 the queue grows. Empty where all jobs come at once.
  std::optional<double> offered_load;
};

// `machine_nodes` is the machine to load; without it, the one the trace was recorded on or generated for, if known.
TraceDescription describe(const Trace& trace, std::optional<std::int64_t> machine_nodes = std::nullopt);

// A screen of text.
std::string to_text(const TraceDescription& description);

}  // namespace zettasim::workload
