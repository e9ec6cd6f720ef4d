// Sums a job's plan instead of playing it. See predict.hpp.
#include "zettasim/engine/predict.hpp"

#include <algorithm>

#include "engine/job_plan.hpp"
#include "engine/power_meter.hpp"

namespace zettasim::engine {
namespace {

// What the machine draws around an application on some of its nodes.
class Surroundings {
 public:
  Surroundings(const platform::Machine& machine, const topology::Network& network, std::int64_t nodes)
      : model_(machine, network.switch_count()),
        nodes_(static_cast<double>(nodes)),
        all_nodes_(static_cast<double>(machine.node_count)) {}

  // The application's own share, without cooling.
  PerComponent<Power> metered(const PerComponent<Power>& above_rest) const {
    PerComponent<Power> power = model_.nodes_at_rest(nodes_);
    power[Component::network] += model_.network_at_rest() * (nodes_ / all_nodes_);
    power += above_rest;
    power = model_.at_facility(power, nodes_);
    power[Component::cooling] = Power();
    return power;
  }
  Power facility(const PerComponent<Power>& above_rest) const {
    PerComponent<Power> power = model_.nodes_at_rest(all_nodes_);
    power[Component::network] += model_.network_at_rest();
    power[Component::storage] += model_.storage_at_rest();
    power += above_rest;
    return model_.at_facility(power, all_nodes_).sum();
  }

 private:
  PowerModel model_;
  double nodes_;
  double all_nodes_;
};

PerComponent<Power> mean_power(const PerComponent<Energy>& energy, Duration time) {
  PerComponent<Power> power;
  if (time <= Duration()) return power;
  for (const Component c : all_components) power[c] = energy[c] / time;
  return power;
}

// Everything the schedule does, as one stage.
Stage sum_up(const JobPlan& plan, Duration& time) {
  Stage whole;
  for (const StageRun& run : plan.schedule) {
    const Stage& stage = plan.stages[run.stage];
    const auto iterations = static_cast<double>(run.iterations);
    whole.add(stage, iterations);
    time += seconds(iterations * stage.iteration.once_s(1.0));
  }
  return whole;
}

// A stage is a whole step here, or a phase of setup or finish: shorter peaks average out in the supplies.
Power highest_power(const JobPlan& plan, const Surroundings& around) {
  Power highest;
  for (const StageRun& run : plan.schedule) {
    const Stage& stage = plan.stages[run.stage];
    const auto above_rest = mean_power(stage.energy, seconds(stage.iteration.once_s(1.0)));
    highest = std::max(highest, around.metered(above_rest).sum());
  }
  return highest;
}

workload::Outcome outcome_of(const JobPlan& plan, const PerPrecision<FlopCount>& executed) {
  const auto steps = static_cast<double>(plan.steps);
  workload::Outcome outcome{plan.once.flops + plan.per_step.flops * steps,
                            plan.once.tokens + plan.per_step.tokens * steps,
                            plan.once.samples + plan.per_step.samples * steps};
  if (outcome.flops.si() > 0.0) return outcome;
  for (const Precision p : all_precisions) outcome.flops += executed[p];
  return outcome;
}

}  // namespace

Prediction predict(const platform::Machine& machine, const topology::Network& network,
                   const workload::Application& application, std::int64_t nodes, Resolution resolution) {
  std::vector<NodeId> first_nodes;
  for (std::int64_t i = 0; i < nodes; ++i) first_nodes.emplace_back(static_cast<std::size_t>(i));
  workload::Job job;
  job.nodes = nodes;
  const JobPlan plan = Planner(machine, network, cost::Loads::left_out, resolution).plan(application, job, first_nodes);
  const Surroundings around(machine, network, nodes);

  Prediction result;
  result.nodes = nodes;
  result.devices = nodes * machine.main_devices().count;
  Stage whole = sum_up(plan, result.time);
  result.steps = plan.steps;
  result.step_time = plan.step_time;
  result.per_step = plan.per_step;
  if (plan.step_stage) {
    const auto above_rest = mean_power(plan.stages[*plan.step_stage].energy, plan.step_time);
    result.step_energy = around.metered(above_rest).sum() * plan.step_time;
  }
  result.activities = whole.alone;
  result.flops = whole.flops;
  result.outcome = outcome_of(plan, whole.flops);
  const auto above_rest = mean_power(whole.energy, result.time);
  result.energy = around.metered(above_rest) * result.time;
  result.highest = highest_power(plan, around);
  result.facility_power = around.facility(above_rest);
  result.phases = std::move(whole.shares);
  result.device_memory = plan.device_memory;
  return result;
}

}  // namespace zettasim::engine
