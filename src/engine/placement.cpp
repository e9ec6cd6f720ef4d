// Rules of placement. See placement.hpp.
#include "engine/placement.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "zettasim/base/random.hpp"

namespace zettasim::engine {
namespace {

class LinearPlacer : public Placer {
 public:
  std::vector<NodeId> choose(const NodePool& pool, std::int64_t count) override { return pool.best_runs(count); }
};

// Any free nodes, each set alike: what a full machine is left with after a while.
class RandomPlacer : public Placer {
 public:
  explicit RandomPlacer(std::uint64_t seed) : random_(seed, "placement") {}
  std::vector<NodeId> choose(const NodePool& pool, std::int64_t count) override {
    std::vector<NodeId> nodes = pool.best_runs(pool.free());
    for (std::int64_t i = 0; i < count; ++i) {  // the first steps of a Fisher-Yates shuffle
      const auto at = static_cast<std::size_t>(i);
      const auto left = static_cast<double>(nodes.size() - at);
      std::swap(nodes[at], nodes[at + static_cast<std::size_t>(random_.uniform() * left)]);
    }
    nodes.resize(static_cast<std::size_t>(count));
    std::sort(nodes.begin(), nodes.end());
    return nodes;
  }

 private:
  RandomStream random_;
};

// The group that is left fullest by holding the whole job; where none holds it, the emptiest groups one after the
// other, so that the job crosses few links between groups.
class GroupPlacer : public Placer {
 public:
  explicit GroupPlacer(std::int64_t nodes_per_group) : nodes_per_group_(nodes_per_group) {}
  std::vector<NodeId> choose(const NodePool& pool, std::int64_t count) override {
    std::vector<std::vector<NodeId>> groups;
    for (const NodeId node : pool.best_runs(pool.free())) {
      const auto group = static_cast<std::size_t>(node.index() / nodes_per_group_);
      if (group >= groups.size()) groups.resize(group + 1);
      groups[group].push_back(node);
    }
    std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    const auto whole =
        std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return std::ssize(g) >= count; });
    std::vector<NodeId> nodes;
    if (whole != groups.end()) {
      nodes.assign(whole->begin(), whole->begin() + count);
    } else {
      for (auto group = groups.rbegin(); group != groups.rend() && std::ssize(nodes) < count; ++group) {
        const auto taken = std::min<std::int64_t>(std::ssize(*group), count - std::ssize(nodes));
        nodes.insert(nodes.end(), group->begin(), group->begin() + taken);
      }
    }
    std::sort(nodes.begin(), nodes.end());
    return nodes;
  }

 private:
  std::int64_t nodes_per_group_;
};

// A box of the torus, as Fugaku's batch system gives: the job's messages stay inside it. Boxes that no shortest route
// leaves are tried first, among those the smallest, then those of least surface; where none is free, lines. Boxes may
// reach over the edge of a dimension that wraps. Nodes of the box beyond the job's count stay free.
class BoxPlacer : public Placer {
 public:
  explicit BoxPlacer(const platform::Torus& torus) : dimensions_(torus.dimensions) {}
  std::vector<NodeId> choose(const NodePool& pool, std::int64_t count) override {
    const FreeBoxes free(pool, dimensions_);
    int tried = 0;
    for (const Box& box : boxes_for(count)) {
      if (++tried > most_boxes) break;
      if (const auto corner = free.find(box.extents)) return nodes_of(*corner, box.extents, count);
    }
    return pool.best_runs(count);
  }

 private:
  using Extents = std::vector<std::int64_t>;
  struct Box {
    std::int64_t leaks;  // dimensions in which the shortest way between two of its nodes may lead around outside
    std::int64_t volume;
    std::int64_t surface;
    std::int64_t reach;  // the sum of extents: among boxes of one surface, the roundest
    Extents extents;
    auto operator<=>(const Box&) const = default;
  };
  static constexpr int most_boxes = 12;  // beyond these a box wastes nodes or is so flat that a line is no worse

