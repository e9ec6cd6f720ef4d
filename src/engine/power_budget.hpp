// Who may draw how much when the running jobs together would exceed the facility's budget. Pure functions of what they
// draw; no SimGrid.
//
// A job is held back by what it may draw above rest: every phase that would draw more is slowed down until it does not,
// by lower clocks and voltages where its devices have them (PhaseTree::once); phases that draw less go on as before.
// Idle power remains. So what a job draws on average falls steadily as it may draw less, and each policy has one number
// to choose: the level at which all of them together fit (docs/decisions/0009-power-budget.md).
#pragma once

#include <vector>

#include "engine/job_plan.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::engine {

// One iteration of a running stage, as the budget sees it.
struct Draw {
  JobId job = {};
  const PhaseTree* tree = nullptr;
  double stretch = 1.0;          // by other jobs' traffic
  double nodes = 1.0;            // of the job
  double facility_j = 0.0;       // of an iteration above rest when nobody holds it back, with its losses and cooling
  double saved_j = 1.0;          // of these for each joule that a device of the nodes saves
  double most_w = 0.0;           // most_power_w(*tree)
  double inside_j = 0.0;         // of an iteration inside of the nodes, when nobody holds it back
  double most_inside_w = 0.0;    // most_inside_w(*tree)
  double inside_slowness = 0.0;  // Speed's, that limits of nodes and racks have set
  // Above rest at the facility, on average over an iteration.
  double mean_w(double slowness = 0.0) const;
  // The same inside of the nodes, before conversion, when only their limits and those of racks hold it back.
  double mean_inside_w(double inside_slowness) const;
};

// What they draw together, when nobody holds them back.
double wanted_w(const std::vector<Draw>& draws);

// The slowness of each (Speed::slowness), so that together they draw at most `available_w` at the facility above rest;
// all 0 where they do so by themselves. `wait` is held as `proportional` is, for what was predicted too low.
std::vector<double> slownesses(platform::BudgetPolicy policy, const std::vector<Draw>& draws, double available_w);

}  // namespace zettasim::engine
