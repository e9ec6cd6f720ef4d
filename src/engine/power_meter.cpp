#include "engine/power_meter.hpp"

#include <algorithm>

#include "engine/cooling.hpp"
#include "engine/grid_cost.hpp"
#include "zettasim/base/contract.hpp"

namespace zettasim::engine {
PowerModel::PowerModel(const platform::Machine& machine, std::size_t switch_count)
    : network_at_rest_(machine.network.switch_power * static_cast<double>(switch_count)),
      distribution_efficiency_(machine.facility.distribution_efficiency),
      pue_(hourly_pue(machine.facility).front()),
      grid_(machine.facility.grid) {
  const platform::Node& node = machine.node;
  rest_[Component::cpu] = node.cpus.device.idle * static_cast<double>(node.cpus.count);
  if (node.gpus) rest_[Component::gpu] = node.gpus->device.idle * static_cast<double>(node.gpus->count);
  rest_[Component::nic] = node.nics.idle * static_cast<double>(node.nics.count);
  rest_[Component::node_base] = node.base_power;
  for (const auto& tier : machine.storage) {
    (tier.scope == platform::StorageScope::node ? rest_[Component::storage] : storage_at_rest_) += tier.idle;
  }
  const platform::DeviceGroup& main = machine.main_devices();
  if (node.gpus) burner_ = Component::gpu, burner_memory_ = Component::gpu_memory;
  burner_range_ = (main.device.limit - main.device.idle) * static_cast<double>(main.count);
  for (const auto& supply : node.supplies) {
    supply_fixed_ = (supply_fixed_ + supply.fixed_loss) / supply.efficiency;
    supply_factor_ /= supply.efficiency;
  }
}

// input = (output + fixed) / efficiency for each supply from the node outwards; then IT power over the efficiency of
// distribution; then PUE times that. Power of network and storage passes the distribution and the cooling only.
PerComponent<Power> PowerModel::at_facility(PerComponent<Power> power, double nodes) const {
  const Power it = power.sum();
  const Power inside = inside_nodes(power);
  const Power drawn = (inside * supply_factor_ + supply_fixed_ * nodes + (it - inside)) / distribution_efficiency_;
  power[Component::losses] = drawn - it;
  power[Component::cooling] = drawn * (pue_ - 1.0);
  return power;
}

PerComponent<Power> PowerModel::facility_at_rest(double nodes) const {
  PerComponent<Power> power = nodes_at_rest(nodes);
  power[Component::network] += network_at_rest_;
  power[Component::storage] += storage_at_rest_;
  return at_facility(power, nodes);
}

Power PowerModel::inside_room(Power limit, double nodes) const {
  return (limit - supply_fixed_ * nodes) / supply_factor_ - inside_nodes(rest_) * nodes;
}

PerComponent<Power> PowerModel::burning(Power power) const {
  PerComponent<Power> result;
  result[burner_] = power;
  return result;
}

Power PowerModel::most_burning(double nodes, const PerComponent<Power>& above_rest) const {
  return std::max(Power(), burner_range_ * nodes - above_rest[burner_] - above_rest[burner_memory_]);
}

PowerMeter::PowerMeter(const PowerModel& model, std::int64_t node_count, RampControl* ramp)
    : model_(model), node_count_(node_count), ramp_(ramp) {
  now_power_ = facility_power();
  note_step({});
}

PerComponent<Power> PowerMeter::facility_power() const {
  PerComponent<Power> power = model_.nodes_at_rest(static_cast<double>(node_count_));
  power[Component::network] += model_.network_at_rest();
  power[Component::storage] += model_.storage_at_rest();
  power += above_rest_;
  power += model_.burning(burn_);
  return model_.at_facility(power, static_cast<double>(node_count_));
}

void PowerMeter::integrate(Duration now) {
  ZETTASIM_EXPECT(now >= since_, "the meter was at {} s and is asked for {} s", since_.si(), now.si());
  const Duration step = now - since_;
  energy_ += now_power_ * step;
  total_ += now_power_.sum() * step;
  grid_cost_ += grid_cost(model_.grid(), now_power_.sum(), since_, now);
  node_time_ += step * static_cast<double>(busy_nodes_);
  idle_node_time_ += step * static_cast<double>(node_count_ - busy_nodes_);
  if (ramp_) integrate_ramp(step, now);
  since_ = now;
}

void PowerMeter::integrate_ramp(Duration step, Duration now) {
  ramp_->note(now.si(), now_power_.sum().si());
  if (held_back_) ramp_record_.held_back += step;
  if (burn_ == Power()) return;
  const PerComponent<Energy> burned = model_.at_facility(model_.burning(burn_), 0.0) * step;
  burned_ += burned;
  ramp_record_.burning += step;
  ramp_record_.burned += burned.sum();
}

void PowerMeter::note_step(Duration now) {
  if (!steps_.empty() && steps_.back().time == now) steps_.pop_back();  // only what lasts is seen by a meter
  steps_.push_back({now, now_power_, busy_nodes_});
}

void PowerMeter::change_job_power(Duration now, const PerComponent<Power>& before, const PerComponent<Power>& after) {
  integrate(now);
  above_rest_ -= before;
  above_rest_ += after;
  now_power_ = facility_power();
  note_step(now);
}

void PowerMeter::change_busy_nodes(Duration now, std::int64_t by) {
  integrate(now);
  busy_nodes_ += by;
  if (busy_nodes_ == 0)
    above_rest_ = {};  // an idle machine is exactly idle, without the rounding of what came and went
  now_power_ = facility_power();
  note_step(now);
}

void PowerMeter::hold_back(Duration now, bool held_back) {
  integrate(now);
  held_back_ = held_back;
}

bool PowerMeter::burn_up_to(Duration now, Power lowest) {
  constexpr double nothing = 1e-9;  // of the power: what is missing by rounding is not burned
  integrate(now);
  burn_ = {};
  now_power_ = facility_power();
  const Power missing = lowest - now_power_.sum();
  const bool burns = missing > now_power_.sum() * nothing;
  if (burns) {
    const double at_facility = model_.at_facility(model_.burning(watts(1.0)), 0.0).sum().si();
    burn_ = std::min(missing / at_facility, model_.most_burning(static_cast<double>(node_count_), above_rest_));
    now_power_ = facility_power();
  }
  note_step(now);
  return burns;
}

// What was not a job's: idle nodes, and the network's and storage's draw at rest, each with its own losses and cooling.
void PowerMeter::close_accounts(Duration now) {
  integrate(now);
  idle_ += model_.at_facility(model_.nodes_at_rest(1.0), 1.0) * idle_node_time_;
  idle_node_time_ = {};
  PerComponent<Power> rest;
  rest[Component::network] = model_.network_at_rest();
  rest[Component::storage] = model_.storage_at_rest();
  infrastructure_ += model_.at_facility(rest, 0.0) * (now - accounted_);
  accounted_ = now;
}

void PowerMeter::note_cooling(Duration now) {
  now_power_ = facility_power();
  note_step(now);
}

void PowerMeter::finish(Duration now, RunRecord& record) {
  close_accounts(now);
  PerComponent<Energy> of_jobs;
  for (const JobRecord& job : record.jobs) of_jobs += job.energy;
  const auto everywhere = [&](Component c) { return of_jobs[c] + idle_[c] + infrastructure_[c] + burned_[c]; };
  for (const Component c : all_components) {
    if (c == Component::network || c == Component::storage || c == Component::losses || c == Component::cooling)
      continue;
    record.accounts.jobs += of_jobs[c];
    record.accounts.idle_nodes += idle_[c];
    record.accounts.burn += burned_[c];
  }
  record.accounts.network = everywhere(Component::network);
  record.accounts.storage = everywhere(Component::storage);
  record.accounts.losses = everywhere(Component::losses);
  record.accounts.cooling = everywhere(Component::cooling);
  record.components = energy_;
  record.meter = total_;
  record.grid = grid_cost_;
  record.ramp = ramp_record_;
  record.node_time = node_time_;
  record.power = std::move(steps_);
}

}  // namespace zettasim::engine