  // Finds free boxes: a box is free if no window of its extents holds a taken node, one dimension after the other.
  class FreeBoxes {
   public:
    FreeBoxes(const NodePool& pool, const std::vector<platform::TorusDimension>& dimensions) : dimensions_(dimensions) {
      nodes_ = 1;
      for (const auto& d : dimensions) nodes_ *= d.size;
      taken_.assign(static_cast<std::size_t>(nodes_), 1);
      for (const auto& [first, length] : pool.runs()) std::fill_n(taken_.begin() + first, length, std::uint8_t{0});
    }
    // The first corner, in node order, of a box of these extents without a taken node.
    std::optional<Extents> find(const Extents& extents) const {
      // Along one dimension after the other: blocked[i] says whether the `extent` nodes from i on hold a taken one.
      std::vector<std::uint8_t> blocked = taken_;
      std::int64_t stride = 1;
      for (std::size_t d = dimensions_.size(); d-- > 0;) {
        if (extents[d] > 1) blocked = slide(blocked, dimensions_[d], extents[d], stride);
        stride *= dimensions_[d].size;
      }
      const auto at = std::find(blocked.begin(), blocked.end(), 0);
      if (at == blocked.end()) return std::nullopt;
      Extents corner(dimensions_.size());
      auto rest = at - blocked.begin();
      for (std::size_t d = dimensions_.size(); d-- > 0;)
        corner[d] = rest % dimensions_[d].size, rest /= dimensions_[d].size;
      return corner;
    }

   private:
    std::vector<std::uint8_t> slide(const std::vector<std::uint8_t>& blocked, const platform::TorusDimension& dimension,
                                    std::int64_t extent, std::int64_t stride) const {
      std::vector<std::uint8_t> result(blocked.size());
      const std::int64_t size = dimension.size;
      // Windows that begin at `starts` places fit: all, where it wraps or fills the dimension only at its first place.
      const std::int64_t starts = extent == size ? 1 : dimension.wraps ? size : size - extent + 1;
      for (std::int64_t base = 0; base < nodes_; base += stride * size) {
        for (std::int64_t offset = base; offset < base + stride; ++offset) {
          std::int64_t inside = 0;  // taken nodes in the window
          for (std::int64_t i = 0; i < extent; ++i) inside += blocked[static_cast<std::size_t>(offset + i * stride)];
          std::int64_t next = extent == size ? 0 : extent;
          for (std::int64_t i = 0; i < size; ++i) {
            const auto here = static_cast<std::size_t>(offset + i * stride);
            result[here] = inside > 0 || i >= starts;
            inside += blocked[static_cast<std::size_t>(offset + next * stride)] - blocked[here];
            if (++next == size) next = 0;
          }
        }
      }
      return result;
    }

    const std::vector<platform::TorusDimension>& dimensions_;
    std::int64_t nodes_;
    std::vector<std::uint8_t> taken_;
  };

  // All boxes that hold `count` nodes and no fewer along any one dimension, best first; remembered by count.
  const std::vector<Box>& boxes_for(std::int64_t count) {
    const auto [it, fresh] = boxes_.try_emplace(count);
    if (!fresh) return it->second;
    Extents extents(dimensions_.size(), 1);
    collect(0, 1, count, extents, it->second);
    std::sort(it->second.begin(), it->second.end());
    if (it->second.size() > most_boxes) it->second.resize(most_boxes);
    return it->second;
  }

  // The last dimension's extent follows from the others, so this walks all but one dimension.
  void collect(std::size_t d, std::int64_t volume, std::int64_t count, Extents& extents,
               std::vector<Box>& boxes) const {
    if (d + 1 == dimensions_.size()) {
      extents[d] = (count + volume - 1) / volume;
      if (extents[d] > dimensions_[d].size) return;
      const std::int64_t whole = volume * extents[d];
      std::int64_t surface = 0, leaks = 0;
      for (std::size_t i = 0; i < extents.size(); ++i) {
        const std::int64_t size = dimensions_[i].size;
        if (extents[i] < size) surface += whole / extents[i];
        leaks += dimensions_[i].wraps && extents[i] < size && 2 * (extents[i] - 1) >= size;
      }
      boxes.push_back(
          {leaks, whole, surface, std::accumulate(extents.begin(), extents.end(), std::int64_t{0}), extents});
      return;
    }
    for (extents[d] = 1; extents[d] <= dimensions_[d].size; ++extents[d]) {
      collect(d + 1, volume * extents[d], count, extents, boxes);
      if (volume * extents[d] >= count) break;
    }
  }

