// A job's program, priced on the nodes it was given: stages of equal iterations with their times, traffic and energy.
//
// A stage is what the engine plays: a loop, or a single phase. Everything in it is known when the job starts; while it
// runs only one number changes, the stretch of its shared phases (communication and shared storage) by other jobs'
// traffic.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/sharing.hpp"
#include "zettasim/base/ids.hpp"
#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"
#include "zettasim/cost/communication.hpp"
#include "zettasim/cost/kernel.hpp"
#include "zettasim/engine/predict.hpp"
#include "zettasim/engine/resolution.hpp"
#include "zettasim/engine/run_record.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/topology/network.hpp"
#include "zettasim/workload/trace.hpp"

namespace zettasim::engine {

// How fast a stage goes. What it takes alone is Speed().
struct Speed {
  Speed(double stretch_of_shared = 1.0, double seconds_per_joule = 0.0, double seconds_per_joule_inside = 0.0)
      : stretch(stretch_of_shared), slowness(seconds_per_joule), inside_slowness(seconds_per_joule_inside) {}
  bool held_back() const { return slowness > 0.0 || inside_slowness > 0.0; }
  double stretch;          // of shared phases, by other jobs' traffic
  double slowness;         // 1 over the power that the job may draw above rest, s/J; 0: as much as it likes
  double inside_slowness;  // the same of what it draws inside of its nodes
};

// Energy that devices do not take because they run at less voltage than they would unhindered.
struct Saved {
  double cpu_j = 0.0;
  double gpu_j = 0.0;
  double sum_j() const { return cpu_j + gpu_j; }
  Saved& operator+=(const Saved& more) {
    cpu_j += more.cpu_j, gpu_j += more.gpu_j;
    return *this;
  }
  Saved operator*(double times) const { return {cpu_j * times, gpu_j * times}; }
};

// Where time goes inside a stage: phases, loops over them, branches side by side.
struct PhaseTree {
  enum class Shape {
    phase,    // nothing inside: `fixed` plus stretch times `shared`
    loop,     // its children one after the other, `count` times
    overlap,  // its children side by side: as long as the longest
    idle,     // `times` times its children one after the other, at rest
  };
  Shape shape = Shape::phase;
  // Where nothing overlaps with stretching phases, the time of one execution is `fixed` plus stretch times `shared`,
  // whatever is inside.
  bool linear = true;
  double fixed_s = 0.0;
  double shared_s = 0.0;
  double energy_j = 0.0;   // of a phase or an overlap: above rest, all nodes of the job
  double inside_j = 0.0;   // of that, what is drawn inside of the nodes: not by the network, nor by storage
  std::int64_t count = 1;  // of a loop
  double times = 1.0;      // of idleness
  std::vector<PhaseTree> children;

  // One execution with its devices at a lower clock state.
  struct Slower {
    double fixed_s = 0.0;  // in place of the tree's, where the tree is linear
    Saved saved;           // of its energy, none of it in idleness
  };
  std::vector<Slower> slower;  // falling clocks; empty where nothing inside depends on them

  double once_s(Speed speed) const {
    if (speed.held_back()) return held_back(speed).time_s;
    return linear ? fixed_s + speed.stretch * shared_s : branching_s(speed.stretch);
  }
  // What one execution takes, and what it saves by running at less voltage.
  struct Execution {
    double time_s = 0.0;
    Saved saved;
  };
  Execution once(Speed speed) const {
    return speed.held_back() ? held_back(speed) : Execution{once_s(speed.stretch), {}};
  }
  double total_s(Speed speed) const { return static_cast<double>(count) * once_s(speed); }
  bool stretches() const { return !linear || shared_s > 0.0; }
  // Sums up the children; to be called once they are complete.
  void close();

