// Dragonflies: where interfaces and global links end, and how messages are split.
#include <map>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/topology/dragonfly.hpp"

using namespace zettasim;

namespace {

// Frontier: 74 groups of 32 switches and 128 nodes, four links between two groups.
platform::Machine frontier() { return test::machine(test::dragonfly(74, 32, 128, 4)); }

}  // namespace

// 128 nodes x 4 interfaces / 32 switches = 16 end points; 73 other groups x 4 links / 32 switches = 9 or 10 global
// links.
TEST_CASE("each switch serves as many end points and global links as the next", "[topology][analytic]") {
  const auto network = topology::build_network(frontier());
  std::map<std::size_t, int> end_points, global_links;
  const auto group = [](std::size_t vertex) { return (vertex - 9472) / 32; };
  for (std::size_t i = 0; i < network->link_count(); ++i) {
    const auto link = network->link(LinkId(i));
    if (link.role == topology::LinkRole::injection) ++end_points[link.to];
    if (link.role == topology::LinkRole::fabric && group(link.from) != group(link.to)) ++global_links[link.from];
  }
  CHECK(network->switch_count() == 2368);
  REQUIRE(end_points.size() == 2368);
  REQUIRE(global_links.size() == 2368);
  for (const auto& [vertex, count] : end_points) CHECK(count == 16);
  for (const auto& [vertex, count] : global_links) CHECK((count == 9 || count == 10));
}

TEST_CASE("the interfaces of a node are on different switches", "[topology]") {
  const auto network = topology::build_network(frontier());
  std::map<std::size_t, int> switches;
  for (std::size_t k = 0; k < 4; ++k) ++switches[network->link(LinkId(4 * 77 + k)).to];
  CHECK(switches.size() == 4);
}

TEST_CASE("both directions of a global cable join the same two switches", "[topology]") {
  const auto network = topology::build_network(test::machine(test::dragonfly(5, 3, 4, 2)));
  std::map<std::pair<std::size_t, std::size_t>, int> cables;
  for (std::size_t i = 0; i < network->link_count(); ++i) {
    const auto link = network->link(LinkId(i));
    if (link.role == topology::LinkRole::fabric) ++cables[{link.from, link.to}];
  }
  for (const auto& [ends, count] : cables) {
    CHECK(count == cables[std::pair(ends.second, ends.first)]);
  }
}

// Nodes 0 and 128 are in groups 0 and 1: a quarter of the message on each of the four global links, and at most
// 4 switches passed at 100 ns.
TEST_CASE("a message between groups is split over interfaces and global links", "[topology][analytic]") {
  const auto network = topology::build_network(frontier());
  const auto route = test::route(*network, 0, 128);
  int global_links = 0;
  for (const auto& step : route.links) {
    const auto link = network->link(step.link);
    if (link.from >= 9472 && link.to >= 9472 && (link.from - 9472) / 32 != (link.to - 9472) / 32) {
      ++global_links;
      CHECK(step.share == 0.25);
    }
  }
  CHECK(global_links == 4);
  CHECK(in_seconds(route.latency) == Approx(400e-9));
}

// One group of one switch: injection, ejection, one switch passed.
TEST_CASE("nodes on one switch are one switch apart", "[topology][analytic]") {
  auto machine = test::machine(test::dragonfly(1, 1, 4));
  machine.node.nics.count = 1;
  const auto network = topology::build_network(machine);
  const auto route = test::route(*network, 0, 3);
  CHECK(route.links.size() == 2);
  CHECK(in_seconds(route.latency) == Approx(100e-9));
}

TEST_CASE("parallel links between two switches carry their summed bandwidth", "[topology]") {
  auto shape = test::dragonfly(1, 2, 2);
  shape.links_per_switch_pair = 3;
  const auto network = topology::build_network(test::machine(shape));
  CHECK(in_bytes_per_second(network->bandwidth(LinkId(network->link_count() - 1))) == Approx(150e9));
}
