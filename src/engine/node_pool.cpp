#include "engine/node_pool.hpp"

#include <algorithm>

#include "zettasim/base/contract.hpp"

namespace zettasim::engine {

std::vector<NodeId> NodePool::best_runs(std::int64_t count) const {
  ZETTASIM_EXPECT(count <= free_, "{} nodes wanted, {} free", count, free_);
  std::vector<std::pair<std::int64_t, std::int64_t>> chosen;  // first node, how many
  auto runs = runs_;
  while (count > 0) {
    auto best = runs.end();  // smallest that holds all
    auto largest = runs.begin();
    for (auto run = runs.begin(); run != runs.end(); ++run) {
      if (run->second >= count && (best == runs.end() || run->second < best->second)) best = run;
      if (run->second > largest->second) largest = run;
    }
    const auto from = best != runs.end() ? best : largest;
    const std::int64_t used = std::min(count, from->second);
    chosen.emplace_back(from->first, used);
    runs.erase(from);
    count -= used;
  }
  std::sort(chosen.begin(), chosen.end());
  std::vector<NodeId> nodes;
  for (const auto& [first, used] : chosen) {
    for (std::int64_t i = 0; i < used; ++i) nodes.push_back(NodeId(static_cast<std::size_t>(first + i)));
  }
  return nodes;
}

void NodePool::take(std::span<const NodeId> nodes) {
  for (std::size_t i = 0; i < nodes.size();) {
    std::size_t j = i + 1;
    while (j < nodes.size() && nodes[j].index() == nodes[j - 1].index() + 1) ++j;
    const std::int64_t first = nodes[i].index(), length = static_cast<std::int64_t>(j - i);
    const auto run = std::prev(runs_.upper_bound(first));
    const auto [run_first, run_length] = *run;
    ZETTASIM_EXPECT(run_first <= first && first + length <= run_first + run_length, "nodes {} to {} are not free",
                    first, first + length - 1);
    runs_.erase(run);
    if (run_first < first) runs_[run_first] = first - run_first;
    if (first + length < run_first + run_length) runs_[first + length] = run_first + run_length - first - length;
    i = j;
  }
  free_ -= static_cast<std::int64_t>(nodes.size());
}

void NodePool::give_back(std::span<const NodeId> nodes) {
  for (std::size_t i = 0; i < nodes.size();) {
    std::size_t j = i + 1;
    while (j < nodes.size() && nodes[j].index() == nodes[j - 1].index() + 1) ++j;
    std::int64_t first = nodes[i].index();
    std::int64_t length = static_cast<std::int64_t>(j - i);
    auto after = runs_.lower_bound(first);
    if (after != runs_.end() && after->first == first + length) {
      length += after->second;
      after = runs_.erase(after);
    }
    if (after != runs_.begin()) {
      const auto before = std::prev(after);
      if (before->first + before->second == first) {
        first = before->first;
        length += before->second;
      }
    }
    runs_[first] = length;
    i = j;
  }
  free_ += static_cast<std::int64_t>(nodes.size());
}

std::int64_t count_fragments(std::span<const NodeId> nodes) {
  std::int64_t fragments = nodes.empty() ? 0 : 1;
  for (std::size_t i = 1; i < nodes.size(); ++i) fragments += nodes[i].index() != nodes[i - 1].index() + 1;
  return fragments;
}

}  // namespace zettasim::engine
