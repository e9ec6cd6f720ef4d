// Routes against breadth-first search: shortest-way routing is minimal, and the large networks have their known
// diameters.
#include <cmath>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/base/random.hpp"
#include "zettasim/topology/metrics.hpp"

using namespace zettasim;

TEST_CASE("routed hops on tori and meshes equal breadth-first distances", "[topology][property]") {
  RandomStream random(3, "minimal tori");
  for (int round = 0; round < 20; ++round) {
    platform::Torus shape;
    for (const char* name : {"x", "y", "z"}) {
      shape.dimensions.push_back(
          {.name = name, .size = 1 + static_cast<std::int64_t>(random.uniform(0, 6)), .wraps = random.uniform() < 0.6});
    }
    const auto machine = test::machine(shape);
    const auto network = topology::build_network(machine);
    INFO(network->describe());
    const auto graph = topology::to_graph(*network);
    CHECK(topology::is_connected(graph));
    for (std::size_t from = 0; from < network->node_count(); ++from) {
      const auto distances = topology::hop_distances(graph, from);
      for (std::size_t to = 0; to < network->node_count(); ++to) {
        if (from == to) continue;
        const double hops = test::route(*network, from, to).latency / machine.network.link_latency;
        CHECK(std::lround(hops) == distances[to]);
      }
    }
  }
}

// A route that passes s switches crosses s + 1 links from node to node. Minimal routing goes straight from group to
// group, so a way over a third group may now and then be a link shorter, and none of the routes can be shorter than the
// shortest.
TEST_CASE("routes of a dragonfly pass at most four switches and are no shorter than the shortest path",
          "[topology][property]") {
  auto machine = test::machine(test::dragonfly(5, 4, 8, 1));
  machine.node.nics.count = 1;
  const auto network = topology::build_network(machine);
  const auto graph = topology::to_graph(*network);
  CHECK(topology::is_connected(graph));
  int shortest = 0;
  for (std::size_t from = 0; from < network->node_count(); ++from) {
    const auto distances = topology::hop_distances(graph, from);
    for (std::size_t to = 0; to < network->node_count(); ++to) {
      if (from == to) continue;
      const long switches = std::lround(test::route(*network, from, to).latency / machine.network.link_latency);
      CHECK(switches <= 4);
      CHECK(switches + 1 >= distances[to]);
      const bool same_group = from / 8 == to / 8;
      if (same_group) CHECK(switches + 1 == distances[to]);
      if (switches + 1 == distances[to]) ++shortest;
    }
  }
  CHECK(shortest > 40 * 39 / 2);
}

// 4 x 3 x 4 x 2 x 3 x 2: 2 + 1 + 2 + 1 + 1 + 1 = 8.
TEST_CASE("a small Tofu network has the diameter of its formula", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::tofu(4, 3, 4)));
  CHECK(topology::eccentricity(topology::to_graph(*network), 0) == 8);
}

// 24 x 23 x 24 x 2 x 3 x 2: 12 + 11 + 12 + 1 + 1 + 1 = 38.
TEST_CASE("the network of Fugaku has a diameter of 38", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::tofu(24, 23, 24)));
  REQUIRE(network->node_count() == 158'976);
  CHECK(topology::eccentricity(topology::to_graph(*network), 4711) == 38);
}

TEST_CASE("what cannot be reached is said to be unreachable", "[topology]") {
  topology::Graph graph(3);
  boost::add_edge(0, 1, graph);
  CHECK(topology::hop_distances(graph, 0) == std::vector<std::int64_t>{0, 1, topology::unreachable});
  CHECK_FALSE(topology::is_connected(graph));
  CHECK(topology::eccentricity(graph, 0) == 1);
  CHECK(topology::hop_distances(graph, 9) == std::vector<std::int64_t>(3, topology::unreachable));
}
