// The simulation itself: SimGrid actors for the batch system and for each role of each running job, around models that
// know nothing of SimGrid. Private to the engine; simulate() is the door.
#pragma once

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/job_plan.hpp"
#include "engine/node_limits.hpp"
#include "engine/node_pool.hpp"
#include "engine/placement.hpp"
#include "engine/power_meter.hpp"
#include "engine/queue_policy.hpp"
#include "engine/running_job.hpp"
#include "engine/sharing.hpp"
#include "engine/simgrid_bridge.hpp"
#include "zettasim/engine/simulate.hpp"

namespace zettasim::engine {

// Throws InputError where a budget that acts is not above what the machine draws while it rests.
void expect_budget_above_rest(const platform::Machine& machine, const topology::Network& network);

class Simulation {
 public:
  Simulation(const platform::Machine& machine, const topology::Network& network, const workload::Trace& trace,
             const RunOptions& options);
  RunRecord run();

 private:
  // A job with its actors: one per role; all wait for each other at stage boundaries and around shared phases.
  struct Play {
    explicit Play(RunningJob running, double latest_end) : job(std::move(running)), latest_end_s(latest_end) {}
    RunningJob job;
    double latest_end_s;
    double predicted_w = 0.0;  // that it was given of the power budget
    std::vector<std::unique_ptr<Alarm>> roles;
    std::size_t waiting = 0;   // roles that have arrived at the meeting
    std::size_t meetings = 0;  // that have taken place
    bool timed_out = false;
  };

  void rank_links();

  // The batch system.
  void run_batch_system();
  void batch_system();
  void submit_due_jobs();
  void start_what_may_start();
  void start(const WaitingJob& waiting);
  void end(Play& play);
  void note_wait_reason();
  FreeShare free_share() const;
  void ask_for_power();
  double predicted_w(const workload::Job& job);

  // A role of a job.
  void play_role(Play& play, std::size_t role);
  bool play_stage(Play& play, std::size_t role);  // false: its time was over
  bool play_tree(Play& play, std::size_t role, const PhaseTree& tree);
  bool play_phase(Play& play, std::size_t role, const PhaseTree& phase);
  void meet(Play& play, std::size_t role);
  void begin_stage(Play& play, const StageRun& run);
  void end_stage(Play& play, bool complete);
  using Alarms = std::vector<Alarm*>;
  void settle_sharing(Alarms& to_ring);
  static void ring(const Alarms& alarms);

  // Power (simulation_power.cpp).
  void start_power_actors();
  void follow_signal();
  void follow_ramp();
  void follow_weather();
  void change_cooling(double pue);
  void settle_power(Alarms& to_ring);
  void hold_in_nodes(std::vector<Draw>& draws, std::vector<HoldBack>& holds) const;
  void hold_at_facility(const std::vector<Draw>& draws, std::vector<HoldBack>& holds);
  void settle_ramp(Alarms& to_ring);
  double rest_w() const;  // of the whole machine, at the facility
  double above_rest_w(Power limit) const;
  double may_draw_w();

  double now_s() const { return world_.now_s(); }

  const platform::Machine& machine_;
  const topology::Network& network_;
  const workload::Trace& trace_;
  const RunOptions& options_;

  Planner planner_;  // before the world: it may fork
  SimGridWorld world_;
  PowerModel power_model_;
  std::optional<RampControl> ramp_;
  PowerMeter meter_;
  Sharing sharing_;
  NodeLimits node_limits_;
  NodePool pool_;
  std::unique_ptr<Placer> placer_;
  RunRecord record_;

  std::unique_ptr<Alarm> batch_alarm_;
  std::unique_ptr<Alarm> ramp_alarm_;
  bool ramp_holds_ = false;  // jobs back
  bool ramp_acts_ = false;   // it holds jobs back, or devices burn: the next interval will be another
  std::vector<WaitingJob> queue_;
  RunningJobs running_;
  std::map<JobId, std::unique_ptr<Play>> plays_;
  std::map<Sharing::Key, Play*> sharers_;
  std::vector<std::unique_ptr<Play>> ended_;  // kept, emptied, to the end: their actors return in their own time
  std::size_t next_submit_ = 0;
  std::size_t jobs_done_ = 0;
  std::exception_ptr failure_;  // of an actor, thrown when the engine has stopped
  Power limit_;                 // of the budget, as the signal has it now
  double available_w_ = 0.0;    // of it, above rest
  std::map<std::pair<std::size_t, std::int64_t>, double> predicted_w_;  // by application and nodes
  std::vector<double> resource_bytes_;
  std::map<std::pair<bool, double>, double> latencies_;  // (collective, seconds) -> count

  Duration WaitReasons::*wait_reason_ = nullptr;  // of the explained job, since wait_reason_since_s_
  double wait_reason_since_s_ = 0.0;
};

}  // namespace zettasim::engine
