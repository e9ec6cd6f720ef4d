#include "engine/running_job.hpp"

#include <algorithm>

namespace zettasim::engine {
namespace {

PerComponent<Power> power_over(const PerComponent<Energy>& energy, Duration time) {
  PerComponent<Power> power;
  for (const Component c : all_components) power[c] = energy[c] / time;
  return power;
}

}  // namespace

RunningJob::RunningJob(JobId id, std::vector<NodeId> nodes, JobPlan plan, const PowerModel& power, JobRecord& record)
    : id_(id), nodes_(std::move(nodes)), plan_(std::move(plan)), power_model_(power), record_(record) {}

void RunningJob::begin_stage(const StageRun& run, double now_s) {
  stage_ = &plan_.stages[run.stage];
  tree_ = stage_->iteration;
  tree_.count = run.iterations;
  since_s_ = now_s;
  position_s_ = 0.0;
  credited_ = 0.0;
  change_pace(1.0, now_s);
}

double RunningJob::remaining_s(double now_s) const {
  return std::max(0.0, tree_.total_s(stretch_) - elapsed_at(tree_, position_s_, stretch_) - (now_s - since_s_));
}

// At pace x an iteration takes 1/x of its time alone; the shared phases take up all of the difference.
void RunningJob::change_pace(double pace, double now_s) {
  account(now_s);
  stretch_ = stretch_that_takes(tree_, tree_.once_s(1.0) / pace);
  const double iteration_s = tree_.once_s(stretch_);
  power_ = iteration_s > 0.0 ? power_over(stage_->energy, seconds(iteration_s)) : PerComponent<Power>{};
}

void RunningJob::account(double now_s) {
  const double elapsed_s = now_s - since_s_;
  if (elapsed_s <= 0.0) return;
  const double position_s = position_after(tree_, elapsed_at(tree_, position_s_, stretch_) + elapsed_s, stretch_);
  credit((position_s - position_s_) / tree_.once_s(1.0), elapsed_s);
  position_s_ = position_s;
  since_s_ = now_s;
}

void RunningJob::credit(double iterations, double elapsed_s) {
  credited_ += iterations;
  const TimeByActivity alone = stage_->alone * iterations;
  record_.time += alone;
  record_.time.sharing += seconds(elapsed_s) - alone.sum();
  for (const Precision p : all_precisions) record_.flops[p] += stage_->flops[p] * iterations;
  const double nodes = static_cast<double>(nodes_.size());
  PerComponent<Power> drawn = power_model_.nodes_at_rest(nodes);
  drawn += power_;
  record_.energy += power_model_.at_facility(drawn, nodes) * seconds(elapsed_s);
}

double RunningJob::end_stage(bool complete, double now_s) {
  account(now_s);
  if (complete) credit(static_cast<double>(tree_.count) - credited_, 0.0);  // sums are whole, whatever rounding left
  power_ = {};
  return credited_;
}

void RunningJob::release() {
  plan_ = {};
  tree_ = {};
  nodes_ = {};
  stage_ = nullptr;
}

}  // namespace zettasim::engine
