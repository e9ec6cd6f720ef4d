// Which free nodes a job is given. A rule of its own for each kind of network, and two that know none.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/node_pool.hpp"
#include "zettasim/engine/simulate.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::engine {

class Placer {
 public:
  virtual ~Placer() = default;
  // `count` of the pool's free nodes, ascending; the pool is not changed. `count` is at most what is free.
  virtual std::vector<NodeId> choose(const NodePool& pool, std::int64_t count) = 0;
};

// Placement::automatic is settled by the topology: boxes on a torus, groups on a dragonfly, lines elsewhere.
std::unique_ptr<Placer> make_placer(Placement placement, const platform::Machine& machine, std::uint64_t seed);

// In how many pieces a job's nodes (ascending) lie: connected parts of a torus, groups of a dragonfly, elsewhere runs
// of consecutive numbers.
std::int64_t count_pieces(const platform::Topology& topology, std::span<const NodeId> nodes);

}  // namespace zettasim::engine
