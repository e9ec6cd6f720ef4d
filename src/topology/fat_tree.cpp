// Ids: injections by node and rail, ejections, then for each level below the top the links up and the links down, each
// by rail and block.
#include "zettasim/topology/fat_tree.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "limits.hpp"

namespace zettasim::topology {
namespace {

const platform::FatTree& shape_of(const platform::Machine& machine) {
  return std::get<platform::FatTree>(machine.network.topology);
}

constexpr std::int64_t rounded_up(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

void check_shape(const platform::Machine& machine) {
  const auto& shape = shape_of(machine);
  const std::int64_t interfaces = machine.node.nics.count;
  if (shape.levels.empty()) refuse(machine, "found a fat tree without levels, expected at least 1");
  if (shape.rails < 1 || shape.nodes_per_group < 1 || interfaces < 1 || machine.node_count < 1) {
    refuse(machine, "found a fat tree with a count below 1, expected 1 or more");
  }
  if (interfaces % shape.rails != 0) {
    refuse(machine,
           fmt::format("found {} rails, expected a divisor of the {} interfaces of a node", shape.rails, interfaces));
  }
  for (std::size_t i = 0; i < shape.levels.size(); ++i) {
    const auto& level = shape.levels[i];
    const bool top = i + 1 == shape.levels.size();
    if (level.down < 1 || (!top && level.up < 1) || (!top && i > 0 && level.blocks < 1)) {
      refuse(machine, fmt::format("found a level {} without ports or blocks, expected 1 or more of each", i + 1));
    }
  }
}

}  // namespace

FatTree::FatTree(const platform::Machine& machine) {
  check_shape(machine);
  const auto& shape = shape_of(machine);
  const std::int64_t nodes = machine.node_count;
  check_link_count(machine, bounded_product(2 * shape.rails, nodes), "fat tree");
  host_ = host_kind(machine, shape.host);
  node_count_ = static_cast<std::size_t>(nodes);
  rails_ = static_cast<std::size_t>(shape.rails);
  ports_ = static_cast<std::size_t>(machine.node.nics.count / shape.rails);
  std::int64_t next = 2 * shape.rails * nodes;
  std::int64_t block_nodes = shape.nodes_per_group;
  std::int64_t below = 0, cables_below = 0;  // blocks of the level below, cables up from each
  for (std::size_t i = 0; i < shape.levels.size(); ++i) {
    const auto& given = shape.levels[i];
    const bool top = i + 1 == shape.levels.size();
    const std::int64_t children = i == 0 ? 0 : top ? below : given.blocks;
    if (i > 0) block_nodes = bounded_product(block_nodes, children);
    Level level;
    const std::int64_t blocks = top && i > 0 ? 1 : rounded_up(nodes, block_nodes);
    const std::int64_t switches = i == 0 ? 1 : rounded_up(bounded_product(children, cables_below), given.down);
    const std::int64_t cables = top ? 0 : bounded_product(switches, given.up);
    if (top && blocks > 1) {
      refuse(machine, fmt::format("found {} nodes on a fat tree of one level, expected at most {}, those on one switch",
                                  nodes, block_nodes));
    }
    check_link_count(machine, bounded_product(switches, blocks), "fat tree");
    check_link_count(machine, cables, "fat tree");
    level.nodes = static_cast<std::size_t>(block_nodes);
    level.blocks = static_cast<std::size_t>(blocks);
    level.switches = static_cast<std::size_t>(switches);
    level.cables = static_cast<std::size_t>(cables);
    level.first_block = blocks_in_a_rail_;
    level.first_up = static_cast<std::size_t>(next);
    level.first_down = static_cast<std::size_t>(next + (top ? 0 : shape.rails * blocks));
    level.link = fabric_kind(machine.network, given.link);
    next += top ? 0 : 2 * shape.rails * blocks;
    check_link_count(machine, next, "fat tree");
    blocks_in_a_rail_ += level.blocks;
    levels_.push_back(level);
    below = blocks;
    cables_below = cables;
  }
  link_count_ = static_cast<std::size_t>(next);
}

std::size_t FatTree::switch_count() const {
  std::size_t count = 0;
  for (const Level& level : levels_) count += rails_ * level.blocks * level.switches;
  return count;
}

LinkRole FatTree::role(LinkId id) const {
  if (id.index() >= 2 * rails_ * node_count_) return LinkRole::fabric;
  return id.index() < rails_ * node_count_ ? LinkRole::injection : LinkRole::ejection;
}

const FatTree::Level& FatTree::level_of(LinkId id) const {
  const auto after = std::upper_bound(levels_.begin(), levels_.end() - 1, id.index(),
                                      [](std::size_t index, const Level& level) { return index < level.first_up; });
  return *(after - 1);
}

FatTree::Trunk FatTree::trunk(LinkId id) const {
  const Level& level = level_of(id);
  const bool up = id.index() < level.first_down;
  const std::size_t at = id.index() - (up ? level.first_up : level.first_down);
  return {.level = &level, .rail = at / level.blocks, .block = at % level.blocks, .up = up};
}

Bandwidth FatTree::bandwidth(LinkId id) const {
  if (role(id) != LinkRole::fabric) return host_.bandwidth * static_cast<double>(ports_);
  const Level& level = level_of(id);
  return level.link.bandwidth * static_cast<double>(level.cables);
}

EnergyPerByte FatTree::energy(LinkId id) const {
  return role(id) == LinkRole::fabric ? level_of(id).link.energy : host_.energy;
}

Link FatTree::link(LinkId id) const {
  const LinkRole what = role(id);
  if (what != LinkRole::fabric) {
    const std::size_t port = id.index() % (rails_ * node_count_);
    const std::size_t node = port / rails_;
    const std::size_t leaf = vertex(levels_.front(), port % rails_, node / levels_.front().nodes);
    const bool injects = what == LinkRole::injection;
    return make_link(host_, injects ? node : leaf, injects ? leaf : node, what, ports_);
  }
  const Trunk there = trunk(id);
  const Level& above = *(there.level + 1);
  const std::size_t low = vertex(*there.level, there.rail, there.block);
  const std::size_t high =
      vertex(above, there.rail, std::min(there.block * there.level->nodes / above.nodes, above.blocks - 1));
  return make_link(there.level->link, there.up ? low : high, there.up ? high : low, what, there.level->cables);
}

Duration FatTree::append_route(NodeId from, NodeId to, std::vector<RoutedLink>& route) const {
  const double share = 1.0 / static_cast<double>(rails_);
  Duration latency = host_.latency;
  for (std::size_t r = 0; r < rails_; ++r) {
    route.push_back({.link = LinkId(from.index() * rails_ + r), .share = share});
  }
  for (std::size_t i = 0; i + 1 < levels_.size(); ++i) {
    const Level& level = levels_[i];
    const std::size_t near = from.index() / level.nodes;
    const std::size_t far = to.index() / level.nodes;
    if (near == far) break;
    latency += level.link.latency * 2.0;
    for (std::size_t r = 0; r < rails_; ++r) {
      route.push_back({.link = LinkId(level.first_up + r * level.blocks + near), .share = share});
      route.push_back({.link = LinkId(level.first_down + r * level.blocks + far), .share = share});
    }
  }
  for (std::size_t r = 0; r < rails_; ++r) {
    route.push_back({.link = LinkId((node_count_ + to.index()) * rails_ + r), .share = share});
  }
  return latency;
}

// Up from a block goes what its m members send to the n - m others, and down the same.
Duration FatTree::add_all_to_all(std::span<const NodeId> nodes, DataSize per_pair, LinkLoads& loads) const {
  if (nodes.size() < 2) return Duration{};
  const auto all = static_cast<double>(nodes.size());
  const double bytes = in_bytes(per_pair) / static_cast<double>(rails_);
  for (const NodeId node : nodes) {
    for (std::size_t r = 0; r < rails_; ++r) {
      loads.add(LinkId(node.index() * rails_ + r), bytes * (all - 1.0));
      loads.add(LinkId((node_count_ + node.index()) * rails_ + r), bytes * (all - 1.0));
    }
  }
  Duration latency = host_.latency;
  for (std::size_t i = 0; i + 1 < levels_.size(); ++i) {
    const Level& level = levels_[i];
    std::vector<double> members(level.blocks, 0.0);
    for (const NodeId node : nodes) members[node.index() / level.nodes] += 1.0;
    bool crossed = false;
    for (std::size_t b = 0; b < level.blocks; ++b) {
      const double messages = members[b] * (all - members[b]);
      if (messages == 0.0) continue;
      crossed = true;
      for (std::size_t r = 0; r < rails_; ++r) {
        loads.add(LinkId(level.first_up + r * level.blocks + b), messages * bytes);
        loads.add(LinkId(level.first_down + r * level.blocks + b), messages * bytes);
      }
    }
    if (crossed) latency += level.link.latency * 2.0;
  }
  return latency;
}

std::string FatTree::describe() const {
  const Level& leaf = levels_.front();
  return fmt::format("fat tree of {} level{}, {} rail{}, {} nodes a leaf, {} cables up from it, {} switches",
                     levels_.size(), levels_.size() == 1 ? "" : "s", rails_, rails_ == 1 ? "" : "s", leaf.nodes,
                     leaf.cables, switch_count());
}

std::string FatTree::vertex_name(std::size_t v) const {
  if (v < node_count_) return fmt::format("node {}", v);
  const std::size_t rail = (v - node_count_) / blocks_in_a_rail_;
  const std::size_t block = (v - node_count_) % blocks_in_a_rail_;
  std::size_t i = 0;
  while (i + 1 < levels_.size() && block >= levels_[i + 1].first_block) ++i;
  if (i == 0) return fmt::format("rail {} leaf {}", rail, block);
  if (i + 1 == levels_.size()) return fmt::format("rail {} top ({} switches)", rail, levels_[i].switches);
  return fmt::format("rail {} level {} block {} ({} switches)", rail, i + 1, block - levels_[i].first_block,
                     levels_[i].switches);
}

std::string FatTree::link_name(LinkId id) const {
  const Link there = link(id);
  return fmt::format("{} to {}", vertex_name(there.from), vertex_name(there.to));
}

}  // namespace zettasim::topology
