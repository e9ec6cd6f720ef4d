#include "engine/placement.hpp"

#include <set>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/run_numbers.hpp"
#include "support/traces.hpp"
#include "zettasim/base/random.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using namespace zettasim::test;
using engine::NodePool;
using engine::Placement;

namespace {

std::vector<NodeId> ids(const std::vector<int>& numbers) {
  std::vector<NodeId> nodes;
  for (const int number : numbers) nodes.emplace_back(number);
  return nodes;
}

// `count` nodes, taken from the pool.
std::vector<NodeId> place(engine::Placer& placer, NodePool& pool, std::int64_t count) {
  auto nodes = placer.choose(pool, count);
  pool.take(nodes);
  return nodes;
}

}  // namespace

// Nodes of a 4 x 4 x 4 torus are numbered 16 x + 4 y + z. A cube of 2 x 2 x 2 at the origin: 0, 1, 4, 5, 16, 17,
// 20, 21.
TEST_CASE("eight nodes of a torus are a cube") {
  const auto machine = test::machine(torus({4, 4, 4}));
  NodePool pool(64);
  const auto placer = engine::make_placer(Placement::contiguous, machine, 1);
  CHECK(place(*placer, pool, 8) == ids({0, 1, 4, 5, 16, 17, 20, 21}));
}

// A ring of 8 with nodes 3, 4 and 5 taken: five nodes are free in a row only over the edge, 6, 7, 0, 1, 2. A mesh has
// no such row.
TEST_CASE("a box reaches over the edge of a dimension that wraps and of no other") {
  for (const bool wraps : {true, false}) {
    const auto machine = test::machine(wraps ? torus({8}) : mesh({8}));
    NodePool pool(8);
    pool.take(ids({3, 4, 5}));
    const auto placer = engine::make_placer(Placement::contiguous, machine, 1);
    const auto nodes = placer->choose(pool, 4);
    CHECK(engine::count_pieces(machine.network.topology, nodes) == (wraps ? 1 : 2));
  }
}

TEST_CASE("every rule gives as many free nodes as asked for in ascending order") {
  RandomStream random(5, "placement");
  for (const auto& machine :
       {test::machine(torus({3, 4, 5})), test::machine(tofu(2, 3, 2)), test::machine(dragonfly(5, 4, 8)),
        test::machine(dragonfly_plus(4, 2, 2, 10)), test::machine(fully_connected(), 40)}) {
    for (const auto placement :
         {Placement::automatic, Placement::linear, Placement::contiguous, Placement::group_first, Placement::random}) {
      NodePool pool(machine.node_count);
      const auto placer = engine::make_placer(placement, machine, 3);
      std::vector<std::vector<NodeId>> held;
      std::set<NodeId> taken;
      for (int i = 0; i < 300; ++i) {
        const auto wanted = 1 + static_cast<std::int64_t>(random.uniform(0.0, 15.0));
        if (random.uniform() < 0.6 && wanted <= pool.free()) {
          held.push_back(place(*placer, pool, wanted));
          REQUIRE(std::ssize(held.back()) == wanted);
          REQUIRE(std::is_sorted(held.back().begin(), held.back().end()));
          for (const NodeId node : held.back()) REQUIRE(taken.insert(node).second);
        } else if (!held.empty()) {
          for (const NodeId node : held.front()) taken.erase(node);
          pool.give_back(held.front());
          held.erase(held.begin());
        }
      }
    }
  }
}

// Groups of 8: one has 3 nodes free, one 6, one 8. Five nodes go where they leave 1 over; nine need two groups, the
// emptiest first.
TEST_CASE("a job goes into the fullest group of a dragonfly that holds it") {
  const auto machine = test::machine(dragonfly(3, 4, 8));
  NodePool pool(24);
  pool.take(ids({0, 1, 2, 3, 4, 8, 9}));
  const auto placer = engine::make_placer(Placement::group_first, machine, 1);
  CHECK(placer->choose(pool, 5) == ids({10, 11, 12, 13, 14}));
  const auto nine = placer->choose(pool, 9);
  CHECK(nine == ids({10, 16, 17, 18, 19, 20, 21, 22, 23}));
  CHECK(engine::count_pieces(machine.network.topology, nine) == 2);
}

TEST_CASE("random placement is the same for the same seed and another for another") {
  const auto machine = test::machine(torus({8, 8}));
  NodePool pool(64);
  const auto draw = [&](std::uint64_t seed) {
    return engine::make_placer(Placement::random, machine, seed)->choose(pool, 10);
  };
  CHECK(draw(1) == draw(1));
  CHECK(draw(1) != draw(2));
}

TEST_CASE("a piece of a torus is what is connected over its links") {
  const auto machine = test::machine(torus({4, 4}));  // 4 x + y
  const auto pieces = [&](const std::vector<int>& numbers) {
    return engine::count_pieces(machine.network.topology, ids(numbers));
  };
  CHECK(pieces({0, 4, 8}) == 1);  // along x
  CHECK(pieces({0, 12}) == 1);    // over the edge
  CHECK(pieces({0, 5}) == 2);     // diagonal
  CHECK(pieces({3, 4}) == 2);     // consecutive numbers, different rows
}

// Two jobs of 8 nodes on a 4 x 4 torus, all of it traffic. In boxes of 4 x 2 each keeps to its own links.
TEST_CASE("jobs in boxes of their own do not feel each other and scattered ones do") {
  const auto machine = test::machine(torus({4, 4}));
  const auto jobs = trace({job(steps(10, {all_reduce(1_GB)}), 8), job(steps(10, {all_reduce(1_GB)}), 8)});
  const Numbers apart = simulate_in_child(machine, jobs, {.placement = Placement::contiguous});
  const Numbers scattered = simulate_in_child(machine, jobs, {.placement = Placement::random});
  CHECK(apart.job(0).sharing_s == 0.0);
  CHECK(scattered.job(0).sharing_s > 0.0);
  CHECK(scattered.end_s() > apart.end_s());
}
