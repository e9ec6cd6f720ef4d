// What a job does, as phases that alternate on all of its nodes. Amounts are per node of the job unless stated
// otherwise.
//
// Main devices (a node's GPUs, or its CPU sockets where it has none) are numbered node by node in the order of the
// job's nodes.
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
  double launches = 1.0;    // one after the other on each device, each with its launch latency
  DataSize working_set;     // on each device; 0: larger than every cache
  // Each way between the memories of the node's CPUs and GPUs, while the kernel runs; nothing where there are no GPUs.
  DataSize host_traffic;
};

// Matrix products that each device of a kind does one after the other: C (m x n) = A (m x k) B (k x n), `count` times.
// Where a node has no GPUs, its CPUs do what is meant for them. Averages over many products need not be whole numbers.
struct MatrixMultiply {
  DeviceKind device = DeviceKind::gpu;
  Precision precision = Precision::fp64;
  double m = 1.0;
  double n = 1.0;
  double k = 1.0;
  double count = 1.0;
  std::optional<Precision> result = {};  // that C is held in; unless said, that of A and B
  bool adds = false;                     // to a C that is in memory; otherwise C is new
  FlopCount flops_per_device() const { return FlopCount::from_si(2.0 * m * n * k * count); }
};

// All nodes of the job take part. `size` is the buffer a node holds (all-reduce, broadcast, reduce, reduce-scatter: the
// whole vector; all-gather: the gathered result; all-to-all: everything a node sends, itself included; barrier:
// nothing). With `groups`, all groups do it at once, and `size` is the buffer that each device holds.
struct Collective {
  CollectiveOperation operation = CollectiveOperation::all_reduce;
  DataSize size;
  DeviceGroups groups = {};
};

// Every main device sends `size` to the one `distance` further on, all at once; the last `distance` send to nobody:
// what the stages of a pipeline hand on.
struct Shift {
  std::int64_t distance = 1;
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

// Branches that run side by side; over when the longest is. Work, traffic and energy of all of them count.
struct Overlap {
  std::vector<std::vector<Phase>> branches;
};

// As long as `times` times the body takes, with nothing done: the bubble of a pipeline.
struct Idle {
  double times = 1.0;
  std::vector<Phase> body;
};

struct Phase {
  std::string name;
  std::variant<Kernel, MatrixMultiply, Collective, Shift, Neighbours, StorageAccess, Busy, Loop, Overlap, Idle> what;
};

// What the application's own definition counts as done, by the whole job: HPL's 2/3 N^3 + 3/2 N^2 whatever was
// executed, a language model's FLOPs without recomputation.
struct Outcome {
  FlopCount flops;
  double tokens = 0.0;
  double samples = 0.0;
  bool operator==(const Outcome&) const = default;
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
  Outcome once;               // of setup and finish
  Outcome per_step;           // of each step
  DataSize device_memory;     // that each main device has to hold; 0: not known
  DataSize host_memory;       // that each node's host has to hold; 0: not known
  std::string memory_advice;  // what would make it smaller, as a sentence
  std::string misfit;         // why it cannot run on so many nodes of this shape; empty: it can
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
