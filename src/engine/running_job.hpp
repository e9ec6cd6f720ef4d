// A job between its start and its end: where it is in its program, and what that cost so far. No SimGrid.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/job_plan.hpp"
#include "engine/power_budget.hpp"
#include "engine/power_meter.hpp"
#include "engine/sharing.hpp"
#include "zettasim/base/ids.hpp"
#include "zettasim/engine/run_record.hpp"

namespace zettasim::engine {

// What one iteration of a stage takes above rest at the facility meter, its losses and cooling included.
Energy facility_energy(const PowerModel& model, const Stage& stage);
// And what a joule that a device of a node takes more is there.
double facility_joules_per_joule(const PowerModel& model);

// How far limits of power hold a job back, and which of them do.
struct HoldBack {
  double slowness = 0.0;         // Speed's
  double inside_slowness = 0.0;  // Speed's
  bool by_ramp = false;          // or by the limit of the facility, where slowness is not 0
  bool by_rack = false;          // or by the nodes, where inside_slowness is not 0
  bool operator==(const HoldBack&) const = default;
};

class RunningJob {
 public:
  RunningJob(JobId id, std::vector<NodeId> nodes, JobPlan plan, const PowerModel& power, JobRecord& record);

  JobId id() const { return id_; }
  std::span<const NodeId> nodes() const { return nodes_; }
  const JobPlan& plan() const { return plan_; }

  // A stage begins; its pace is 1 until told otherwise.
  void begin_stage(const StageRun& run, double now_s);
  const Stage& stage() const { return *stage_; }
  // The whole stage, all its iterations, as one tree.
  const PhaseTree& tree() const { return tree_; }
  Speed speed() const { return speed_; }
  // How many seconds from `now_s` on the stage still takes at the present speed.
  double remaining_s(double now_s) const;
  // Sharing has given the stage another pace: what was done so far is accounted for at the old one.
  void change_pace(double pace, double now_s);
  // Limits of power hold it back otherwise than before; the same holds.
  void hold_back(const HoldBack& hold, double now_s);
  const HoldBack& held_back() const { return hold_; }
  // Brings the record up to now, before the power model's cooling changes; after it what the job draws is worked out
  // anew.
  void account(double now_s);
  void renew_draw();
  // What the stage asks of the power budget; nothing between stages.
  const std::optional<Draw>& draw() const { return draw_; }
  // The stage ends, complete or cut short; `iterations` that were done are returned for the traffic that went over
  // links.
  double end_stage(bool complete, double now_s);

  // Gives back the memory of the plan, once the job is over.
  void release();

  // Average power of the stage above rest, all nodes of the job, before conversion; nothing between stages.
  const PerComponent<Power>& power() const { return power_; }

  std::optional<Sharing::Key> sharing_key;  // while the stage uses shared resources

 private:
  void credit(double iterations, double elapsed_s, double held_back_s);
  void renew_power();
  void note_throttled(Duration time);

  JobId id_;
  std::vector<NodeId> nodes_;
  JobPlan plan_;
  const PowerModel& power_model_;
  JobRecord& record_;

  const Stage* stage_ = nullptr;
  PhaseTree tree_;
  double since_s_ = 0.0;  // the stage was at position_s_ then, and has gone on at speed_ from there
  double position_s_ = 0.0;
  Speed speed_;
  HoldBack hold_;
  std::optional<Draw> draw_;
  double credited_ = 0.0;  // iterations whose work is in the record
  PerComponent<Power> power_;
};

}  // namespace zettasim::engine
