#include "engine/grid_cost.hpp"

#include <algorithm>
#include <cmath>

namespace zettasim::engine {
namespace {

constexpr double hour_s = 3600.0;
constexpr double kwh_j = 3.6e6;

// The integral of an hourly value over time, in its unit times seconds.
double value_seconds(const platform::HourlyValues& hourly, double from_s, double to_s) {
  if (hourly.values.size() == 1) return hourly.values.front() * (to_s - from_s);
  const auto hours = static_cast<double>(hourly.values.size());
  const auto within = [&](double begin_s, double end_s) {  // one pass through the values at most
    double sum = 0.0;
    for (double hour = std::floor(begin_s / hour_s); hour * hour_s < end_s && hour + 1.0 > hour; ++hour) {
      const double seconds_in_it = std::min(end_s, (hour + 1.0) * hour_s) - std::max(begin_s, hour * hour_s);
      sum += hourly.at_hour(static_cast<std::int64_t>(std::fmod(hour, hours))) * std::max(0.0, seconds_in_it);
    }
    return sum;
  };
  const double period_s = hours * hour_s;
  const double whole = std::floor((to_s - from_s) / period_s);
  const double rest_from_s = from_s + whole * period_s;
  return (whole > 0.0 ? whole * within(0.0, period_s) : 0.0) + within(rest_from_s, to_s);
}

}  // namespace

GridCost grid_cost(const std::optional<platform::Grid>& grid, Power power, Duration from, Duration to) {
  if (!grid || to <= from) return {};
  return {.carbon_g = power.si() / kwh_j * value_seconds(grid->carbon, from.si(), to.si()),
          .money = power.si() / kwh_j * value_seconds(grid->price, from.si(), to.si())};
}

}  // namespace zettasim::engine
