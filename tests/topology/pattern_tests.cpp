// Patterns of traffic on small networks, by hand; and the measures people compare topologies by.
#include <fstream>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/topology/metrics.hpp"
#include "zettasim/topology/pattern.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using topology::PatternKind;

namespace {

struct Phase {
  topology::PatternLoad load;
  double most_messages = 0.0;  // of one unit, on a fabric link
};

// Messages of 50 kB: 1 us on a link of 50 GB/s.
Phase phase(const topology::Network& network, topology::Pattern pattern) {
  pattern.size = DataSize::from_si(50e3);
  topology::LinkLoads loads(network.link_count());
  Phase result;
  result.load = topology::add_pattern(network, pattern, test::first_nodes(network.node_count()), loads);
  for (const LinkId link : loads.touched()) {
    if (network.role(link) != topology::LinkRole::fabric) continue;
    result.most_messages = std::max(result.most_messages, loads.on(link) / 50e3);
  }
  return result;
}

double slowest_us(const Phase& phase) { return in_seconds(phase.load.transfer) * 1e6; }

}  // namespace

// On a ring of 16 with 100 GB/s of interfaces: to the next rank, one message a link. Tornado: 7 hops upwards for each
// of 16 nodes, so 7 messages on each of 16 links. Bit complement: i to 15 - i; the distances are 1, 3, 5, 7, 7, 5, 3, 1
// (over the seam from i = 4 on... the short way round), and the links in the middle of either arc carry 4.
TEST_CASE("patterns on a ring load its links as counted by hand", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::torus({16})));
  const auto ring = phase(*network, {.kind = PatternKind::ring});
  CHECK(ring.most_messages == Approx(1.0));
  CHECK(ring.load.messages == 16.0);
  CHECK(slowest_us(ring) == Approx(1.0));
  CHECK(in_seconds(ring.load.latency) == Approx(100e-9));
  CHECK(in_seconds(ring.load.time()) == Approx(1.1e-6));
  const auto tornado = phase(*network, {.kind = PatternKind::tornado});
  CHECK(tornado.most_messages == Approx(7.0));
  CHECK(in_seconds(tornado.load.latency) == Approx(700e-9));
  CHECK(phase(*network, {.kind = PatternKind::bit_complement}).most_messages == Approx(4.0));
}

// Recursive doubling on a ring of 16, step k: pairs 2^k apart; inside each block of 2^(k+1) nodes the middle link
// carries 2^k messages each way; at k = 3 half way round, half each way: 4.
TEST_CASE("recursive doubling loads a ring with two to the step", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::torus({16})));
  for (int k = 0; k < 4; ++k) {
    const auto step = phase(*network, {.kind = PatternKind::recursive_doubling, .step = k});
    CHECK(step.most_messages == Approx(k < 3 ? 1 << k : 4));
    CHECK(step.load.messages == 16.0);
  }
  CHECK(phase(*network, {.kind = PatternKind::recursive_doubling, .step = 4}).load.messages == 0.0);
}

// 4 x 4 ranks on a 4 x 4 torus: every neighbour is one hop away and each link carries one message.
TEST_CASE("neighbours of the grid that the torus has take one hop", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::torus({4, 4})));
  const auto halo = phase(*network, {.kind = PatternKind::neighbours, .extents = {4, 4}});
  CHECK(halo.most_messages == Approx(1.0));
  CHECK(halo.load.messages == 64.0);
  CHECK(in_seconds(halo.load.latency) == Approx(100e-9));
  CHECK(slowest_us(halo) == Approx(2.0));  // four messages into 100 GB/s of interfaces
}

// 4 x 4 torus, (r, c) to (c, r), x first: 12 messages, the 4 on the diagonal stay. Twice transposed is where it began.
TEST_CASE("transposing sends all but the diagonal", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::torus({4, 4})));
  const auto turned = phase(*network, {.kind = PatternKind::transpose, .extents = {4, 4}});
  CHECK(turned.load.messages == 12.0);
  CHECK(in_seconds(turned.load.latency) == Approx(400e-9));
}

