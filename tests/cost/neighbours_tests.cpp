// Halo exchanges and the grids they run on.
#include <algorithm>
#include <numeric>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/cost/communication.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using Extents = std::vector<std::int64_t>;

TEST_CASE("grids are as square as the node count allows", "[cost][analytic]") {
  CHECK(cost::grid_extents(1, 3) == Extents{1, 1, 1});
  CHECK(cost::grid_extents(2, 3) == Extents{2, 1, 1});
  CHECK(cost::grid_extents(64, 3) == Extents{4, 4, 4});
  CHECK(cost::grid_extents(12, 2) == Extents{4, 3});
  CHECK(cost::grid_extents(24, 3) == Extents{4, 3, 2});
  CHECK(cost::grid_extents(3840, 3) == Extents{16, 16, 15});
  CHECK(cost::grid_extents(9472, 3) == Extents{37, 16, 16});
  CHECK(cost::grid_extents(97, 3) == Extents{97, 1, 1});
  CHECK(cost::grid_extents(158'976, 1) == Extents{158'976});
  CHECK(cost::grid_extents(36, 4) == Extents{3, 3, 2, 2});
}

TEST_CASE("grids multiply up to the node count and fall in extent for every count", "[cost][property]") {
  for (std::int64_t nodes = 1; nodes <= 3000; ++nodes) {
    for (const int dimensions : {1, 2, 3, 4, 6}) {
      const auto extents = cost::grid_extents(nodes, dimensions);
      REQUIRE(extents.size() == static_cast<std::size_t>(dimensions));
      REQUIRE(std::accumulate(extents.begin(), extents.end(), std::int64_t{1}, std::multiplies<>()) == nodes);
      REQUIRE(std::is_sorted(extents.rbegin(), extents.rend()));
    }
  }
  for (const int dimensions : {2, 3, 5, 8, 50}) {
    const auto extents = cost::grid_extents(245'044'800, dimensions);  // a number of very many divisors
    CHECK(std::accumulate(extents.begin(), extents.end(), std::int64_t{1}, std::multiplies<>()) == 245'044'800);
  }
}

// A 4 x 4 x 4 grid on a 4 x 4 x 4 torus: each neighbour one hop, each link one message of 1 MB; each interface
// sends 6 MB at 100 GB/s = 60 us, a link 1 MB at 50 GB/s = 20 us. Software 1 us, one hop 100 ns.
TEST_CASE("a halo on a torus of its own shape is bound by the interfaces", "[cost][analytic]") {
  auto machine = test::machine(test::torus({4, 4, 4}));
  machine.network.message_latency = 1_us;
  const auto network = topology::build_network(machine);
  cost::CommunicationModel model(machine, *network);
  const auto cost = model.neighbours(3, 1_MB, test::first_nodes(64));
  CHECK(in_seconds(cost.latency) == Approx(1.1e-6).epsilon(1e-12));
  CHECK(in_seconds(cost.time) == Approx(61.1e-6).epsilon(1e-12));
  CHECK(cost.messages == 6 * 64);
  for (const auto& load : cost.loads) {
    const bool fabric = network->role(load.link) == topology::LinkRole::fabric;
    CHECK(load.bytes == Approx(fabric ? 1e6 : 6e6));
  }
  // 384 messages of 1 MB, one hop each at 80 pJ/byte; sent and received at 40 pJ/byte.
  CHECK(in_joules(cost.network_energy) == Approx(384e6 * 80e-12));
  CHECK(in_joules(cost.nic_energy) == Approx(2 * 384e6 * 40e-12));
}

// Extents 2 x 1 x 1: each of the two nodes sends both messages to the other.
TEST_CASE("along an extent of two both neighbours are the same node and along one there is none", "[cost][analytic]") {
  const auto machine = test::machine(test::fully_connected(), 2);
  const auto network = topology::build_network(machine);
  cost::CommunicationModel model(machine, *network);
  const auto cost = model.neighbours(3, 1_MB, test::first_nodes(2));
  CHECK(cost.messages == 4);
  CHECK(in_seconds(cost.time) == Approx(100e-9 + 2e6 / 50e9).epsilon(1e-12));
}

TEST_CASE("a node alone exchanges nothing with itself", "[cost]") {
  const auto machine = test::machine(test::torus({4}));
  const auto network = topology::build_network(machine);
  cost::CommunicationModel model(machine, *network);
  CHECK(model.neighbours(3, 1_MB, test::first_nodes(1)).time == Duration{});
  CHECK(model.neighbours(0, 1_MB, test::first_nodes(4)).messages == 0);
  CHECK(model.neighbours(2'000'000'000, 1_MB, test::first_nodes(4)).messages == 16);
}
