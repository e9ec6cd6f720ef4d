// What getting the heat out costs, by the outside temperature. Pure functions; no SimGrid.
#pragma once

#include <vector>

#include "zettasim/base/quantity.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::engine {

// Cooling power over IT power at an outside temperature. All of the IT power becomes heat; a share of it goes into
// water at the nodes, the rest into air, which chilled water cools:
//
//   warm     = liquid_share (1 + pumps)                       heat in the nodes' water, that of its pumps included
//   cold     = (1 - liquid_share) (1 + fans) (1 + pumps)      heat in chilled water, that of fans and pumps included
//   left(T)  = (outside + approach - T) / rise, from 0 to 1   share of it that towers alone cannot take from water at T
//   1/COP(T) = (outside + approach + rise - T) / (chiller_share T)      T in kelvins
//   chillers = warm left(water) / COP(water) + cold left(chilled_water) / COP(chilled_water)
//   overhead = fans (1 - liquid_share) + pumps (...) + chillers + towers (warm + cold + chillers)
//
// Towers cool the returning water, T + rise, as far as outside + approach, and chillers do the rest (a water-side
// economiser in series): none while that is at most T. A chiller lifts heat from the water it sends, T, to the water
// that leaves its condenser. So the overhead is continuous in the outside temperature and never falls with it.
//
// Sources: COP of Carnot's cycle and a constant share of it (second-law efficiency); partial free cooling after
// Stein, "Waterside economizing in data centers", ASHRAE Transactions 115 (2009), recalled. Limits: all shares are
// constant, at any load and weather; nothing is stored; docs/model.md#cooling says more.
double cooling_overhead(const platform::Cooling& cooling, Temperature outside);

// Facility power over IT power in each hour of the run, again from the first when they are over. A single one does not
// change.
std::vector<double> hourly_pue(const platform::Facility& facility);

}  // namespace zettasim::engine
