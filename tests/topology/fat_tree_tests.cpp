// Fat trees: how many switches and cables, which way a message goes, and that one link for parallel cables is exact.
#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/topology/fat_tree.hpp"
#include "zettasim/topology/metrics.hpp"

using namespace zettasim;
using namespace zettasim::literals;

namespace {

std::vector<std::string> names(const topology::Network& network, const test::Route& route) {
  std::vector<std::string> result;
  for (const auto& step : route.links) result.push_back(network.link_name(step.link));
  return result;
}

// The classic tree of switches with k ports: k^3 / 4 nodes, one interface each.
platform::Machine classic(std::int64_t k) {
  const platform::FatTree shape{
      .levels = {{.down = k / 2, .up = k / 2}, {.down = k / 2, .up = k / 2, .blocks = k / 2}, {.down = k}},
      .nodes_per_group = k / 2};
  auto machine = test::machine(shape, k * k * k / 4);
  machine.node.nics.count = 1;
  return machine;
}

}  // namespace

// k = 8: 128 nodes, k^2 / 2 leaves and as many in the middle, k^2 / 4 at the top: 32 + 32 + 16 switches; k^3 / 4 cables
// between two levels.
TEST_CASE("a three-level tree has the switches and cables of its closed form", "[topology][analytic]") {
  const auto network = topology::build_network(classic(8));
  CHECK(network->node_count() == 128);
  CHECK(network->switch_count() == 80);
  std::size_t cables = 0;
  for (std::size_t i = 0; i < network->link_count(); ++i) {
    const auto link = network->link(LinkId(i));
    if (link.role == topology::LinkRole::fabric) cables += link.cables;
  }
  CHECK(cables == 2 * 2 * 128);  // two directions, two pairs of levels
  CHECK(topology::is_connected(topology::to_graph(*network)));
}

// Nodes 0 and 1 share a leaf (1 switch), 0 and 4 a pod (3 switches), 0 and 127 only the top (5): 100 ns each.
TEST_CASE("a message climbs to the lowest block that holds both ends", "[topology][analytic]") {
  const auto network = topology::build_network(classic(8));
  CHECK(in_seconds(test::route(*network, 0, 1).latency) == Approx(100e-9));
  CHECK(in_seconds(test::route(*network, 0, 4).latency) == Approx(300e-9));
  const auto far = test::route(*network, 0, 127);
  CHECK(in_seconds(far.latency) == Approx(500e-9));
  CHECK(names(*network, far) ==
        std::vector<std::string>{"node 0 to rail 0 leaf 0", "rail 0 leaf 0 to rail 0 level 2 block 0 (4 switches)",
                                 "rail 0 level 2 block 7 (4 switches) to rail 0 leaf 31",
                                 "rail 0 level 2 block 0 (4 switches) to rail 0 top (16 switches)",
                                 "rail 0 top (16 switches) to rail 0 level 2 block 7 (4 switches)",
                                 "rail 0 leaf 31 to node 127"});
}

// Nodes 0 to 127 of the untapered tree send to node + 64: every message passes the top, and no link is loaded more than
// an interface for its bandwidth: 1 byte / 25 GB/s in, 4 nodes / (4 x 50 GB/s) above.
TEST_CASE("an untapered tree carries a permutation at the speed of the interfaces", "[topology][analytic]") {
  auto machine = classic(8);
  machine.network.link_bandwidth = 25_GB_per_s;
  const auto network = topology::build_network(machine);
  topology::LinkLoads loads(network->link_count());
  for (std::size_t i = 0; i < 128; ++i) {
    for (const auto& step : test::route(*network, i, (i + 64) % 128).links) loads.add(step.link, step.share);
  }
  CHECK(loads.touched().size() == network->link_count());
  for (const LinkId link : loads.touched()) {
    CHECK(loads.on(link) / in_bytes_per_second(network->bandwidth(link)) == Approx(1.0 / 25e9));
  }
}

// 64 nodes on a leaf, 32 cables of 50 GB/s up: 4 rails each carry a quarter; of all that 64 nodes send with 25 GB/s a
// rail, 1.6 TB/s, the 32 cables take 1.6 TB/s; with 16 cables half of it.
TEST_CASE("a taper halves what leaves a leaf", "[topology][analytic]") {
  const auto full = topology::build_network(test::machine(test::fat_tree(64, 32), 256));
  const auto half = topology::build_network(test::machine(test::fat_tree(64, 16), 256));
  const LinkId up(2 * 4 * 256);  // the first link above the interfaces
  CHECK(in_bytes_per_second(full->bandwidth(up)) == Approx(1.6e12));
  CHECK(in_bytes_per_second(half->bandwidth(up)) == Approx(0.8e12));
  CHECK(full->link(up).cables == 32);
}

// Rail-optimised: four interfaces on four leaves, a quarter of the message on each; with one rail all on one leaf, as
// one link of 100 GB/s.
TEST_CASE("interface r of a node is on the leaf of rail r", "[topology][analytic]") {
  const auto rails = topology::build_network(test::machine(test::fat_tree(4, 8, 4), 16));
  for (std::size_t r = 0; r < 4; ++r) {
    CHECK(rails->link_name(LinkId(4 * 5 + r)) == "node 5 to rail " + std::to_string(r) + " leaf 1");
    CHECK(in_bytes_per_second(rails->bandwidth(LinkId(4 * 5 + r))) == Approx(25e9));
  }
  for (const auto& step : test::route(*rails, 5, 15).links) CHECK(step.share == 0.25);
  const auto one = topology::build_network(test::machine(test::fat_tree(4, 8, 1), 16));
  CHECK(in_bytes_per_second(one->bandwidth(LinkId(5))) == Approx(100e9));
  CHECK(one->link(LinkId(5)).cables == 4);
}

// Leaf to top 300 ns with 3 pJ/bit of fibre, node to leaf 50 ns: 50 + 2 x 300 ns.
TEST_CASE("a level of a tree may have links of its own", "[topology][analytic]") {
  auto shape = test::fat_tree(4, 8);
  shape.host.latency = 50_ns;
  shape.host.medium = platform::Medium::electrical;
  shape.levels[0].link = {.bandwidth = 10_GB_per_s,
                          .latency = 300_ns,
                          .energy = 3_pJ_per_bit,
                          .length = metres(30),
                          .medium = platform::Medium::optical};
  const auto network = topology::build_network(test::machine(shape, 16));
  CHECK(in_seconds(test::route(*network, 0, 15).latency) == Approx(650e-9));
  const auto up = network->link(LinkId(2 * 4 * 16));
  CHECK(in_bytes_per_second(up.bandwidth) == Approx(80e9));
  CHECK(up.energy.si() == Approx(24e-12));
  CHECK(in_metres(up.length) == 30.0);
  CHECK(up.medium == platform::Medium::optical);
  CHECK(network->link(LinkId(0)).medium == platform::Medium::electrical);
  CHECK(network->energy(LinkId(0)) == EnergyPerByte{});
}
