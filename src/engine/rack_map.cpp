#include "engine/rack_map.hpp"

#include <algorithm>

namespace zettasim::engine {

RackMap::RackMap(std::int64_t rack_nodes, std::int64_t node_count) : rack_nodes_(rack_nodes) {
  for (std::int64_t first = 0; first < node_count; first += rack_nodes) {
    racks_.push_back({.nodes = std::min(rack_nodes, node_count - first), .jobs = {}});
  }
}

void RackMap::add(JobId job, std::span<const NodeId> nodes) {
  for (const auto& [rack, count] : count_by_rack(nodes)) change(rack, {job, count});
}

void RackMap::remove(JobId job, std::span<const NodeId> nodes) {
  for (const auto& [rack, count] : count_by_rack(nodes)) change(rack, {job, 0});
}

std::map<std::size_t, std::int64_t> RackMap::count_by_rack(std::span<const NodeId> nodes) const {
  std::map<std::size_t, std::int64_t> counts;
  for (const NodeId node : nodes) ++counts[node.index() / static_cast<std::size_t>(rack_nodes_)];
  return counts;
}

// A share of no nodes takes the job out.
void RackMap::change(std::size_t rack, RackShare share) {
  RackKind& kind = racks_[rack];
  if (const auto it = kinds_.find(kind); it != kinds_.end() && --it->second == 0) kinds_.erase(it);
  auto& jobs = kind.jobs;
  const auto at =
      std::lower_bound(jobs.begin(), jobs.end(), share.job, [](const RackShare& a, JobId job) { return a.job < job; });
  if (share.nodes > 0) {
    jobs.insert(at, share);
  } else {
    jobs.erase(at);
  }
  if (!jobs.empty()) ++kinds_[kind];
}

}  // namespace zettasim::engine
