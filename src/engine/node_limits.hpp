// What limits of nodes and racks let jobs draw. They are hardware, and act under every policy as a device's limit does.
// Pure functions of what jobs draw and where they lie; no SimGrid.
//
// A job has one number here: what it may draw above rest inside each of its nodes. Every phase stays at or below it, so
// a node's limit is such a number as it stands. Of a rack it is the mean over an iteration that is held: its level is
// the number at which all that is drawn in it just fits. A job goes by the lowest level of the racks it lies in; what
// that leaves in its other racks is for the jobs there, so racks are settled from the lowest level up.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/power_budget.hpp"
#include "engine/power_meter.hpp"
#include "engine/rack_map.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::engine {

// Speed::inside_slowness of a job, and who says so.
struct InsideHold {
  double slowness = 0.0;
  bool by_rack = false;  // or by its nodes
};

class NodeLimits {
 public:
  NodeLimits(const platform::Machine& machine, const PowerModel& model);

  bool act() const { return node_w_ || racks_; }
  // A job is given nodes, and gives them back.
  void add(JobId job, std::span<const NodeId> nodes);
  void remove(JobId job, std::span<const NodeId> nodes);
  // Of each of the running stages; those that are at rest between two stages draw nothing.
  std::vector<InsideHold> settle(const std::vector<Draw>& draws) const;

 private:
  void hold_racks(const std::vector<Draw>& draws, std::vector<InsideHold>& holds) const;

  const PowerModel& model_;
  std::optional<double> node_w_;  // that a node may draw above rest, inside
  Power rack_limit_;
  std::optional<RackMap> racks_;
};

}  // namespace zettasim::engine
