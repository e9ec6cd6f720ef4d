#include "engine/cooling.hpp"

#include <algorithm>

namespace zettasim::engine {
namespace {

// Work of the chillers over the heat in water that is to be sent at `sent`.
double chiller_work(const platform::Cooling& cooling, Temperature outside, Temperature sent) {
  const Temperature from_towers = outside + cooling.approach;
  const double left = std::clamp((from_towers - sent) / cooling.rise, 0.0, 1.0);
  if (left == 0.0) return 0.0;
  return left * ((from_towers + cooling.rise - sent) / (cooling.chiller_share * sent));
}

}  // namespace

double cooling_overhead(const platform::Cooling& cooling, Temperature outside) {
  const double in_air = 1.0 - cooling.liquid_share;
  const double fans = in_air * cooling.fans;
  const double to_warm_water = cooling.liquid_share, to_chilled_water = in_air + fans;
  const double pumps = (to_warm_water + to_chilled_water) * cooling.pumps;
  double chillers = 0.0;
  if (to_warm_water > 0.0) {
    chillers += to_warm_water * (1.0 + cooling.pumps) * chiller_work(cooling, outside, cooling.water);
  }
  if (to_chilled_water > 0.0) {
    chillers += to_chilled_water * (1.0 + cooling.pumps) * chiller_work(cooling, outside, cooling.chilled_water);
  }
  const double heat = 1.0 + fans + pumps + chillers;
  return fans + pumps + chillers + heat * cooling.towers;
}

std::vector<double> hourly_pue(const platform::Facility& facility) {
  if (!facility.cooling) return {facility.pue};
  std::vector<double> result;
  for (const Temperature outside : facility.cooling->outside) {
    result.push_back(1.0 + cooling_overhead(*facility.cooling, outside));
  }
  if (std::ranges::all_of(result, [&](double pue) { return pue == result.front(); })) result.resize(1);
  return result;
}

}  // namespace zettasim::engine
