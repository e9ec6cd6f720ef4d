// What happened in a run: the engine's answer, from which every report is made. Plain values, no SimGrid.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "zettasim/base/ids.hpp"
#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"

namespace zettasim::engine {

// What energy at the facility meter costs where the machine's grid says so (platform::Grid).
struct GridCost {
  double carbon_g = 0.0;  // of CO2 equivalent
  double money = 0.0;     // in the grid's currency
  GridCost& operator+=(const GridCost& other);
};

enum class JobStatus {
  finished,
  timed_out,  // ended by the batch system when its requested time was over
  refused,    // wider than the machine
};

// Where a job's run time went. The parts sum to end - start.
struct TimeByActivity {
  Duration kernel;
  Duration collective;
  Duration neighbours;
  Duration storage;
  Duration busy;     // recorded time of which nothing more is known
  Duration idle;     // waiting for other stages of its own pipeline
  Duration sharing;  // what traffic of other jobs on shared links and storage added
  Duration power;    // what being held back by the power budget added

  TimeByActivity& operator+=(const TimeByActivity& other);
  Duration sum() const { return kernel + collective + neighbours + storage + busy + idle + sharing + power; }
};
TimeByActivity operator*(const TimeByActivity& time, double factor);

// Why a job waited in the queue, summed over its wait; recorded for the job that RunOptions::explain names.
struct WaitReasons {
  Duration head_of_queue;     // first in line, too few nodes free
  Duration too_few_free;      // behind the head, wider than what is free
  Duration would_delay_head;  // it would fit now, but would still run when the head of the queue can start
  Duration too_little_power;  // enough nodes are free, but not enough of the power budget
  Duration in_order;          // first-come only: behind a job that cannot start yet
};

// For how long limits of power held some of a job's phases back. Two may do so at a time.
struct ThrottledBy {
  Duration budget;  // the limit of the facility
  Duration ramp;
  Duration rack;
  Duration node;
  ThrottledBy& operator+=(const ThrottledBy& other);
};
ThrottledBy operator*(const ThrottledBy& throttled, double factor);

struct JobRecord {
  JobStatus status = JobStatus::finished;
  Duration start;
  Duration end;             // equal to submit for refused jobs, as is `start`
  bool backfilled = false;  // started before a job that was submitted earlier
  NodeId first_node;
  std::int64_t pieces = 0;  // its nodes lie in: connected parts of a torus, groups of a dragonfly, runs elsewhere
  std::int64_t steps_planned = 0;  // of its main loop
  TimeByActivity time;
  Duration throttled;  // during which any limit of power held some of its phases back
  ThrottledBy throttled_by;
  PerPrecision<FlopCount> flops;  // executed, in the precision the work is written in
  PerComponent<Energy> energy;    // its nodes (idle draw included), its traffic, and their losses and cooling
  GridCost grid;                  // of that energy
  WaitReasons wait_reasons;
};

// Power from `time` on until the next step.
struct PowerStep {
  Duration time;
  PerComponent<Power> power;
  std::int64_t busy_nodes = 0;
};

// `count` communications of one kind took `latency` each.
struct LatencySample {
  Duration latency;
  double count = 0.0;
};

struct LinkUse {
  std::string name;
  DataSize bytes;      // over the whole run
  double utilisation;  // bytes over what the link could have carried
};

// The facility meter's energy by who used it. Sums to `meter` (docs/model.md#energy).
struct EnergyAccounts {
  Energy jobs;  // nodes while a job had them
  Energy idle_nodes;
  Energy network;
  Energy storage;
  Energy losses;
  Energy cooling;
  Energy burn = {};  // of devices without work, so that power fell no faster than its ramp
  Energy sum() const { return jobs + idle_nodes + network + storage + losses + cooling + burn; }
};

// What the limit on how fast power may change did (platform::PowerRamp).
struct RampRecord {
  Duration held_back;  // in which jobs had to wait for power to rise
  Duration burning;    // in which devices burned what was missing as it fell
  Energy burned;       // at the facility meter: accounts.burn with its losses and cooling
};

struct RunRecord {
  std::vector<JobRecord> jobs;  // in the order of the trace
  Duration end;                 // when the last job ended
  Energy meter;                 // at the facility meter, integrated on its own
  GridCost grid;                // of that energy
  EnergyAccounts accounts;
  PerComponent<Energy> components;  // the same energy by component
  RampRecord ramp;
  std::vector<PowerStep> power;
  Duration node_time;                                         // node-seconds given to jobs
  std::vector<LatencySample> collectives;                     // sorted by latency
  std::vector<LatencySample> messages;                        // point-to-point exchanges, sorted by latency
  std::vector<LinkUse> busiest_links;                         // at most ten, most used first
  std::vector<std::pair<std::string, std::string>> settings;  // of the engine and SimGrid
};

}  // namespace zettasim::engine
