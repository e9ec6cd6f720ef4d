// The part of a run that watches its power: what changes the limits and the cooling while it goes on, and who is held
// back how much whenever draws or limits change. The arithmetic is in power_budget, node_limits, power_ramp and
// cooling.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/cooling.hpp"
#include "engine/simulation.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/text.hpp"

namespace zettasim::engine {
namespace {

constexpr double kept_back = 1e-9;  // share of the budget that no policy gives away, so that rounding cannot exceed it

// Of the facility's budget, above what the machine draws at rest.
double available_w(Power limit, const platform::Machine& machine, const PowerModel& model) {
  const auto nodes = static_cast<double>(machine.node_count);
  return limit.si() * (1.0 - kept_back) - model.facility_at_rest(nodes).sum().si();
}

Power lowest_limit(const platform::Facility& facility) {
  Power lowest = facility.budget;
  for (const auto& step : facility.budget_signal) lowest = std::min(lowest, step.limit);
  return lowest;
}

}  // namespace

// A machine that rests draws this much whatever is done to its jobs.
void expect_budget_above_rest(const platform::Machine& machine, const topology::Network& network) {
  if (machine.facility.budget_policy == platform::BudgetPolicy::report) return;
  PowerModel model(machine, network.switch_count());
  model.set_pue(std::ranges::max(hourly_pue(machine.facility)));
  const Power lowest = lowest_limit(machine.facility);
  if (available_w(lowest, machine, model) > 0.0) return;
  const Power rest = model.facility_at_rest(static_cast<double>(machine.node_count)).sum();
  throw InputError(machine.name + "#/facility/budget",
                   fmt::format("found a limit of {} with the policy \"{}\", expected more than {}, which the machine "
                               "draws while nothing runs; raise the limit, or let the policy be \"report\"",
                               to_text(lowest), name_of(machine.facility.budget_policy), to_text(rest)));
}

double Simulation::above_rest_w(Power limit) const { return available_w(limit, machine_, power_model_); }

// --- What changes while it goes on
// ------------------------------------------------------------------------------------

void Simulation::start_power_actors() {
  const platform::Facility& facility = machine_.facility;
  const bool acts = facility.budget_policy != platform::BudgetPolicy::report;
  if (acts && !facility.budget_signal.empty()) world_.start_actor("grid", 0, [this] { follow_signal(); });
  if (ramp_) {
    ramp_alarm_ = std::make_unique<Alarm>();
    world_.start_actor("ramp", 0, [this] { follow_ramp(); });
  }
  if (hourly_pue(facility).size() > 1) world_.start_actor("weather", 0, [this] { follow_weather(); });
}

// The limit of the budget moves when the signal says so, until all jobs are done.
void Simulation::follow_signal() {
  Alarm clock;
  for (const platform::PowerLimit& step : machine_.facility.budget_signal) {
    if (step.from.si() > now_s()) clock.sleep(step.from.si() - now_s());
    if (jobs_done_ == trace_.jobs.size()) return;
    limit_ = step.limit;
    available_w_ = above_rest_w(limit_);
    Alarms to_ring;
    settle_power(to_ring);
    ring(to_ring);
    batch_alarm_->ring();
  }
}

// While power moves as fast as it may, each interval lets it move on. While it rests nothing happens here.
void Simulation::follow_ramp() {
  while (jobs_done_ < trace_.jobs.size()) {
    const double left_s = ramp_->next_s() - now_s();
    if (!ramp_acts_ || left_s <= 0.0) {  // none is left where the clock cannot tell two intervals from each other
      ramp_alarm_->sleep();
    } else if (ramp_alarm_->sleep(left_s) && jobs_done_ < trace_.jobs.size()) {
      Alarms to_ring;
      settle_power(to_ring);
      ring(to_ring);
    }
  }
}

// Cooling takes another share of the power whenever the temperature of an hour says so, until all jobs are done. After
// some years it stays at the mean.
void Simulation::follow_weather() {
  constexpr std::size_t most_hours = 100'000;
  constexpr double hour_s = 3600.0;
  const auto pues = hourly_pue(machine_.facility);
  const double mean = std::accumulate(pues.begin(), pues.end(), 0.0) / static_cast<double>(pues.size());
  Alarm clock;
  for (std::size_t hour = 1; hour <= most_hours; ++hour) {
    const double pue = hour < most_hours ? pues[hour % pues.size()] : mean;
    if (pue == power_model_.pue()) continue;
    const double at_s = static_cast<double>(hour) * hour_s;
    if (at_s > now_s()) clock.sleep(at_s - now_s());
    if (jobs_done_ == trace_.jobs.size()) return;
    change_cooling(pue);
  }
}

// Everybody is up to date at the old share before the new one holds, so that energies stay exact. Jobs that were given
// some of the budget keep it: it grows and shrinks with what they draw.
void Simulation::change_cooling(double pue) {
  for (const auto& [id, play] : plays_) play->job.account(now_s());
  meter_.close_accounts(seconds(now_s()));
  const double factor = pue / power_model_.pue();
  power_model_.set_pue(pue);
  meter_.note_cooling(seconds(now_s()));
  for (const auto& [id, play] : plays_) play->job.renew_draw();
  if (machine_.facility.budget_policy == platform::BudgetPolicy::report) return;

  available_w_ = above_rest_w(limit_);
  for (auto& [what, power_w] : predicted_w_) power_w *= factor;
  RunningJobs running;
  for (RunningUntil job : running_) {
    job.power_w *= factor;
    plays_.at(job.id)->predicted_w = job.power_w;
    running.insert(job);
  }
  running_ = std::move(running);
  Alarms to_ring;
  settle_power(to_ring);
  ring(to_ring);
  batch_alarm_->ring();
}

// --- Who is held back
// -------------------------------------------------------------------------------------------------

// Without limits that act, or with power to spare, nobody notices. Nodes and racks come first: what they hold back
// leaves more of the facility's limit to others.
void Simulation::settle_power(Alarms& to_ring) {
  if (machine_.facility.budget_policy == platform::BudgetPolicy::report && !node_limits_.act()) return;
  std::vector<Play*> drawing;
  std::vector<Draw> draws;
  for (const auto& [id, play] : plays_) {
    if (!play->job.draw()) continue;
    drawing.push_back(play.get());
    draws.push_back(*play->job.draw());
  }
  std::vector<HoldBack> holds(draws.size());
  if (node_limits_.act()) hold_in_nodes(draws, holds);
  hold_at_facility(draws, holds);
  for (std::size_t i = 0; i < drawing.size(); ++i) {
    Play& play = *drawing[i];
    if (play.job.held_back() == holds[i]) continue;
    const PerComponent<Power> before = play.job.power();
    play.job.hold_back(holds[i], now_s());
    meter_.change_job_power(seconds(now_s()), before, play.job.power());
    for (const auto& alarm : play.roles) to_ring.push_back(alarm.get());
  }
  if (ramp_) settle_ramp(to_ring);
}

void Simulation::hold_in_nodes(std::vector<Draw>& draws, std::vector<HoldBack>& holds) const {
  const auto inside = node_limits_.settle(draws);
  for (std::size_t i = 0; i < draws.size(); ++i) {
    draws[i].inside_slowness = holds[i].inside_slowness = inside[i].slowness;
    holds[i].by_rack = inside[i].by_rack;
  }
}

void Simulation::hold_at_facility(const std::vector<Draw>& draws, std::vector<HoldBack>& holds) {
  const double most_w = may_draw_w();
  ramp_holds_ = ramp_ && most_w < available_w_ && wanted_w(draws) > most_w;
  const auto allowed = slownesses(machine_.facility.budget_policy, draws, most_w);
  for (std::size_t i = 0; i < draws.size(); ++i) {
    holds[i].slowness = allowed[i];
    holds[i].by_ramp = ramp_holds_ && allowed[i] > 0.0;
  }
}

double Simulation::rest_w() const {
  return power_model_.facility_at_rest(static_cast<double>(machine_.node_count)).sum().si();
}

// What all jobs together may draw above rest now: what the limit leaves, or what the ramp has come to.
double Simulation::may_draw_w() {
  if (!ramp_) return available_w_;
  meter_.bring_up_to(seconds(now_s()));
  return std::min(available_w_, ramp_->highest_above_w(rest_w()));
}

// Power that falls follows the ramp, but not above a limit that falls faster.
void Simulation::settle_ramp(Alarms& to_ring) {
  meter_.hold_back(seconds(now_s()), ramp_holds_);
  const double lowest_w = std::min(ramp_->lowest_w(), available_w_ + rest_w());
  const bool burns = meter_.burn_up_to(seconds(now_s()), watts(lowest_w));
  const bool acted = std::exchange(ramp_acts_, ramp_holds_ || burns);
  if (ramp_acts_ && !acted) to_ring.push_back(ramp_alarm_.get());
}

}  // namespace zettasim::engine
