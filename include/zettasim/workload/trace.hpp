// What is to run: jobs that arrive over time, each an application on a number of nodes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "zettasim/base/quantity.hpp"
#include "zettasim/workload/application.hpp"

namespace zettasim::workload {

struct Job {
  std::int64_t number = 0;   // the trace's own number, for people
  std::size_t position = 0;  // among the jobs of its file, for messages
  Duration submit;           // after the start of the simulation
  std::int64_t nodes = 1;
  Duration requested_time;  // the batch system ends the job when it is over
  std::string user;
  std::size_t application = 0;  // index into Trace::applications
  // How long the job takes alone on the simulated machine; the number of steps follows. Without it, the application's
  // own number of steps holds.
  std::optional<Duration> run_time;
};

// What a reader met in a recorded log and how it dealt with it; nothing is dropped without a line here.
struct TraceNote {
  std::string what;  // "jobs without a run time, left out"
  std::int64_t count = 0;
};

struct Trace {
  std::string name;
  std::string file;         // for messages
  bool recorded = false;    // a log of a real machine: what does not fit is counted, not an author's mistake
  std::string description;  // for people; of a log: the computer it was recorded on
  std::uint64_t seed = 1;
  std::optional<std::int64_t> machine_nodes;  // of the machine the trace was recorded on or generated for
  std::vector<Application> applications;
  std::vector<Job> jobs;  // by submit time; jobs submitted together keep the order of the file
  std::vector<TraceNote> notes;
};

}  // namespace zettasim::workload
