// What a job does, as phases that alternate on all of its nodes. Amounts are per node of the job unless stated
// otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "zettasim/base/field.hpp"
#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"

namespace zettasim::workload {

// Computation, spread evenly over the node's devices of one kind. Where a node has no GPUs, its CPUs do a `gpu` kernel.
struct Kernel {
  DeviceKind device = DeviceKind::gpu;
  PerPrecision<FlopCount> flops;
  DataSize memory_traffic;  // to and from the devices' memory
};

// All nodes of the job take part. `size` is the buffer a node holds (all-reduce, broadcast, reduce, reduce-scatter: the
// whole vector; all-gather: the gathered result; all-to-all: everything a node sends, itself included; barrier:
// nothing).
struct Collective {
  CollectiveOperation operation = CollectiveOperation::all_reduce;
  DataSize size;
};

// Each node sends `size` to each of its two neighbours along each of `dimensions` dimensions of a logical grid of the
// job's nodes (as square as its node count allows), and receives as much: a halo exchange. 1 dimension: a ring.
struct Neighbours {
  int dimensions = 3;
  DataSize size;
};

enum class Direction { read, write };

// Each node reads or writes `size` on the storage tier named `tier`; empty: the machine's first shared tier.
struct StorageAccess {
  Direction direction = Direction::write;
  DataSize size;
  std::string tier;
};

// Time as a log recorded it, with nothing known but how busy the main devices were: they draw that share between idle
// and limit.
struct Busy {
  Duration time;
  double utilisation = 0.0;
};

struct Phase;

struct Loop {
  std::int64_t count = 1;
  std::vector<Phase> body;
};

struct Phase {
  std::string name;
  std::variant<Kernel, Collective, Neighbours, StorageAccess, Busy, Loop> what;
};

// A program may have no step at all (steps 0): setup and finish only; a run_time then cannot choose its number of
// steps. setup, then `steps` times the step, with the checkpoint phases after every `checkpoint_interval`, then finish.
struct Program {
  std::vector<Phase> setup;
  std::vector<Phase> step;
  std::int64_t steps = 1;                       // of a job that gives no run_time; 0: none
  std::vector<Phase> checkpoint;                // empty: none
  std::optional<Duration> checkpoint_interval;  // rounded down to whole steps, at least one
  std::vector<Phase> finish;
};

inline constexpr std::int64_t most_loop_count = 1'000'000;
inline constexpr std::int64_t most_steps = 1'000'000'000;
inline constexpr double most_unrolled_phases = 10e6;  // of setup, step, checkpoint or finish, loops counted out

// Reads {"setup": [...], "step": [...], "steps": 100, "checkpoint": {...}, "finish": [...]}; problems go to the
// document.
Program read_program(const Field& field);
// The same as JSON on one line; reading it back gives the same program.
std::string write_program(const Program& program);

}  // namespace zettasim::workload
