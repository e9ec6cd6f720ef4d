// What holds on every topology, and the fully connected one.
#include <set>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/topology/network.hpp"

using namespace zettasim;
using namespace zettasim::literals;

namespace {

template <class Groups>
platform::Machine with_routing(Groups shape, double valiant_share) {
  shape.routing.valiant_share = valiant_share;
  return test::machine(shape);
}

// Leaves of 3 nodes, pods of 3 leaves, all pods under one top; two rails.
platform::FatTree three_levels() {
  return {.levels = {{.down = 6, .up = 2}, {.down = 3, .up = 2, .blocks = 3}, {.down = 4}},
          .rails = 2,
          .nodes_per_group = 3};
}

std::vector<platform::Machine> some_machines() {
  return {test::machine(test::torus({5, 4, 2})),
          test::machine(test::mesh({3, 1, 4})),
          test::machine(test::tofu(2, 3, 2)),
          test::machine(test::torus({1})),
          test::machine(test::dragonfly(4, 3, 5, 2)),
          test::machine(test::dragonfly(3, 2, 4, 5), 9),
          test::machine(test::dragonfly(1, 4, 6)),
          test::machine(test::dragonfly(3, 1, 2, 1)),
          with_routing(test::dragonfly(4, 3, 5, 2), 0.4),
          with_routing(test::dragonfly(5, 4, 3, 5), 1.0),
          test::machine(test::dragonfly_plus(4, 3, 2, 5, 3)),
          with_routing(test::dragonfly_plus(4, 2, 3, 4, 2), 0.4),
          test::machine(test::dragonfly_plus(1, 3, 2, 5)),
          test::machine(test::fat_tree(4, 2), 18),
          test::machine(test::fat_tree(4, 2, 1), 3),
          test::machine(three_levels(), 31),
          test::machine(test::fully_connected(), 6),
          test::machine(test::fully_connected(), 1)};
}

}  // namespace

TEST_CASE("a route carries the whole message from its source to its destination and loses nothing between",
          "[topology]") {
  for (const auto& machine : some_machines()) {
    const auto network = topology::build_network(machine);
    INFO(network->describe());
    for (std::size_t from = 0; from < network->node_count(); ++from) {
      for (std::size_t to = 0; to < network->node_count(); ++to) {
        if (from == to) continue;
        const auto balance = test::balance(*network, test::route(*network, from, to));
        for (const auto& [vertex, share] : balance) {
          const double expected = vertex == to ? 1.0 : vertex == from ? -1.0 : 0.0;
          CHECK(share == Approx(expected).margin(1e-12));
        }
      }
    }
  }
}

TEST_CASE("a route names each link once and has injection and ejection shares of one", "[topology]") {
  for (const auto& machine : some_machines()) {
    const auto network = topology::build_network(machine);
    INFO(network->describe());
    for (std::size_t from = 0; from < network->node_count(); ++from) {
      for (std::size_t to = 0; to < network->node_count(); ++to) {
        if (from == to) continue;
        std::set<LinkId> seen;
        double injected = 0.0;
        double ejected = 0.0;
        for (const auto& step : test::route(*network, from, to).links) {
          CHECK(seen.insert(step.link).second);
          const auto role = network->role(step.link);
          if (role == topology::LinkRole::injection) injected += step.share;
          if (role == topology::LinkRole::ejection) ejected += step.share;
        }
        CHECK(injected == Approx(1.0));
        CHECK(ejected == Approx(1.0));
      }
    }
  }
}

TEST_CASE("every link id is a link with two valid ends and a name of its own", "[topology]") {
  for (const auto& machine : some_machines()) {
    const auto network = topology::build_network(machine);
    INFO(network->describe());
    std::set<std::string> names;
    for (std::size_t i = 0; i < network->link_count(); ++i) {
      const LinkId id(i);
      const auto link = network->link(id);
      CHECK(link.from < network->vertex_count());
      CHECK(link.to < network->vertex_count());
      CHECK(link.role == network->role(id));
      CHECK(link.bandwidth == network->bandwidth(id));
      CHECK(link.energy == network->energy(id));
      CHECK((link.cables > 0) == (link.from != link.to));
      CHECK(link.bandwidth > Bandwidth{});
      names.insert(network->link_name(id));
    }
    // Parallel cables between two switches and interfaces on one switch may share a name.
    const auto& topology = machine.network.topology;
    if (!std::holds_alternative<platform::Dragonfly>(topology) &&
        !std::holds_alternative<platform::DragonflyPlus>(topology)) {
      CHECK(names.size() == network->link_count());
    }
  }
}

