// Dragonfly+ and the ways over third groups.
#include <cmath>
#include <map>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/topology/dragonfly_plus.hpp"
#include "zettasim/topology/metrics.hpp"

using namespace zettasim;
using namespace zettasim::literals;

// 4 groups x (3 leaves + 2 spines) = 20 switches; 4 x 3 x 2 cables inside groups, 6 pairs x 2 between them. With one
// interface the farthest nodes are leaf, spine, spine, leaf apart: 4 switches, 5 links.
TEST_CASE("a dragonfly+ has the switches, cables and diameter of its closed form", "[topology][analytic]") {
  auto machine = test::machine(test::dragonfly_plus(4, 3, 2, 6, 2));
  machine.node.nics.count = 1;
  const auto network = topology::build_network(machine);
  CHECK(network->switch_count() == 20);
  CHECK(network->link_count() == 2 * 24 + 2 * 24 + 2 * 12);
  const auto graph = topology::to_graph(*network);
  CHECK(topology::is_connected(graph));
  std::int64_t farthest = 0;
  for (std::size_t from = 0; from < 24; ++from) {
    const auto distances = topology::hop_distances(graph, from);
    for (std::size_t to = 0; to < 24; ++to) {
      if (from == to) continue;
      farthest = std::max(farthest, distances[to]);
      CHECK(std::lround(test::route(*network, from, to).latency / 100_ns) + 1 == distances[to]);
    }
  }
  CHECK(farthest == 5);
}

// Inside a group: a leaf sends a message evenly to its three spines.
TEST_CASE("inside a group of a dragonfly+ a message is split over all spines", "[topology][analytic]") {
  auto machine = test::machine(test::dragonfly_plus(2, 2, 3, 4));
  machine.node.nics.count = 1;
  const auto network = topology::build_network(machine);
  const auto route = test::route(*network, 0, 1);
  CHECK(route.links.size() == 2 + 2 * 3);
  for (std::size_t i = 2; i < route.links.size(); ++i) CHECK(route.links[i].share == Approx(1.0 / 3));
  CHECK(in_seconds(route.latency) == Approx(300e-9));
}

// Five groups, Valiant: nothing on the direct link, a third of the message over each of the three other groups.
// Adaptive with a quarter: three quarters on the direct link, a twelfth over each.
TEST_CASE("Valiant's routing spreads a message over all third groups", "[topology][analytic]") {
  for (const double valiant : {0.0, 0.25, 1.0}) {
    auto straight = test::dragonfly(5, 4, 4);
    straight.routing.valiant_share = valiant;
    auto plus = test::dragonfly_plus(5, 2, 4, 4);
    plus.routing.valiant_share = valiant;
    for (const auto& machine : {test::machine(straight), test::machine(plus)}) {
      const auto network = topology::build_network(machine);
      const std::size_t per_group = (network->vertex_count() - 20) / 5;
      const auto group = [&](std::size_t vertex) { return (vertex - 20) / per_group; };
      std::map<std::pair<std::size_t, std::size_t>, double> between;
      for (const auto& step : test::route(*network, 0, 4).links) {
        const auto link = network->link(step.link);
        if (link.role != topology::LinkRole::fabric || group(link.from) == group(link.to)) continue;
        between[{group(link.from), group(link.to)}] += step.share;
      }
      CHECK(between.size() == (valiant == 0.0 ? 1 : valiant == 1.0 ? 6 : 7));
      for (const auto& [pair, share] : between) {
        CHECK(share == Approx(pair == std::pair<std::size_t, std::size_t>(0, 1) ? 1 - valiant : valiant / 3));
      }
    }
  }
}

// All four nodes of group 0 send 1 byte to group 1 over its one cable: 4 bytes there. With Valiant over three other
// groups: 4/3 on each first cable.
TEST_CASE("traffic from one group to one other is relieved by third groups", "[topology][analytic]") {
  const auto heaviest_global = [](double valiant) {
    auto shape = test::dragonfly(5, 4, 4);
    shape.routing.valiant_share = valiant;
    const auto network = topology::build_network(test::machine(shape));
    topology::LinkLoads loads(network->link_count());
    for (std::size_t i = 0; i < 4; ++i) {
      for (const auto& step : test::route(*network, i, i + 4).links) loads.add(step.link, step.share);
    }
    double most = 0.0;
    for (const LinkId link : loads.touched()) {
      const auto there = network->link(link);
      if (there.role == topology::LinkRole::fabric && (there.from - 20) / 4 != (there.to - 20) / 4) {
        most = std::max(most, loads.on(link));
      }
    }
    return most;
  };
  CHECK(heaviest_global(0.0) == Approx(4.0));
  CHECK(heaviest_global(1.0) == Approx(4.0 / 3));
}

// Local 50 ns, global 500 ns, host 30 ns: host + local + global + local, and over a third group host + 3 local + 2
// global at most.
TEST_CASE("local and global links have latencies of their own", "[topology][analytic]") {
  auto shape = test::dragonfly(3, 4, 4);
  shape.host.latency = 30_ns;
  shape.local.latency = 50_ns;
  shape.global.latency = 500_ns;
  CHECK(in_seconds(test::route(*topology::build_network(test::machine(shape)), 0, 4).latency) == Approx(630e-9));
  shape.routing.valiant_share = 1.0;
  CHECK(in_seconds(test::route(*topology::build_network(test::machine(shape)), 0, 4).latency) == Approx(1180e-9));
}
