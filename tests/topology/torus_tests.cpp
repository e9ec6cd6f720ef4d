// Tori and meshes: numbers, routes, names.
#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/topology/torus.hpp"

using namespace zettasim;
using namespace zettasim::literals;

namespace {

std::vector<std::string> names(const topology::Network& network, const test::Route& route) {
  std::vector<std::string> result;
  for (const auto& step : route.links) result.push_back(network.link_name(step.link));
  return result;
}

}  // namespace

// In 4 x 3 the node (1,2) is 1 * 3 + 2 = 5; from (0,0): one up in x, one down in y over the seam.
TEST_CASE("a message goes dimension by dimension the shortest way round", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::torus({4, 3})));
  const auto route = test::route(*network, 0, 5);
  CHECK(names(*network, route) == std::vector<std::string>{"node 0 (0,0) injection", "node 0 (0,0) +x",
                                                           "node 3 (1,0) -y", "node 5 (1,2) ejection"});
  CHECK(in_seconds(route.latency) == Approx(200e-9));
}

// 0 to 2 on a ring of 4: two hops either way.
TEST_CASE("half way round an even ring the message is split over both directions", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::torus({4})));
  const auto route = test::route(*network, 0, 2);
  CHECK(names(*network, route) == std::vector<std::string>{"node 0 (0) injection", "node 0 (0) +x", "node 1 (1) +x",
                                                           "node 0 (0) -x", "node 3 (3) -x", "node 2 (2) ejection"});
  CHECK(route.links[1].share == 0.5);
  CHECK(route.links[3].share == 0.5);
  CHECK(in_seconds(route.latency) == Approx(200e-9));
}

TEST_CASE("a mesh goes the long way where a torus would wrap", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::mesh({5})));
  CHECK(test::route(*network, 4, 0).links.size() == 2 + 4);
  CHECK(network->link_count() == 5 + 5 + 2 * 4);
}

// 10 x 8 x 4 x 2 x 3 x 2 = 3840 nodes; links of one way: all nodes in x y z b, half of them in a and c.
TEST_CASE("a Tofu network has one cable between the two nodes of its short meshes", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::tofu(10, 8, 4)));
  CHECK(network->node_count() == 3840);
  CHECK(network->switch_count() == 3840);
  CHECK(network->link_count() == 2 * 3840 + 2 * (4 * 3840 + 2 * 1920));
  CHECK(network->describe() == "torus 10 x 8 x 4 x 2 x 3 x 2, no wrap in a, c");
}

TEST_CASE("a ring of two nodes that wraps uses both of its cables", "[topology]") {
  const auto network = topology::build_network(test::machine(test::torus({2})));
  const auto route = test::route(*network, 0, 1);
  CHECK(names(*network, route) ==
        std::vector<std::string>{"node 0 (0) injection", "node 0 (0) +x", "node 0 (0) -x", "node 1 (1) ejection"});
  CHECK(in_seconds(route.latency) == Approx(100e-9));
}

TEST_CASE("dimensions of size one have no links", "[topology]") {
  const auto network = topology::build_network(test::machine(test::torus({1, 3, 1})));
  CHECK(network->link_count() == 3 + 3 + 6);
  CHECK(network->describe() == "torus 1 x 3 x 1");
}