// 6 nodes: 6 injections, 6 ejections and 6 x 5 directed pairs; one hop of 100 ns.
TEST_CASE("a fully connected network has one link for each ordered pair of nodes", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::fully_connected(), 6));
  CHECK(network->link_count() == 42);
  const auto route = test::route(*network, 4, 2);
  REQUIRE(route.links.size() == 3);
  CHECK(in_seconds(route.latency) == Approx(100e-9));
  CHECK(network->link_name(route.links[0].link) == "node 4 injection");
  CHECK(network->link_name(route.links[1].link) == "node 4 to node 2");
  CHECK(network->link_name(route.links[2].link) == "node 2 ejection");
}

// 4 interfaces of 25 GB/s; 80 % of 50 GB/s.
TEST_CASE("interfaces add up to the injection bandwidth and links give their payload share", "[topology][analytic]") {
  auto machine = test::machine(test::torus({4, 4}));
  machine.network.link_efficiency = 0.8;
  const auto network = topology::build_network(machine);
  const auto route = test::route(*network, 0, 1);
  REQUIRE(route.links.size() == 3);
  CHECK(in_bytes_per_second(network->bandwidth(route.links[0].link)) == Approx(100e9));
  CHECK(in_bytes_per_second(network->bandwidth(route.links[1].link)) == Approx(40e9));
}

TEST_CASE("a topology that does not fit the machine or cannot be numbered is an input error", "[topology]") {
  CHECK_THROWS_AS(topology::build_network(test::machine(test::torus({4, 4}), 15)), InputError);
  CHECK_THROWS_AS(topology::build_network(test::machine(test::torus({1'000'000, 1'000'000, 1'000'000}), 5)),
                  InputError);
  CHECK_THROWS_AS(topology::build_network(test::machine(test::torus({0, 4}), 1)), InputError);
  CHECK_THROWS_AS(topology::build_network(test::machine(test::dragonfly(2, 2, 2), 5)), InputError);
  CHECK_THROWS_AS(topology::build_network(test::machine(test::dragonfly(1'000'000, 1, 1), 5)), InputError);
  CHECK_THROWS_AS(topology::build_network(test::machine(test::dragonfly(2, 1'000'000'000'000, 1), 2)), InputError);
  CHECK_THROWS_AS(topology::build_network(test::machine(test::dragonfly(2, 2, 2, 0), 2)), InputError);
  CHECK_THROWS_AS(topology::build_network(test::machine(test::fully_connected(), 1'000'000)), InputError);
  CHECK_THROWS_AS(topology::build_network(test::machine(test::dragonfly_plus(2, 2, 2, 2), 5)), InputError);
  CHECK_THROWS_AS(topology::build_network(test::machine(test::dragonfly_plus(2, 0, 2, 2), 2)), InputError);
  CHECK_THROWS_AS(topology::build_network(test::machine(test::fat_tree(4, 2, 3), 8)), InputError);
  CHECK_THROWS_AS(topology::build_network(test::machine(test::fat_tree(4, 0), 8)), InputError);
  CHECK_THROWS_AS(topology::build_network(test::machine(platform::FatTree{}, 8)), InputError);
  CHECK_THROWS_AS(topology::build_network(test::machine(platform::FatTree{.levels = {{.down = 4}}}, 8)), InputError);
}

TEST_CASE("loads remember what was touched and come out in the order of link ids", "[topology]") {
  topology::LinkLoads loads(1000);
  loads.add(LinkId(900), 1.0);
  loads.add(LinkId(3), 2.0);
  loads.add(LinkId(900), 4.0);
  loads.add(LinkId(5), 0.0);
  const auto sorted = loads.sorted();
  REQUIRE(sorted.size() == 2);
  CHECK(sorted[0].link == LinkId(3));
  CHECK(sorted[1].bytes == 5.0);
  loads.clear();
  CHECK(loads.sorted().empty());
  CHECK(loads.on(LinkId(900)) == 0.0);
  for (std::size_t i = 1000; i-- > 0;) loads.add(LinkId(i), static_cast<double>(i) + 1.0);
  CHECK(loads.sorted()[7].link == LinkId(7));
}
