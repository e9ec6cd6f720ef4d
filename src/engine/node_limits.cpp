#include "engine/node_limits.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <queue>

#include "engine/first_at_one.hpp"

namespace zettasim::engine {
namespace {

constexpr double kept_back = 1e-9;  // share of a rack's limit that is not given away, so that rounding cannot exceed it
constexpr double rounding = 1e-10;  // share of it that is not worth another level

// What so many nodes may draw above rest, inside. A limit that was read is above their rest; one that is so by rounding
// alone lets them crawl.
double room_w(const PowerModel& model, Power limit, double nodes) {
  return std::max(model.inside_room(limit, nodes), limit * kept_back).si();
}

// A job in a rack, by its place among the draws.
struct Share {
  std::size_t draw;
  double nodes;
};
struct Rack {
  double room_w = 0.0;  // above rest, inside of its nodes
  std::vector<Share> shares;
};

// Levels are told by their inverse here, seconds per joule of a node: the lower a level, the higher that.
class RackLevels {
 public:
  RackLevels(const std::vector<Draw>& draws, std::vector<InsideHold>& holds)
      : draws_(draws), holds_(holds), settled_(draws.size(), false) {
    for (std::size_t i = 0; i < draws.size(); ++i) drawn_w_.push_back(node_w(i, holds[i].slowness));
  }

  void settle(const std::vector<Rack>& racks) {
    std::priority_queue<Tight> tight;
    const auto look_at = [&](std::size_t rack) {
      if (is_tight(racks[rack])) tight.push({slowness_of(racks[rack]), rack, settled_in(racks[rack])});
    };
    for (std::size_t i = 0; i < racks.size(); ++i) look_at(i);
    while (!tight.empty()) {
      const Tight lowest = tight.top();
      tight.pop();
      if (settled_in(racks[lowest.rack]) != lowest.settled) {
        look_at(lowest.rack);  // others have held some of its jobs back since, which leaves more
      } else {
        hold(racks[lowest.rack], lowest.slowness);
      }
    }
  }

 private:
  struct Tight {
    double slowness;
    std::size_t rack;
    std::size_t settled;  // jobs in it, when the slowness was found
    bool operator<(const Tight& other) const {
      return slowness != other.slowness ? slowness < other.slowness : rack > other.rack;
    }
  };

  double node_w(std::size_t draw, double slowness) const {
    return draws_[draw].mean_inside_w(slowness) / draws_[draw].nodes;
  }
  std::size_t settled_in(const Rack& rack) const {
    return static_cast<std::size_t>(
        std::count_if(rack.shares.begin(), rack.shares.end(), [&](const Share& s) { return settled_[s.draw]; }));
  }
  double drawn_w(const Rack& rack, bool settled) const {
    double sum_w = 0.0;
    for (const Share& share : rack.shares) {
      if (settled_[share.draw] == settled) sum_w += share.nodes * drawn_w_[share.draw];
    }
    return sum_w;
  }
  bool is_tight(const Rack& rack) const {
    const double open_w = drawn_w(rack, false);
    return open_w > 0.0 && open_w + drawn_w(rack, true) > rack.room_w * (1.0 + rounding);
  }

  // At which the jobs that are not settled draw what the others leave.
  double slowness_of(const Rack& rack) const {
    const double left_w = std::max(rack.room_w - drawn_w(rack, true), rack.room_w * rounding);
    double nobody_held = std::numeric_limits<double>::infinity();
    for (const Share& share : rack.shares) {
      const Draw& draw = draws_[share.draw];
      if (!settled_[share.draw] && draw.most_inside_w > 0.0)
        nobody_held = std::min(nobody_held, draw.nodes / draw.most_inside_w);
    }
    return first_at_one(
        [&](double slowness) {
          double sum_w = 0.0;
          for (const Share& share : rack.shares) {
            if (settled_[share.draw]) continue;
            const double of_job = slowness / draws_[share.draw].nodes;
            sum_w += share.nodes * node_w(share.draw, std::max(of_job, holds_[share.draw].slowness));
          }
          return left_w / sum_w;
        },
        nobody_held);
  }

  void hold(const Rack& rack, double slowness) {
    for (const Share& share : rack.shares) {
      if (settled_[share.draw]) continue;
      settled_[share.draw] = true;
      const Draw& draw = draws_[share.draw];
      const double of_job = slowness / draw.nodes;
      if (of_job * draw.most_inside_w <= 1.0 || of_job <= holds_[share.draw].slowness) continue;
      holds_[share.draw] = {of_job, true};
      drawn_w_[share.draw] = node_w(share.draw, of_job);
    }
  }

  const std::vector<Draw>& draws_;
  std::vector<InsideHold>& holds_;
  std::vector<bool> settled_;
  std::vector<double> drawn_w_;  // by each job for each of its nodes
};

}  // namespace

NodeLimits::NodeLimits(const platform::Machine& machine, const PowerModel& model) : model_(model) {
  const platform::Facility& facility = machine.facility;
  if (facility.node_limit) node_w_ = room_w(model, *facility.node_limit, 1.0);
  if (!facility.rack_limit) return;
  rack_limit_ = facility.rack_limit->limit * (1.0 - kept_back);
  racks_.emplace(facility.rack_limit->nodes, machine.node_count);
}

void NodeLimits::add(JobId job, std::span<const NodeId> nodes) {
  if (racks_) racks_->add(job, nodes);
}

void NodeLimits::remove(JobId job, std::span<const NodeId> nodes) {
  if (racks_) racks_->remove(job, nodes);
}

std::vector<InsideHold> NodeLimits::settle(const std::vector<Draw>& draws) const {
  std::vector<InsideHold> holds(draws.size());
  for (std::size_t i = 0; node_w_ && i < draws.size(); ++i) {
    const double slowness = 1.0 / (*node_w_ * draws[i].nodes);
    if (slowness * draws[i].most_inside_w > 1.0) holds[i].slowness = slowness;
  }
  if (racks_) hold_racks(draws, holds);
  return holds;
}

void NodeLimits::hold_racks(const std::vector<Draw>& draws, std::vector<InsideHold>& holds) const {
  std::map<JobId, std::size_t> place;
  for (std::size_t i = 0; i < draws.size(); ++i) place[draws[i].job] = i;
  std::vector<Rack> racks;
  for (const auto& [kind, count] : racks_->kinds()) {
    Rack& rack = racks.emplace_back();
    rack.room_w = room_w(model_, rack_limit_, static_cast<double>(kind.nodes));
    for (const RackShare& share : kind.jobs) {
      const auto it = place.find(share.job);
      if (it != place.end()) rack.shares.push_back({it->second, static_cast<double>(share.nodes)});
    }
  }
  RackLevels(draws, holds).settle(racks);
}

}  // namespace zettasim::engine
