#include "engine/node_pool.hpp"

#include <algorithm>

#include "zettasim/base/contract.hpp"

namespace zettasim::engine {

std::vector<NodeId> NodePool::take(std::int64_t count) {
  ZETTASIM_EXPECT(count <= free_, "{} nodes wanted, {} free", count, free_);
  std::vector<NodeId> taken;
  taken.reserve(static_cast<std::size_t>(count));
  while (count > 0) {
    auto best = runs_.end();  // smallest that holds all
    auto largest = runs_.begin();
    for (auto run = runs_.begin(); run != runs_.end(); ++run) {
      if (run->second >= count && (best == runs_.end() || run->second < best->second)) best = run;
      if (run->second > largest->second) largest = run;
    }
    const auto from = best != runs_.end() ? best : largest;
    const auto [first, length] = *from;
    const std::int64_t used = std::min(count, length);
    for (std::int64_t i = 0; i < used; ++i) taken.push_back(NodeId(static_cast<std::size_t>(first + i)));
    runs_.erase(from);
    if (used < length) runs_[first + used] = length - used;
    free_ -= used;
    count -= used;
  }
  std::sort(taken.begin(), taken.end());
  return taken;
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
