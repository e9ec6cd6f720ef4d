// Traces from a published statistical model: Lublin and Feitelson 2003, "The workload on parallel supercomputers".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "zettasim/workload/mix.hpp"
#include "zettasim/workload/trace.hpp"

namespace zettasim::workload {

// How job sizes are drawn: one node with probability `serial`, else 2^u nodes with u from two adjoining uniform stages,
// [low, top - middle] with probability `first_stage` and [middle, top] otherwise; top is log2 of the machine. With
// probability `power_of_two` the exponent is rounded.
struct SizeModel {
  double serial = 0.244;
  double power_of_two = 0.576;
  double low = 0.8;
  double middle_below_top = 3.5;
  double first_stage = 0.95;
  constexpr bool operator==(const SizeModel&) const = default;
};
// The parameters fitted to logs of machines of about 100 to 400 nodes. They put one parallel job in seven on more than
// a sixth of the machine; on machines of thousands of nodes that alone would offer several times what the machine can
// do, so the default above takes the other end of the ranges that the authors give (middle 1.5 to 3.5, first stage 0.7
// to 0.95).
inline constexpr SizeModel fitted_sizes{.middle_below_top = 2.5, .first_stage = 0.86};

// A job on all nodes of the machine, before all others: the benchmark after a maintenance, an acceptance test. It does
// the work of its application once, however long that takes.
struct WholeMachineJob {
  std::string application;  // of the mix
  Duration requested_time;
};

struct GenerateOptions {
  std::int64_t machine_nodes = 1;  // the largest job
  std::int64_t jobs = 500;
  Duration span;  // arrivals are scaled in time so that the last job arrives just before its end
  std::uint64_t seed = 1;
  // The node-seconds of all jobs over those of the machine in `span`. All run times are multiplied by one factor to
  // reach it. Without it run times stay as the model draws them, and the load is what it happens to be.
  std::optional<double> load = 0.75;
  SizeModel sizes;
  std::optional<WholeMachineJob> whole_machine = {};  // beside `jobs` and `load`
};

// Draws sizes, run times and arrivals from the model, then applications from the mix.
// The description of the trace holds the arguments that make it again. Throws InputError (place: the option) for
// options that cannot be met: no jobs, no span, a machine without nodes, an application that the mix does not have.
Trace generate(const GenerateOptions& options, const Mix& mix);

}  // namespace zettasim::workload
