#include "engine/power_ramp.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace zettasim::engine {
namespace {

double step_w(const std::optional<PowerRate>& rate, Duration interval) {
  return rate ? (*rate * interval).si() : std::numeric_limits<double>::infinity();
}

// What happens at the beginning of an interval happens in it, although its time is a sum of others, with their
// rounding.
double interval_at(double now_s, double length_s) { return std::floor(now_s / length_s * (1.0 + 1e-12) + 1e-9); }

}  // namespace

RampControl::RampControl(const platform::PowerRamp& ramp, double power_w)
    : length_s_(ramp.interval.si()),
      step_up_w_(step_w(ramp.up, ramp.interval)),
      step_down_w_(step_w(ramp.down, ramp.interval)),
      began_with_w_(power_w) {}

void RampControl::note(double now_s, double power_w) {
  const double interval = interval_at(now_s, length_s_);
  if (interval <= interval_) return;
  interval_ = interval;
  began_with_w_ = power_w;
}

double RampControl::highest_above_w(double rest_w) const { return std::max(0.0, began_with_w_ - rest_w) + step_up_w_; }

std::optional<RampControl> ramp_of(const platform::Facility& facility, double rest_w) {
  if (!facility.ramp || facility.budget_policy == platform::BudgetPolicy::report) return std::nullopt;
  return RampControl(*facility.ramp, rest_w);
}

}  // namespace zettasim::engine
