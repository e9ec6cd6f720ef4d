#include "engine/rank_progress.hpp"

namespace zettasim::engine {

using workload::DependsOn;
using workload::RankCollective;
using workload::RankCompute;

RankProgress::RankProgress(const workload::Rank& rank)
    : rank_(rank), open_(rank.actions.size()), first_successor_(rank.actions.size() + 1) {
  const auto count = static_cast<std::uint32_t>(rank.actions.size());
  for (const workload::Dependency d : rank.dependencies) ++first_successor_[d.action + 1];
  for (std::uint32_t i = 0; i < count; ++i) first_successor_[i + 1] += first_successor_[i];
  successors_.resize(rank.dependencies.size());
  auto at = first_successor_;
  for (std::uint32_t i = 0; i < count; ++i) {
    const workload::RankAction& action = rank.actions[i];
    open_[i] = action.dependency_count;
    for (const workload::Dependency d : rank.dependencies_of(action)) successors_[at[d.action]++] = {i, d.on};
    if (const auto* collective = std::get_if<RankCollective>(&action.work)) {
      lines_[collective->group].in_order.push_back(i);
    }
    if (open_[i] == 0) ready_.push_back(i);
  }
}

// Puts the action in the line it has to wait in, if it has to.
bool RankProgress::holds_back(std::uint32_t action) {
  const auto& work = rank_.actions[action].work;
  if (const auto* compute = std::get_if<RankCompute>(&work)) {
    Lane& lane = lanes_[compute->lane];
    if (lane.busy) return lane.waiting.push_back(action), true;
    lane.busy = true;
  } else if (const auto* collective = std::get_if<RankCollective>(&work)) {
    Line& line = lines_[collective->group];
    if (line.in_order[line.next] != action) return line.waiting[action] = true, true;
  }
  return false;
}

std::optional<std::uint32_t> RankProgress::begin_next() {
  while (!ready_.empty()) {
    const std::uint32_t action = ready_.front();
    ready_.pop_front();
    if (holds_back(action)) continue;
    release(action, DependsOn::start);
    return action;
  }
  return std::nullopt;
}

void RankProgress::finish(std::uint32_t action) {
  ++finished_;
  const auto& work = rank_.actions[action].work;
  if (const auto* compute = std::get_if<RankCompute>(&work)) {
    Lane& lane = lanes_[compute->lane];
    lane.busy = false;
    if (!lane.waiting.empty()) {
      ready_.push_back(lane.waiting.front());
      lane.waiting.pop_front();
    }
  } else if (const auto* collective = std::get_if<RankCollective>(&work)) {
    Line& line = lines_[collective->group];
    if (++line.next < line.in_order.size() && line.waiting.erase(line.in_order[line.next]) > 0) {
      ready_.push_back(line.in_order[line.next]);
    }
  }
  release(action, DependsOn::finish);
}

void RankProgress::release(std::uint32_t action, DependsOn on) {
  for (std::uint32_t i = first_successor_[action]; i < first_successor_[action + 1]; ++i) {
    if (successors_[i].on == on && --open_[successors_[i].action] == 0) ready_.push_back(successors_[i].action);
  }
}

}  // namespace zettasim::engine
