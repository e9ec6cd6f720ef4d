// Storage tiers of tests/support/machines.hpp: scratch is shared, 100 GB/s, 1 ms; local is in each node, 5 GB/s, 100
// us.
#include "zettasim/cost/storage.hpp"

#include "support/catch.hpp"
#include "support/machines.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using cost::Access;

// 16 nodes * 100 GB = 1.6 TB over 100 GB/s = 16 s, plus 1 ms; 1 nJ/byte.
TEST_CASE("a shared tier serves all nodes together at its own rate", "[cost][analytic]") {
  const auto machine = test::machine(test::torus({4, 4}));
  const auto cost = cost::storage_cost(machine, machine.storage[0], Access::write, 100_GB, 16);
  CHECK(in_seconds(cost.time) == Approx(16.001).epsilon(1e-12));
  CHECK(in_bytes(cost.total) == Approx(1.6e12));
  CHECK(in_bytes_per_second(cost.rate) == Approx(100e9));
  CHECK(in_joules(cost.energy) == Approx(1600.0));
}

// Two nodes with one 25 GB/s interface each: 50 GB/s of the tier's 100.
TEST_CASE("few nodes reach a shared tier at the rate of their interfaces", "[cost][analytic]") {
  auto machine = test::machine(test::torus({4, 4}));
  machine.node.nics.count = 1;
  const auto cost = cost::storage_cost(machine, machine.storage[0], Access::read, 100_GB, 2);
  CHECK(in_seconds(cost.time) == Approx(4.001).epsilon(1e-12));
}

// 10 GB / (5 GB/s) + 100 us, whatever the number of nodes.
TEST_CASE("a tier in the nodes takes as long for many nodes as for one", "[cost][analytic]") {
  const auto machine = test::machine(test::torus({4, 4}));
  for (const std::int64_t nodes : {1, 16}) {
    const auto cost = cost::storage_cost(machine, machine.storage[1], Access::read, 10_GB, nodes);
    CHECK(in_seconds(cost.time) == Approx(2.0001).epsilon(1e-12));
    CHECK(in_bytes_per_second(cost.rate) == Approx(5e9 * static_cast<double>(nodes)));
  }
}

TEST_CASE("reading and writing have their own rates", "[cost]") {
  auto machine = test::machine(test::torus({4, 4}));
  machine.storage[0].read = bytes_per_second(400e9);
  const auto& scratch = machine.storage[0];
  CHECK(cost::storage_cost(machine, scratch, Access::read, 100_GB, 16).time <
        cost::storage_cost(machine, scratch, Access::write, 100_GB, 16).time);
}

TEST_CASE("moving nothing takes no time", "[cost]") {
  const auto machine = test::machine(test::torus({4, 4}));
  CHECK(cost::storage_cost(machine, machine.storage[0], Access::write, 0_B, 16).time == Duration{});
  CHECK(cost::storage_cost(machine, machine.storage[0], Access::write, 1_GB, 0).time == Duration{});
}