// 8 ranks: all-to-all on a ring of 8 loads each link with n^2 / 8 = 8 messages; uniform is a seventh of it.
TEST_CASE("uniform traffic is all-to-all with the size divided", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::torus({8})));
  CHECK(phase(*network, {.kind = PatternKind::all_to_all}).most_messages == Approx(8.0));
  CHECK(phase(*network, {.kind = PatternKind::uniform}).most_messages == Approx(8.0 / 7));
}

TEST_CASE("a random permutation is the same for the same seed and sends at most once to each", "[topology]") {
  const auto network = topology::build_network(test::machine(test::fully_connected(), 64));
  const auto loads_of = [&](std::uint64_t seed) {
    topology::LinkLoads loads(network->link_count());
    topology::add_pattern(*network, {.kind = PatternKind::permutation, .size = 1_B, .seed = seed},
                          test::first_nodes(64), loads);
    std::vector<std::uint32_t> used;
    for (const auto& load : loads.sorted()) {
      CHECK(load.bytes == 1.0);
      used.push_back(load.link.index());
    }
    return used;
  };
  CHECK(loads_of(7) == loads_of(7));
  CHECK(loads_of(7) != loads_of(8));
}

TEST_CASE("ranks on one node send nothing over the network", "[topology]") {
  const auto network = topology::build_network(test::machine(test::torus({4})));
  topology::LinkLoads loads(network->link_count());
  const std::vector<NodeId> nodes = {NodeId(0u), NodeId(0u), NodeId(1u), NodeId(1u)};
  const auto load = topology::add_pattern(*network, {.kind = PatternKind::all_to_all, .size = 1_B}, nodes, loads);
  CHECK(load.messages == 8.0);
  CHECK(loads.on(LinkId(0u)) == 4.0);  // two ranks of node 0 to two of node 1
}

TEST_CASE("a grid or a matrix that does not fit the ranks is refused", "[topology]") {
  const auto network = topology::build_network(test::machine(test::torus({6})));
  topology::LinkLoads loads(network->link_count());
  const auto nodes = test::first_nodes(6);
  const auto add = [&](const topology::Pattern& pattern) { topology::add_pattern(*network, pattern, nodes, loads); };
  CHECK_THROWS_AS(add({.kind = PatternKind::neighbours, .extents = {2, 2}}), InputError);
  CHECK_THROWS_AS(add({.kind = PatternKind::neighbours, .extents = {-1, -6}}), InputError);
  CHECK_THROWS_AS(add({.kind = PatternKind::transpose, .extents = {6}}), InputError);
  CHECK_THROWS_AS(add({.kind = PatternKind::matrix, .messages = {{0, 6, 1_B}}}), InputError);
}

