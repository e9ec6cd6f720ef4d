// Trees of switches whose upper links grow with what hangs below them: k levels, tapered or not, one tree a rail.
//
// The simplest form first: a leaf with 64 ports down holds 64 nodes and has 64 cables up, spread over all switches of
// the level above; a message between two leaves is split evenly over those ways. Then every one of the 64 cables
// carries the same bytes whatever the traffic, and so does every spine. So the model has one link for the cables up
// from a leaf, as fast as all of them (Link::cables says how many), and one vertex for all spines: the same time on
// links, exactly, with two links where there were 128. It is the same for higher levels: a block is a leaf, or the
// switches that join blocks of the level below; each block has one link up and one down.
//
// Where it stops being valid: single paths per flow (static ECMP collides), and switches of one level that fail or
// differ. Rails meet only in the nodes: interface i sends to interface i.
#pragma once

#include <vector>

#include "zettasim/topology/link_kind.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::topology {

class FatTree final : public Network {
 public:
  explicit FatTree(const platform::Machine& machine);

  std::size_t node_count() const override { return node_count_; }
  std::size_t switch_count() const override;
  std::size_t vertex_count() const override { return node_count_ + rails_ * blocks_in_a_rail_; }
  std::size_t link_count() const override { return link_count_; }
  Link link(LinkId id) const override;
  LinkRole role(LinkId id) const override;
  Bandwidth bandwidth(LinkId id) const override;
  EnergyPerByte energy(LinkId id) const override;
  Duration append_route(NodeId from, NodeId to, std::vector<RoutedLink>& route) const override;
  Duration add_all_to_all(std::span<const NodeId> nodes, DataSize per_pair, LinkLoads& loads) const override;
  std::string describe() const override;
  std::string link_name(LinkId id) const override;

 private:
  // A level, and the links up from its blocks; the top has none.
  struct Level {
    std::size_t nodes = 1;     // in a block
    std::size_t blocks = 1;    // of a rail
    std::size_t switches = 1;  // in a block
    std::size_t cables = 0;    // up from a block
    std::size_t first_block = 0;
    std::size_t first_up = 0;
    std::size_t first_down = 0;
    LinkKind link = {};
  };
  struct Trunk {
    const Level* level = nullptr;
    std::size_t rail = 0;
    std::size_t block = 0;
    bool up = false;
  };

  const Level& level_of(LinkId id) const;
  Trunk trunk(LinkId id) const;
  std::size_t vertex(const Level& level, std::size_t rail, std::size_t block) const {
    return node_count_ + rail * blocks_in_a_rail_ + level.first_block + block;
  }
  std::string vertex_name(std::size_t vertex) const;

  std::size_t node_count_ = 0;
  std::size_t rails_ = 1;
  std::size_t ports_ = 1;  // of a node on one rail
  std::size_t blocks_in_a_rail_ = 0;
  std::size_t link_count_ = 0;
  std::vector<Level> levels_;
  LinkKind host_;
};

}  // namespace zettasim::topology
