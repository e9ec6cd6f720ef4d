#include "engine/sharing.hpp"

#include <algorithm>
#include <limits>

namespace zettasim::engine {
namespace {

constexpr double full = 1.0 + 1e-12;  // rounding of a sum of uses is not contention

}  // namespace

// A stage among those that compete. Its flow is its bytes per second on the resource that carries most of it, full or
// not.
struct Sharing::Flow {
  Key key = 0;
  double most = 0.0;                                   // its flow at full pace
  std::vector<std::pair<std::size_t, double>> shares;  // (index of the full resource, use of it per unit of flow)
};

Sharing::Sharing(std::vector<double> capacities)
    : capacities_(std::move(capacities)), demand_(capacities_.size(), 0.0), users_(capacities_.size(), 0) {}

void Sharing::count(const Traffic& traffic, double use, int sign) {
  const auto r = traffic.resource;
  users_[r] += static_cast<std::uint32_t>(sign);
  demand_[r] =
      users_[r] == 0 ? 0.0 : demand_[r] + sign * use;  // the exact zero keeps rounding from piling up over a run
  const bool is_full = users_[r] > 1 && demand_[r] > full;
  if (is_full) full_.insert(r);
  if (is_full || (!full_.empty() && full_.erase(r) > 0)) changed_ = true;
}

Sharing::Key Sharing::begin(std::span<const Traffic> traffic, double iteration_s) {
  const Key key = next_key_++;
  StageUse& stage = stages_[key] = {traffic, iteration_s, 1.0, 0.0};
  for (const Traffic& t : traffic) {
    const double here = use(stage, t);
    stage.most = std::max(stage.most, here);
    count(t, here, +1);
  }
  return key;
}

void Sharing::end(Key key) {
  const StageUse& stage = stages_.at(key);
  for (const Traffic& t : stage.traffic) count(t, use(stage, t), -1);
  std::erase(slowed_, key);
  stages_.erase(key);
}

std::vector<Sharing::Flow> Sharing::flows_on_full_resources() const {
  const std::vector<std::uint32_t> resources(full_.begin(), full_.end());
  std::vector<Flow> flows;
  for (const auto& [key, stage] : stages_) {
    Flow flow{.key = key, .most = stage.most, .shares = {}};
    auto next = stage.traffic.begin();
    for (std::size_t i = 0; i < resources.size(); ++i) {
      next = std::lower_bound(next, stage.traffic.end(), resources[i],
                              [](const Traffic& t, std::uint32_t r) { return t.resource < r; });
      if (next == stage.traffic.end()) break;
      if (next->resource == resources[i]) flow.shares.emplace_back(i, use(stage, *next) / flow.most);
    }
    if (!flow.shares.empty()) flows.push_back(std::move(flow));
  }
  return flows;
}

std::vector<Sharing::Key> Sharing::settle() {
  if (!changed_) return {};
  changed_ = false;
  auto flows = flows_on_full_resources();
  std::vector<double> left(full_.size(), 1.0), weight(full_.size(), 0.0);
  std::vector<std::size_t> growing(full_.size(), 0);  // flows on it that have not stopped
  for (const Flow& flow : flows) {
    for (const auto& [i, share] : flow.shares) weight[i] += share, ++growing[i];
  }
  std::map<Key, double> paces;
  for (const Key key : slowed_) paces[key] = 1.0;
  double level = 0.0;
  while (!flows.empty()) {
    double next = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (growing[i] > 0) next = std::min(next, left[i] / weight[i]);
    }
    for (const Flow& flow : flows) next = std::min(next, flow.most);
    level = std::max(level, next);  // rounding may not let the water fall
    const auto stops = [&](const Flow& flow) {
      if (flow.most <= level) return true;
      return std::any_of(flow.shares.begin(), flow.shares.end(),
                         [&](const auto& s) { return left[s.first] <= weight[s.first] * level * (1.0 + 1e-12); });
    };
    std::vector<Flow> going, stopped;
    for (Flow& flow : flows) (stops(flow) ? stopped : going).push_back(std::move(flow));
    for (const Flow& flow : stopped) {
      const double reached = std::min(flow.most, level);
      paces[flow.key] = reached / flow.most;
      for (const auto& [i, share] : flow.shares) left[i] -= share * reached, weight[i] -= share, --growing[i];
    }
    flows = std::move(going);
  }
  std::vector<Key> moved;
  slowed_.clear();
  for (const auto& [key, pace] : paces) {
    StageUse& stage = stages_.at(key);
    if (stage.pace != pace) moved.push_back(key);
    stage.pace = pace;
    if (pace < 1.0) slowed_.push_back(key);
  }
  return moved;
}

}  // namespace zettasim::engine
