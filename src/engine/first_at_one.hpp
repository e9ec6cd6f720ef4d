// Where an increasing function reaches a value: how every level of a power limit is found.
#pragma once

namespace zettasim::engine {

// By how much of what there is a level may stay below it. Closer costs steps, and no meter sees it.
inline constexpr double close_enough = 1e-10;

// An x at which the increasing function f has just reached 1, on the side where it has; f(low) is less. Illinois'
// variant of the false position (Dowell and Jarratt 1971) with halving in between: few steps, for what is asked here
// consists of nearly straight pieces.
template <class Function>
double first_at_one(const Function& f, double low) {
  double high = low, below = f(low) - 1.0, above = below;
  for (; above < 0.0 && high < 1e200; above = f(high) - 1.0) high *= 2.0;
  double weight_low = below, weight_high = above;
  int side = 0;  // that moved last
  for (int i = 0; i < 200 && above > close_enough; ++i) {
    double middle = (low * weight_high - high * weight_low) / (weight_high - weight_low);
    if (i % 3 == 2 || !(middle > low && middle < high)) middle = low + (high - low) / 2.0;
    if (!(middle > low && middle < high)) break;
    const double value = f(middle) - 1.0;
    if (value < 0.0) {
      low = middle, weight_low = value;
      if (side < 0) weight_high /= 2.0;
      side = -1;
    } else {
      high = middle, above = weight_high = value;
      if (side > 0) weight_low /= 2.0;
      side = 1;
    }
  }
  return high;
}

}  // namespace zettasim::engine
