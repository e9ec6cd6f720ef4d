// A job's program, priced on the nodes it was given: stages of equal iterations with their times, traffic and energy.
//
// A stage is what the engine plays: a loop, or a single phase. Everything in it is known when the job starts; while it
// runs only one number changes, the stretch of its shared phases (communication and shared storage) by other jobs'
// traffic.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/sharing.hpp"
#include "zettasim/base/ids.hpp"
#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"
#include "zettasim/cost/communication.hpp"
#include "zettasim/engine/run_record.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/topology/network.hpp"
#include "zettasim/workload/trace.hpp"

namespace zettasim::engine {

// A phase, or a loop over phases, with the time one execution takes: `fixed` plus stretch times `shared`.
struct PhaseTree {
  double fixed_s = 0.0;
  double shared_s = 0.0;
  std::int64_t count = 1;           // of a loop
  std::vector<PhaseTree> children;  // of a loop; empty for a phase

  double once_s(double stretch) const { return fixed_s + stretch * shared_s; }
  double total_s(double stretch) const { return static_cast<double>(count) * once_s(stretch); }
};

// Positions inside a tree are told in the time it takes alone (stretch 1), from its beginning. These two go back and
// forth between such a position and the time it takes to get there at a stretch; both are continuous and increasing.
double elapsed_at(const PhaseTree& tree, double position_s, double stretch);
double position_after(const PhaseTree& tree, double elapsed_s, double stretch);

struct CommunicationSample {
  bool collective = true;  // or an exchange between neighbours
  double latency_s = 0.0;
  double count = 0.0;  // per iteration
};

// One iteration of a stage; amounts are for all nodes of the job together.
struct Stage {
  PhaseTree iteration;
  TimeByActivity alone;  // without sharing; sums to iteration.once_s(1)
  PerPrecision<FlopCount> flops;
  PerComponent<Energy> energy;   // above idle
  std::vector<Traffic> traffic;  // on shared resources, by resource
  std::vector<CommunicationSample> samples;
};

struct StageRun {
  std::size_t stage = 0;
  std::int64_t iterations = 0;
};

struct JobPlan {
  std::vector<Stage> stages;
  std::vector<StageRun> schedule;
  std::int64_t steps = 0;  // of the main loop
};

// Prices programs on a machine. One per run.
class Planner {
 public:
  Planner(const platform::Machine& machine, const topology::Network& network);

  JobPlan plan(const workload::Application& application, const workload::Job& job, std::span<const NodeId> nodes);

  // Capacities of all shared resources in bytes per second: links of the network, then read and write of each shared
  // tier.
  std::vector<double> resource_capacities() const;

 private:
  Stage price(const std::vector<workload::Phase>& phases, std::span<const NodeId> nodes);
  void add_phase(const workload::Phase& phase, double times, std::span<const NodeId> nodes, PhaseTree& parent,
                 Stage& stage);
  void add_kernel(const workload::Kernel& kernel, double times, std::size_t nodes, PhaseTree& leaf, Stage& stage);
  void add_communication(const cost::CommunicationCost& cost, bool collective, double times, PhaseTree& leaf,
                         Stage& stage);
  void add_storage(const workload::StorageAccess& access, double times, std::size_t nodes, PhaseTree& leaf,
                   Stage& stage);
  void add_busy(const workload::Busy& busy, double times, std::size_t nodes, PhaseTree& leaf, Stage& stage);
  void add_main_loop(const workload::Program& program, const workload::Job& job, std::span<const NodeId> nodes,
                     JobPlan& plan);

  const platform::Machine& machine_;
  const topology::Network& network_;
  cost::CommunicationModel communication_;
};

// What applications may know of a machine's nodes.
workload::NodeShape node_shape(const platform::Machine& machine);

// The tier an access names: by its name, or the first shared one when it names none (the first at all where none is
// shared). Null when the machine has no such tier.
const platform::StorageTier* find_tier(const platform::Machine& machine, const std::string& name);

}  // namespace zettasim::engine
