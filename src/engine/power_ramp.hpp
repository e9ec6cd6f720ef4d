// How far the draw at the facility meter may move when it may change by no more than so much in an interval. A pure
// function of what the meter has shown; no SimGrid.
//
// Time is cut into equal intervals from the beginning of the run. All through one of them the power may be by one step
// above or below what it was when the interval began; the next one counts from what it was then. So over n intervals it
// moves by n steps at most, and a power that rests where it is needs no event.
#pragma once

#include <optional>

#include "zettasim/platform/machine.hpp"

namespace zettasim::engine {

class RampControl {
 public:
  // The meter shows `power_w` at the beginning.
  RampControl(const platform::PowerRamp& ramp, double power_w);

  // The meter has shown `power_w` since it was told last, and until `now_s`. Times must not decrease.
  void note(double now_s, double power_w);

  // Until the interval is over, the power may be this far above `rest_w`, one step at least, and has to be this high.
  double highest_above_w(double rest_w) const;
  double lowest_w() const { return began_with_w_ - step_down_w_; }
  double next_s() const { return (interval_ + 1.0) * length_s_; }  // when the next interval begins

 private:
  double length_s_;
  double step_up_w_;  // infinite where the direction is free, as is the other one
  double step_down_w_;
  double interval_ = 0.0;  // that we are in: a whole number
  double began_with_w_;
};

// Of a facility that draws `rest_w` at first; none where it has no ramp, or only reports.
std::optional<RampControl> ramp_of(const platform::Facility& facility, double rest_w);

}  // namespace zettasim::engine