  std::vector<NodeId> nodes_of(const Extents& corner, const Extents& extents, std::int64_t count) const {
    std::vector<NodeId> nodes;
    Extents step(extents.size(), 0);
    while (std::ssize(nodes) < count) {
      std::int64_t number = 0;
      for (std::size_t d = 0; d < extents.size(); ++d) {
        number = number * dimensions_[d].size + (corner[d] + step[d]) % dimensions_[d].size;
      }
      nodes.push_back(NodeId(static_cast<std::size_t>(number)));
      for (std::size_t d = extents.size(); d-- > 0;) {
        if (++step[d] < extents[d]) break;
        step[d] = 0;
      }
    }
    std::sort(nodes.begin(), nodes.end());
    return nodes;
  }

  std::vector<platform::TorusDimension> dimensions_;
  std::map<std::int64_t, std::vector<Box>> boxes_;
};

std::int64_t nodes_per_group(const platform::Topology& topology) {
  if (const auto* dragonfly = std::get_if<platform::Dragonfly>(&topology)) return dragonfly->nodes_per_group;
  if (const auto* dragonfly = std::get_if<platform::DragonflyPlus>(&topology)) return dragonfly->nodes_per_group;
  return 0;
}

// Connected parts, by walking from node to neighbouring node among those of the job.
std::int64_t count_parts(const platform::Torus& torus, std::span<const NodeId> nodes) {
  std::vector<bool> seen(nodes.size(), false);
  const auto position = [&](std::int64_t number) -> std::optional<std::size_t> {
    const auto it = std::lower_bound(nodes.begin(), nodes.end(), NodeId(static_cast<std::size_t>(number)));
    if (it == nodes.end() || it->index() != number) return std::nullopt;
    return static_cast<std::size_t>(it - nodes.begin());
  };
  std::int64_t parts = 0;
  std::vector<std::size_t> to_visit;
  for (std::size_t start = 0; start < nodes.size(); ++start) {
    if (seen[start]) continue;
    ++parts;
    seen[start] = true;
    to_visit.push_back(start);
    while (!to_visit.empty()) {
      const std::int64_t number = nodes[to_visit.back()].index();
      to_visit.pop_back();
      std::int64_t stride = 1;
      for (auto dimension = torus.dimensions.rbegin(); dimension != torus.dimensions.rend(); ++dimension) {
        const std::int64_t at = number / stride % dimension->size;
        for (const std::int64_t step : {-1, 1}) {
          const bool inside = at + step >= 0 && at + step < dimension->size;
          if (!inside && !dimension->wraps) continue;
          const std::int64_t next = (at + step + dimension->size) % dimension->size;
          const auto neighbour = position(number + (next - at) * stride);
          if (!neighbour || seen[*neighbour]) continue;
          seen[*neighbour] = true;
          to_visit.push_back(*neighbour);
        }
        stride *= dimension->size;
      }
    }
  }
  return parts;
}

}  // namespace

std::int64_t count_pieces(const platform::Topology& topology, std::span<const NodeId> nodes) {
  if (const auto* torus = std::get_if<platform::Torus>(&topology)) return count_parts(*torus, nodes);
  const std::int64_t per_group = nodes_per_group(topology);
  if (per_group == 0) return count_fragments(nodes);
  std::int64_t groups = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    groups += i == 0 || nodes[i].index() / per_group != nodes[i - 1].index() / per_group;
  }
  return groups;
}

std::unique_ptr<Placer> make_placer(Placement placement, const platform::Machine& machine, std::uint64_t seed) {
  const platform::Topology& topology = machine.network.topology;
  const auto* torus = std::get_if<platform::Torus>(&topology);
  const std::int64_t per_group = nodes_per_group(topology);
  if (placement == Placement::random) return std::make_unique<RandomPlacer>(seed);
  const bool any = placement == Placement::automatic;
  if (torus && (any || placement == Placement::contiguous)) return std::make_unique<BoxPlacer>(*torus);
  if (per_group > 0 && (any || placement == Placement::group_first)) return std::make_unique<GroupPlacer>(per_group);
  return std::make_unique<LinearPlacer>();
}

}  // namespace zettasim::engine