// Fugaku: across X, 23 x 24 x 12 lines of 24 nodes that wrap, each cut twice: 2 x 23 x 24 x 12 = 13,248 cables.
TEST_CASE("the bisection of Fugaku across X is 13248 cables", "[topology][analytic]") {
  const auto network = topology::build_network(test::machine(test::tofu(24, 23, 24)));
  const auto cut = topology::bisect(*network);
  CHECK(cut.how == "x below 12 and the rest");
  CHECK(cut.cables == 2 * 23 * 24 * 12);
  CHECK(in_bytes_per_second(cut.bandwidth) == Approx(13'248 * 50e9));
}

// Ring of n = 8: mean distance over others (1 + 2 + 3 + 4 + 3 + 2 + 1) / 7 = 16 / 7. Torus 4 x 4: sum over both
// dimensions 2 x 4 x (0 + 1 + 2 + 1) = 32, over 15.
TEST_CASE("distances on symmetric networks are exact from one node", "[topology][analytic]") {
  const auto ring = topology::measure_distances(*topology::build_network(test::machine(test::torus({8}))));
  CHECK((ring.exact && ring.starts == 1 && ring.diameter == 4));
  CHECK(ring.mean == Approx(16.0 / 7));
  const auto torus = topology::measure_distances(*topology::build_network(test::machine(test::torus({4, 4}))));
  CHECK(torus.mean == Approx(32.0 / 15));
  const auto line = topology::measure_distances(*topology::build_network(test::machine(test::mesh({5}))));
  CHECK((line.exact && line.starts == 5 && line.diameter == 4));
  CHECK(line.mean == Approx(2.0));  // (n + 1) / 3
}

// On a torus from (0,0) to (2,1) of 5 x 5 the ways with 3 hops leave by +x or +y: two are disjoint. Between nodes of
// two leaves of a fat tree every interface is a way: 4.
TEST_CASE("edge-disjoint shortest ways are counted by max-flow", "[topology][analytic]") {
  const auto torus = topology::build_network(test::machine(test::torus({5, 5})));
  CHECK(topology::disjoint_shortest_ways(*torus, NodeId(0u), NodeId(11u)) == Approx(2.0));
  CHECK(topology::disjoint_shortest_ways(*torus, NodeId(0u), NodeId(1u)) == Approx(1.0));
  const auto tree = topology::build_network(test::machine(test::fat_tree(4, 2), 16));
  CHECK(topology::disjoint_shortest_ways(*tree, NodeId(0u), NodeId(15u)) == Approx(4.0));
  const auto one = topology::build_network(test::machine(test::fat_tree(4, 2, 1), 16));
  CHECK(topology::disjoint_shortest_ways(*one, NodeId(0u), NodeId(15u)) == Approx(2.0));
}

// Two leaves of 4 nodes, 2 cables of 50 GB/s up on each of four rails: 8 cables x 50 GB/s across, 400 GB/s; the
// interfaces of a half would do 4 x 4 x 25 = 400 GB/s too. A torus of 4 x 4: 2 x 4 links x 50 GB/s.
TEST_CASE("the min-cut between two halves is what links and interfaces let through", "[topology][analytic]") {
  const auto tree = topology::bisect(*topology::build_network(test::machine(test::fat_tree(4, 2), 8)));
  CHECK(tree.cables == 8);
  CHECK(in_bytes_per_second(tree.bandwidth) == Approx(400e9));
  REQUIRE(tree.least);
  CHECK(in_bytes_per_second(*tree.least) == Approx(400e9));
  const auto narrow = topology::bisect(*topology::build_network(test::machine(test::fat_tree(4, 1), 8)));
  CHECK(in_bytes_per_second(*narrow.least) == Approx(200e9));
  const auto torus = topology::bisect(*topology::build_network(test::machine(test::torus({4, 4}))));
  CHECK(in_bytes_per_second(*torus.least) == Approx(400e9));
}

// Two rails of 2 leaves with 4 nodes and 3 cables up: 2 x 2 x 3 fibres, and 8 nodes x 4 interfaces of copper; 12 x 30 m
// + 32 x 2 m.
TEST_CASE("cables and optics are counted once for both directions", "[topology][analytic]") {
  auto shape = test::fat_tree(4, 3, 2);
  shape.host = {.length = metres(2), .medium = platform::Medium::electrical};
  shape.levels[0].link = {.length = metres(30), .medium = platform::Medium::optical};
  const auto parts = topology::count_parts(*topology::build_network(test::machine(shape, 8)));
  CHECK(parts.fabric_cables == 12);
  CHECK(parts.host_cables == 32);
  CHECK(parts.optical == 12);
  CHECK(parts.electrical == 32);
  CHECK(parts.transceivers() == 24);
  CHECK(parts.metres == Approx(12 * 30 + 32 * 2));
}

// The same cables with linear transceivers, and light from the package of the interfaces.
TEST_CASE("linear optics have transceivers and optics in packages have engines", "[topology]") {
  auto shape = test::fat_tree(4, 3, 2);
  shape.host.medium = platform::Medium::in_package;
  shape.levels[0].link.medium = platform::Medium::linear;
  const auto parts = topology::count_parts(*topology::build_network(test::machine(shape, 8)));
  CHECK(parts.linear == 12);
  CHECK(parts.transceivers() == 24);
  CHECK(parts.in_package == 32);
  CHECK(parts.optical_engines() == 64);
}