 private:
  void sum_up_states();
  double branching_s(double stretch) const;
  Execution held_back(Speed speed) const;
  Execution unit_held_back(Speed speed) const;
  // By how much an execution is too short for what the job may draw; negative where it has time to spare.
  struct Owed {
    double in_all_s;
    double inside_s;
    double most_s() const { return in_all_s > inside_s ? in_all_s : inside_s; }
  };
  Owed owed_by(const Execution& execution, Speed speed) const;
  double at_state_s(std::size_t state, double stretch) const;
};

// Positions inside a tree are told in the time it takes alone (stretch 1), from its beginning. These two go back and
// forth between such a position and the time it takes to get there at a speed; both are continuous and increasing.
double elapsed_at(const PhaseTree& tree, double position_s, Speed speed);
double position_after(const PhaseTree& tree, double elapsed_s, Speed speed);
// The stretch, at least 1, at which one execution takes `once_s`; 1 where nothing in the tree stretches.
double stretch_that_takes(const PhaseTree& tree, double once_s);
// What the phase or overlap that draws most draws, above rest; whoever may draw that is not slowed.
double most_power_w(const PhaseTree& tree);
// The same of what is drawn inside of the nodes.
double most_inside_w(const PhaseTree& tree);

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
  std::vector<PhaseShare> shares;  // in the order in which their names first appear

  // Adds what `other` does `times` times, its tree excepted. Of its time, `shown` is not hidden behind other phases.
  void add(const Stage& other, double times, double shown = 1.0);
};

struct StageRun {
  std::size_t stage = 0;
  std::int64_t iterations = 0;
};

struct JobPlan {
  std::vector<Stage> stages;
  std::vector<StageRun> schedule;
  std::int64_t steps = 0;  // of the main loop
  Duration step_time;      // alone, without checkpoints
  std::optional<std::size_t> step_stage;
  workload::Outcome once;
  workload::Outcome per_step;
  DataSize device_memory;
};

class PhaseSimulator;

// Prices programs on a machine. One per run, made before its SimGrid engine. Who only wants times and energies leaves
// the bytes on each link out: on a large machine they are most of the work.
class Planner {
 public:
  Planner(const platform::Machine& machine, const topology::Network& network, cost::Loads loads = cost::Loads::counted,
          Resolution resolution = Resolution::patterns);
  ~Planner();

  // Throws InputError where the messages of a phase cannot be simulated.

  JobPlan plan(const workload::Application& application, const workload::Job& job, std::span<const NodeId> nodes);

  // Capacities of all shared resources in bytes per second: links of the network, then read and write of each shared
  // tier.
  std::vector<double> resource_capacities() const;

 private:
  Stage price(const std::vector<workload::Phase>& phases, std::span<const NodeId> nodes);
  Stage price(const workload::Phase& phase, std::span<const NodeId> nodes);
  Stage price_kernel(const workload::Kernel& kernel, std::size_t nodes) const;
  void add_host_traffic(DataSize each_way, std::size_t nodes, Stage& stage) const;
  Stage price_product(const workload::MatrixMultiply& product, std::size_t nodes) const;
  Stage price_work(const platform::DeviceGroup& group, const cost::KernelCost& cost, std::size_t nodes) const;
  cost::CommunicationCost cost_of(const workload::Collective& collective, std::span<const NodeId> nodes);
  cost::CommunicationCost cost_of(const workload::Shift& shift, std::span<const NodeId> nodes);
  cost::CommunicationCost cost_of(const workload::Neighbours& halo, std::span<const NodeId> nodes);
  Stage price_communication(const cost::CommunicationCost& cost, bool collective) const;
  Stage price_storage(const workload::StorageAccess& access, std::size_t nodes) const;
  Stage price_busy(const workload::Busy& busy, std::size_t nodes) const;
  Stage price_overlap(const workload::Overlap& overlap, std::span<const NodeId> nodes);
  Stage price_idle(const workload::Idle& idle, std::span<const NodeId> nodes);
  const platform::DeviceGroup& devices_for(DeviceKind kind) const;
  void add_main_loop(const workload::Program& program, const workload::Job& job, std::span<const NodeId> nodes,
                     JobPlan& plan);

  const platform::Machine& machine_;
  const topology::Network& network_;
  cost::Loads loads_;
  cost::CommunicationModel communication_;
  std::unique_ptr<PhaseSimulator> messages_;  // where phases are simulated message by message
};

// What applications may know of a machine's nodes.
workload::NodeShape node_shape(const platform::Machine& machine);

// The tier an access names: by its name, or the first shared one when it names none (the first at all where none is
// shared). Null when the machine has no such tier.
const platform::StorageTier* find_tier(const platform::Machine& machine, const std::string& name);

}  // namespace zettasim::engine
