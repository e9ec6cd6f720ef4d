// What a run comes to, in numbers a person or a script asks for. Computed from the record alone; every form of output
// reads it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zettasim/engine/run_record.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/workload/trace.hpp"

namespace zettasim::report {

struct Quantiles {
  double count = 0.0;
  Duration median;
  Duration p99;
  Duration most;
};

struct ApplicationSummary {
  std::string name;
  std::string model;
  std::int64_t jobs = 0;
  std::int64_t finished = 0;
  Duration mean_run_time;       // of jobs that ran
  Duration node_time;           // node-seconds
  engine::TimeByActivity time;  // summed over jobs
  PerPrecision<FlopCount> flops;
  Energy energy;
  double power_slowdown = 1.0;  // of all its jobs together: time over what it had been with all power
};

// Facility power over IT power, over a run.
struct PueSummary {
  double mean = 1.0;  // of the energies
  double lowest = 1.0;
  double highest = 1.0;
};

struct Summary {
  // Jobs.
  std::int64_t jobs = 0;
  std::int64_t finished = 0;
  std::int64_t timed_out = 0;
  std::int64_t refused = 0;
  Duration end;              // of the run
  double utilisation = 0.0;  // node-seconds given to jobs over node-seconds there were
  Duration mean_wait;
  Duration median_wait;
  Duration p95_wait;
  double mean_bounded_slowdown = 0.0;  // max(1, (wait + run) / max(run, 10 s)); Feitelson and Rudolph 1998
  Duration mean_time_to_solution;      // submit to end, finished jobs
  std::int64_t backfilled = 0;
  engine::TimeByActivity time;  // node-seconds by activity

  // Work.
  PerPrecision<FlopCount> flops;
  PerPrecision<FlopRate> sustained;  // over the whole run
  PerPrecision<FlopRate> peak;       // of the machine
  FlopRate sustained_all;

  // Communication.
  Quantiles collectives;
  Quantiles messages;

  // Power.
  Power mean_power;
  Power peak_power;
  Power budget;
  Duration time_above_budget;
  Duration throttled_node_time;      // node-seconds in which the power budget held jobs back
  engine::ThrottledBy throttled_by;  // node-seconds, by limit
  double mean_power_slowdown = 1.0;  // of jobs that ran: run time over what it had been with all power
  double longest_power_slowdown = 1.0;
  Energy energy;
  Energy heat_reused;
  PueSummary pue;
  double flops_per_joule = 0.0;  // all precisions together

  std::vector<ApplicationSummary> applications;  // those that have jobs, by name
};

// What the limit of the facility's budget is at a time of the run.
Power budget_at(const platform::Facility& facility, Duration time);

// Whether more than the facility's limit may hold jobs back: a ramp, racks or nodes.
bool has_several_limits(const platform::Facility& facility);

// How many times as long the job ran as it would have without being held back by the power budget.
double power_slowdown(const engine::JobRecord& job);

Summary summarize(const platform::Machine& machine, const workload::Trace& trace, const engine::RunRecord& record);

// Power over time in at most `bins` equal intervals: mean of each component, mean and highest of the whole.
struct PowerBin {
  Duration from;
  Duration to;
  PerComponent<Power> mean;
  Power highest;
  double busy_nodes = 0.0;
};
std::vector<PowerBin> bin_power(const engine::RunRecord& record, std::size_t bins);

}  // namespace zettasim::report
