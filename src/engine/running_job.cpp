#include "engine/running_job.hpp"

#include <algorithm>

#include "engine/grid_cost.hpp"

namespace zettasim::engine {
namespace {

PerComponent<Power> power_over(const PerComponent<Energy>& energy, Duration time) {
  PerComponent<Power> power;
  for (const Component c : all_components) power[c] = energy[c] / time;
  return power;
}

}  // namespace

Energy facility_energy(const PowerModel& model, const Stage& stage) {
  constexpr Duration one = seconds(1.0);  // the losses that grow with power do so with energy
  return model.at_facility(power_over(stage.energy, one), 0.0).sum() * one;
}

double facility_joules_per_joule(const PowerModel& model) {
  PerComponent<Power> device;
  device[Component::gpu] = watts(1.0);  // CPUs are behind the same supplies
  return model.at_facility(device, 0.0).sum() / watts(1.0);
}

RunningJob::RunningJob(JobId id, std::vector<NodeId> nodes, JobPlan plan, const PowerModel& power, JobRecord& record)
    : id_(id), nodes_(std::move(nodes)), plan_(std::move(plan)), power_model_(power), record_(record) {}

void RunningJob::begin_stage(const StageRun& run, double now_s) {
  stage_ = &plan_.stages[run.stage];
  tree_ = stage_->iteration;
  tree_.count = run.iterations;
  since_s_ = now_s;
  position_s_ = 0.0;
  credited_ = 0.0;
  speed_ = {};
  hold_ = {};
  draw_ = Draw{.job = id_,
               .tree = &stage_->iteration,
               .nodes = static_cast<double>(nodes_.size()),
               .most_w = most_power_w(stage_->iteration),
               .inside_j = inside_nodes(stage_->energy).si(),
               .most_inside_w = most_inside_w(stage_->iteration)};
  renew_draw();
  change_pace(1.0, now_s);
}

double RunningJob::remaining_s(double now_s) const {
  return std::max(0.0, tree_.total_s(speed_) - elapsed_at(tree_, position_s_, speed_) - (now_s - since_s_));
}

// At pace x an iteration takes 1/x of its time alone; the shared phases take up all of the difference.
void RunningJob::change_pace(double pace, double now_s) {
  account(now_s);
  speed_.stretch = draw_->stretch = stretch_that_takes(tree_, tree_.once_s(1.0) / pace);
  renew_power();
}

void RunningJob::hold_back(const HoldBack& hold, double now_s) {
  account(now_s);
  hold_ = hold;
  speed_.slowness = hold.slowness;
  speed_.inside_slowness = hold.inside_slowness;
  renew_power();
}

void RunningJob::renew_draw() {
  if (!draw_) return;
  draw_->facility_j = facility_energy(power_model_, *stage_).si();
  draw_->saved_j = facility_joules_per_joule(power_model_);
}

void RunningJob::renew_power() {
  const PhaseTree::Execution iteration = tree_.once(speed_);
  PerComponent<Energy> energy = stage_->energy;
  energy[Component::cpu] -= joules(iteration.saved.cpu_j);
  energy[Component::gpu] -= joules(iteration.saved.gpu_j);
  power_ = iteration.time_s > 0.0 ? power_over(energy, seconds(iteration.time_s)) : PerComponent<Power>{};
}

void RunningJob::account(double now_s) {
  const double elapsed_s = now_s - since_s_;
  if (!draw_ || elapsed_s <= 0.0) return;  // between stages no time passes
  const double position_s = position_after(tree_, elapsed_at(tree_, position_s_, speed_) + elapsed_s, speed_);
  double held_back_s = 0.0;
  if (speed_.held_back()) {
    const double free_s =
        elapsed_at(tree_, position_s, speed_.stretch) - elapsed_at(tree_, position_s_, speed_.stretch);
    held_back_s = std::max(0.0, elapsed_s - free_s);
    note_throttled(seconds(elapsed_s));
  }
  credit((position_s - position_s_) / tree_.once_s(1.0), elapsed_s, held_back_s);
  position_s_ = position_s;
  since_s_ = now_s;
}

void RunningJob::note_throttled(Duration time) {
  ThrottledBy& by = record_.throttled_by;
  record_.throttled += time;
  if (hold_.slowness > 0.0) (hold_.by_ramp ? by.ramp : by.budget) += time;
  if (hold_.inside_slowness > 0.0) (hold_.by_rack ? by.rack : by.node) += time;
}

void RunningJob::credit(double iterations, double elapsed_s, double held_back_s) {
  credited_ += iterations;
  const TimeByActivity alone = stage_->alone * iterations;
  record_.time += alone;
  record_.time.power += seconds(held_back_s);
  record_.time.sharing += seconds(elapsed_s) - alone.sum() - seconds(held_back_s);
  for (const Precision p : all_precisions) record_.flops[p] += stage_->flops[p] * iterations;
  const double nodes = static_cast<double>(nodes_.size());
  PerComponent<Power> drawn = power_model_.nodes_at_rest(nodes);
  drawn += power_;
  const PerComponent<Power> at_facility = power_model_.at_facility(drawn, nodes);
  record_.energy += at_facility * seconds(elapsed_s);
  record_.grid += grid_cost(power_model_.grid(), at_facility.sum(), seconds(since_s_), seconds(since_s_ + elapsed_s));
}

double RunningJob::end_stage(bool complete, double now_s) {
  account(now_s);
  if (complete) credit(static_cast<double>(tree_.count) - credited_, 0.0, 0.0);  // sums are whole, despite rounding
  power_ = {};
  draw_.reset();
  return credited_;
}

void RunningJob::release() {
  plan_ = {};
  tree_ = {};
  nodes_ = {};
  stage_ = nullptr;
}

}  // namespace zettasim::engine
