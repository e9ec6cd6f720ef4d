// The closed forms of all-to-all traffic against routing every pair.
#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/base/random.hpp"
#include "zettasim/topology/network.hpp"

using namespace zettasim;
using namespace zettasim::literals;

namespace {

void check_equal_to_pairwise(const platform::Machine& machine, double share, RandomStream& random) {
  const auto network = topology::build_network(machine);
  const auto nodes = test::some_nodes(*network, share, random);
  INFO(network->describe() << ", " << nodes.size() << " nodes");
  topology::LinkLoads closed(network->link_count());
  topology::LinkLoads pairwise(network->link_count());
  const Duration closed_latency = network->add_all_to_all(nodes, 24_B, closed);
  const Duration pairwise_latency = network->topology::Network::add_all_to_all(nodes, 24_B, pairwise);
  for (std::size_t i = 0; i < network->link_count(); ++i) {
    const LinkId id(i);
    if (closed.on(id) != Approx(pairwise.on(id)).epsilon(1e-9)) {
      FAIL(network->link_name(id) << ": " << closed.on(id) << " in closed form, " << pairwise.on(id) << " routed");
    }
  }
  CHECK(closed.touched().size() == pairwise.touched().size());
  CHECK(in_seconds(closed_latency) >= in_seconds(pairwise_latency) * (1 - 1e-12));
}

}  // namespace

TEST_CASE("all-to-all on tori and meshes loads links as its routed messages do", "[topology][property]") {
  RandomStream random(1, "all-to-all tori");
  for (int round = 0; round < 60; ++round) {
    platform::Torus shape;
    const int dimensions = 1 + static_cast<int>(random.uniform(0, 4));
    for (int d = 0; d < dimensions; ++d) {
      shape.dimensions.push_back({.name = std::string(1, static_cast<char>('p' + d)),
                                  .size = 1 + static_cast<std::int64_t>(random.uniform(0, d == 0 ? 9 : 5)),
                                  .wraps = random.uniform() < 0.6});
    }
    check_equal_to_pairwise(test::machine(shape), round % 3 == 0 ? 1.1 : random.uniform(), random);
  }
}

TEST_CASE("all-to-all on dragonflies loads links as its routed messages do", "[topology][property]") {
  RandomStream random(2, "all-to-all dragonflies");
  for (int round = 0; round < 60; ++round) {
    const auto upto = [&](double most) { return 1 + static_cast<std::int64_t>(random.uniform(0, most)); };
    const auto shape = test::dragonfly(upto(5), upto(5), upto(8), upto(6));
    auto machine = test::machine(shape, upto(static_cast<double>(shape.groups * shape.nodes_per_group)));
    machine.node.nics.count = upto(5);
    check_equal_to_pairwise(machine, round % 3 == 0 ? 1.1 : random.uniform(), random);
  }
}

TEST_CASE("all-to-all with ways over third groups loads links as its routed messages do", "[topology][property]") {
  RandomStream random(3, "all-to-all detours");
  for (int round = 0; round < 60; ++round) {
    const auto upto = [&](double most) { return 1 + static_cast<std::int64_t>(random.uniform(0, most)); };
    const double share = round % 2 == 0 ? 1.0 : random.uniform();
    auto straight = test::dragonfly(upto(6), upto(4), upto(6), upto(5));
    straight.routing.valiant_share = share;
    auto plus = test::dragonfly_plus(upto(6), upto(4), upto(4), upto(6), upto(5));
    plus.routing.valiant_share = round % 3 == 0 ? 0.0 : share;
    for (auto machine : {test::machine(straight), test::machine(plus)}) {
      machine.node.nics.count = upto(4);
      check_equal_to_pairwise(machine, round % 3 == 0 ? 1.1 : random.uniform(), random);
    }
  }
}

TEST_CASE("all-to-all on fat trees loads links as its routed messages do", "[topology][property]") {
  RandomStream random(4, "all-to-all fat trees");
  for (int round = 0; round < 60; ++round) {
    const auto upto = [&](double most) { return 1 + static_cast<std::int64_t>(random.uniform(0, most)); };
    platform::FatTree shape{
        .levels = {{.down = 64, .up = upto(6)}}, .rails = round % 2 == 0 ? 2 : 4, .nodes_per_group = upto(5)};
    if (round % 3 != 0) shape.levels.push_back({.down = upto(8), .up = upto(6), .blocks = upto(4)});
    shape.levels.push_back({.down = upto(20)});
    check_equal_to_pairwise(test::machine(shape, upto(60)), round % 3 == 0 ? 1.1 : random.uniform(), random);
  }
}

// Ring of n even: each link carries n^2 / 8 pairs: distances 1 to n/2 - 1 upwards sum to n (n/2 - 1) (n/2) / 2 hops,
// ties add n * n/2 / 2, over n links. For n = 8: 8 units; a unit is 10 bytes.
TEST_CASE("all-to-all on a ring of eight loads every link with eight messages", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::torus({8})));
  topology::LinkLoads loads(network->link_count());
  const Duration latency = network->add_all_to_all(test::first_nodes(8), 10_B, loads);
  for (std::size_t i = 0; i < 16; ++i) CHECK(loads.on(LinkId(i)) == Approx(70.0));
  for (std::size_t i = 16; i < 32; ++i) CHECK(loads.on(LinkId(i)) == Approx(80.0));
  CHECK(in_seconds(latency) == Approx(400e-9));
}

// Ring of n = 100,000: n^2 / 8 = 1.25e9 messages on each link; n^2 pairs would take minutes.
TEST_CASE("all-to-all on a ring of a hundred thousand nodes is exact and takes no time", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::torus({100'000})));
  topology::LinkLoads loads(network->link_count());
  network->add_all_to_all(test::first_nodes(100'000), 1_B, loads);
  CHECK(loads.on(LinkId(200'000)) == 1.25e9);
  CHECK(loads.on(LinkId(399'999)) == 1.25e9);
}

TEST_CASE("all-to-all of one node loads nothing", "[topology]") {
  for (const auto& machine : {test::machine(test::torus({4})), test::machine(test::dragonfly(2, 2, 2)),
                              test::machine(test::fully_connected())}) {
    const auto network = topology::build_network(machine);
    topology::LinkLoads loads(network->link_count());
    CHECK(network->add_all_to_all(test::first_nodes(1), 10_B, loads) == Duration{});
    CHECK(loads.touched().empty());
  }
}
