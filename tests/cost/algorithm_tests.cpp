// Each algorithm, forced, against its closed form on an idle network.
//
// The network: p nodes, each linked with each other by 50 GB/s (so no message meets another but at the interfaces,
// 100 GB/s), 100 ns a hop and 1 us of software: L = 1.1 us, B = 50 GB/s.
#include <cmath>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/cost/communication.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using enum CollectiveOperation;

namespace {

constexpr double L = 1.1e-6;
constexpr double B = 50e9;
constexpr double n = 1e6;

platform::Machine pairs(std::int64_t nodes) {
  auto machine = test::machine(test::fully_connected(), nodes);
  machine.node = test::cpu_node();
  machine.network.message_latency = 1_us;
  return machine;
}

cost::CommunicationCost forced(const platform::Machine& machine, CollectiveOperation operation,
                               std::string_view algorithm, double size = n, std::size_t nodes = 0) {
  const auto network = topology::build_network(machine);
  const auto list = test::first_nodes(nodes > 0 ? nodes : network->node_count());
  return cost::CommunicationModel(machine, *network).collective(operation, bytes(size), list, {.algorithm = algorithm});
}

double time_of(std::int64_t nodes, CollectiveOperation operation, std::string_view algorithm) {
  const auto cost = forced(pairs(nodes), operation, algorithm);
  CHECK(cost.algorithm == algorithm);
  return in_seconds(cost.time);
}

Approx exactly(double value) { return Approx(value).epsilon(1e-9); }

// (d - 1 + k) (L + s / k) over the whole numbers of blocks.
double best_pipeline(double depth, double data_s) {
  double best = INFINITY;
  for (double k = 1; k <= 1000; ++k) best = std::min(best, (depth - 1 + k) * (L + data_s / k));
  return best;
}

}  // namespace

// 16 nodes: 4 rounds, 15 for rings; all but a node's own share is 15/16 of 1 MB.
TEST_CASE("each algorithm between a power of two of nodes takes its closed form", "[cost][analytic]") {
  const double share = 15.0 / 16;
  CHECK(time_of(16, all_reduce, "recursive doubling") == exactly(4 * (L + n / B)));
  CHECK(time_of(16, all_reduce, "halving and doubling") == exactly(8 * L + 2 * share * n / B));
  CHECK(time_of(16, all_reduce, "ring") == exactly(30 * (L + n / 16 / B)));
  CHECK(time_of(16, reduce_scatter, "recursive halving") == exactly(4 * L + share * n / B));
  CHECK(time_of(16, reduce_scatter, "reversed Bruck") == exactly(4 * L + share * n / B));
  CHECK(time_of(16, reduce_scatter, "ring") == exactly(15 * (L + n / 16 / B)));
  CHECK(time_of(16, all_gather, "recursive doubling") == exactly(4 * L + share * n / B));
  CHECK(time_of(16, all_gather, "Bruck") == exactly(4 * L + share * n / B));
  CHECK(time_of(16, all_gather, "ring") == exactly(15 * (L + n / 16 / B)));
  CHECK(time_of(16, broadcast, "binomial tree") == exactly(4 * (L + n / B)));
  CHECK(time_of(16, broadcast, "scatter and Bruck all-gather") == exactly(8 * L + 2 * share * n / B));
  CHECK(time_of(16, broadcast, "scatter and ring all-gather") == exactly(19 * L + 2 * share * n / B));
  CHECK(time_of(16, broadcast, "scatter and recursive doubling all-gather") == exactly(8 * L + 2 * share * n / B));
  CHECK(time_of(16, reduce, "binomial tree") == exactly(4 * (L + n / B)));
  CHECK(time_of(16, reduce, "reversed Bruck reduce-scatter and gather") == exactly(8 * L + 2 * share * n / B));
  CHECK(time_of(16, reduce, "ring reduce-scatter and gather") == exactly(19 * L + 2 * share * n / B));
  CHECK(time_of(16, reduce, "recursive halving reduce-scatter and gather") == exactly(8 * L + 2 * share * n / B));
  CHECK(time_of(16, barrier, "dissemination") == exactly(4 * L));
  CHECK(time_of(16, all_to_all, "Bruck") == exactly(4 * (L + n / 2 / B)));
  CHECK(time_of(16, all_to_all, "pairwise") == exactly(15 * (L + n / 16 / B)));
  // Its 15 parts leave through interfaces of 100 GB/s in 9.4 us; issuing the 14 after the first takes 14 us.
  CHECK(time_of(16, all_to_all, "all pairs at once") == exactly(L + 14e-6));
}

// 12 nodes: 8 are a power of two, 4 fold; Bruck's rounds carry 1, 2, 4 and 4 shares.
TEST_CASE("each algorithm between twelve nodes takes its closed form", "[cost][analytic]") {
  CHECK(time_of(12, all_reduce, "recursive doubling") == exactly(5 * (L + n / B)));
  CHECK(time_of(12, all_reduce, "halving and doubling") == exactly(2 * (L + n / B) + 6 * L + 2 * 7 / 8. * n / B));
  CHECK(time_of(12, all_gather, "Bruck") == exactly(4 * L + n / 12 * 11 / B));
  CHECK(time_of(12, reduce_scatter, "ring") == exactly(11 * (L + n / 12 / B)));
  CHECK(time_of(12, all_to_all, "pairwise") == exactly(11 * (L + n / 12 / B)));
  CHECK(time_of(12, barrier, "dissemination") == exactly(4 * L));
}

// 16 nodes, trees of depth 4: half the vector over each edge. On links of their own a block takes L + n/2/k / 50 GB/s.
// Interfaces of 100 GB/s carry what a node sends at once: up 2 halves, 1 MB in 10 us as on the link; both ways 4 halves
// of a node with two parents and two children, 20 us.
TEST_CASE("a double binary tree takes its depth and its blocks", "[cost][analytic]") {
  CHECK(time_of(16, reduce, "double binary tree") == exactly(best_pipeline(4, n / 2 / B)));
  CHECK(time_of(16, broadcast, "double binary tree") == exactly(best_pipeline(4, n / 2 / B)));
  CHECK(time_of(16, all_reduce, "double binary tree") == exactly(best_pipeline(8, 2 * n / 100e9)));
}

// 16 nodes in a line, 15 stages, each link passes the vector: (15 - 1 + k) (L + 20 us / k).
TEST_CASE("a chain takes its length and its blocks", "[cost][analytic]") {
  CHECK(time_of(16, broadcast, "chain") == exactly(best_pipeline(15, n / B)));
  CHECK(time_of(16, reduce, "chain") == exactly(best_pipeline(15, n / B)));
}

// 8 x 4 torus, 100 GB/s of interfaces, links of 50: the vector in 4 parts of 250 kB. Phase 1: rings of 8 pass 7 chunks
// of 250/8 kB, rings of 4 pass 3 of 250/4, both ways round. 7 (L + 31.25 kB / B) = 12.075 us is slower than 3 (L + 62.5
// kB / B) = 7.05 us, and the interfaces: 7 L + (2 * 218.75 + 2 * 187.5) kB / 100 GB/s = 15.825 us is slower still.
// Phase 2: rings of 8 have 250/4 kB left: 7 chunks of 7.8125 kB; rings of 4 have 250/8 kB: 3 of 7.8125 kB. Alone 7 (L +
// 7.8125 kB / B) = 8.79375 us; interfaces 7 L + 2 * 10 * 7.8125 kB / 100 GB/s = 9.2625 us.
TEST_CASE("torus rings use all dimensions both ways round until the interfaces are full", "[cost][analytic]") {
  auto machine = test::machine(test::torus({8, 4}));
  machine.node = test::cpu_node();
  machine.network.message_latency = 1_us;
  const double expected = 15.825e-6 + 9.2625e-6;
  CHECK(in_seconds(forced(machine, reduce_scatter, "torus rings").time) == exactly(expected));
  CHECK(in_seconds(forced(machine, all_gather, "torus rings").time) == exactly(expected));
  CHECK(in_seconds(forced(machine, all_reduce, "torus rings").time) == exactly(2 * expected));
  // Interfaces of 1 TB/s: the rings' own time.
  machine.node.nics.bandwidth *= 10;
  CHECK(in_seconds(forced(machine, reduce_scatter, "torus rings").time) == exactly(12.075e-6 + 8.79375e-6));
  // One ring uses one of the four links of a node, torus rings all: almost four times as fast for large vectors.
  const double once = in_seconds(forced(machine, all_reduce, "ring", 1e10).time);
  const double all = in_seconds(forced(machine, all_reduce, "torus rings", 1e10).time);
  CHECK(once / all > 3.0);
}

TEST_CASE("leaving out the loads changes no time", "[cost]") {
  auto machine = test::machine(test::torus({8, 4}));
  const auto network = topology::build_network(machine);
  cost::CommunicationModel model(machine, *network);
  const auto nodes = test::first_nodes(32);
  for (const auto operation : {all_reduce, broadcast, all_to_all, barrier}) {
    const auto with = model.collective(operation, 1_MB, nodes);
    const auto without = model.collective(operation, 1_MB, nodes, {.loads = cost::Loads::left_out});
    CHECK(with.time == without.time);
    CHECK(with.algorithm == without.algorithm);
    CHECK(without.loads.empty());
    CHECK(with.loads.empty() == (operation == barrier));
  }
}

TEST_CASE("torus rings need nodes that fill a box in order", "[cost]") {
  auto machine = test::machine(test::torus({4, 4}));
  machine.node = test::cpu_node();
  const auto network = topology::build_network(machine);
  cost::CommunicationModel model(machine, *network);
  const auto offered = [&](std::vector<NodeId> nodes) {
    const auto names = model.applicable_algorithms(all_reduce, nodes, 1_MB);
    return std::ranges::count(names, "torus rings") == 1;
  };
  CHECK(offered(test::first_nodes(16)));
  CHECK(offered(test::first_nodes(8)));
  CHECK(offered({NodeId(5), NodeId(6), NodeId(9), NodeId(10)}));
  CHECK_FALSE(offered(test::first_nodes(6)));
  CHECK_FALSE(offered({NodeId(6), NodeId(5), NodeId(9), NodeId(10)}));
}

// Switches: 1 us of software, 200 ns to combine, a hop up and a hop down, 20 us for 1 MB at 50 GB/s.
TEST_CASE("a reduction in the switches sends the vector once", "[cost][analytic]") {
  auto machine = pairs(16);
  machine.network.in_network_reduction = {
      .place = platform::InNetworkReduction::Place::switches, .largest = 1_MB, .latency = 200_ns};
  CHECK(in_seconds(forced(machine, reduce, "in-network reduction").time) == exactly(1.3e-6 + 20e-6));
  CHECK(in_seconds(forced(machine, barrier, "in-network reduction").time) == exactly(1.4e-6));
  CHECK_THROWS_AS(forced(machine, all_reduce, "in-network reduction", 2e6), InputError);
}

// Gates: 1 us of software, then 4 relays of 50 ns and a hop of 100 ns each.
TEST_CASE("barrier gates relay without software and take small vectors only", "[cost][analytic]") {
  auto machine = pairs(16);
  machine.network.in_network_reduction = {
      .place = platform::InNetworkReduction::Place::gates, .largest = 24_B, .latency = 50_ns};
  CHECK(in_seconds(forced(machine, barrier, "").time) == exactly(1e-6 + 4 * 150e-9));
  const auto small = forced(machine, all_reduce, "", 24);
  CHECK(small.algorithm == "in-network reduction");
  CHECK(in_seconds(small.time) == exactly(1e-6 + 4 * (150e-9 + 24 / B)));
  CHECK(forced(machine, all_reduce, "", 32).algorithm == "recursive doubling");
}

TEST_CASE("an algorithm that nobody knows or that does not fit is refused with those that do", "[cost]") {
  CHECK_THROWS_WITH(forced(pairs(8), all_reduce, "rnig"), Catch::Contains("did you mean \"ring\"?"));
  CHECK_THROWS_WITH(forced(pairs(12), all_gather, "recursive-doubling"), Catch::Contains("a power of two of nodes"));
  CHECK_THROWS_AS(forced(pairs(8), barrier, "ring"), InputError);
}

// Free choice is the least of all that can be forced.
TEST_CASE("the algorithm chosen is the fastest of those that apply", "[cost][property]") {
  for (const auto operation : {all_reduce, reduce_scatter, all_gather, broadcast, reduce, all_to_all, barrier}) {
    for (const double size : {100.0, 1e5, 1e8}) {
      auto machine = test::machine(test::torus({4, 4}));
      machine.network.message_latency = 1_us;
      const auto network = topology::build_network(machine);
      const auto nodes = test::first_nodes(16);
      cost::CommunicationModel model(machine, *network);
      const auto chosen = model.collective(operation, bytes(size), nodes);
      double least = INFINITY;
      for (const auto name : model.applicable_algorithms(operation, nodes, bytes(size))) {
        least = std::min(least, in_seconds(model.collective(operation, bytes(size), nodes, {.algorithm = name}).time));
      }
      INFO(name_of(operation) << " of " << size << " B took " << chosen.algorithm);
      CHECK(in_seconds(chosen.time) == Approx(least).epsilon(1e-12));
    }
  }
}

// Node 0 sends 1 MB to 1 and 2 MB to 2: 3 MB through an interface of 100 GB/s, 30 us; the link to 2 takes 40 us.
TEST_CASE("an all-to-all of unequal parts waits for its busiest link", "[cost][analytic]") {
  const auto machine = pairs(4);
  const auto network = topology::build_network(machine);
  cost::CommunicationModel model(machine, *network);
  const auto nodes = test::first_nodes(4);
  const std::vector<cost::NodeMessage> parts = {{0, 1, 1_MB}, {0, 2, 2_MB}, {3, 3, 1_GB}, {1, 0, 0_B}};
  const auto cost = model.all_to_all_v(parts, nodes);
  CHECK(in_seconds(cost.time) == exactly(L + 40e-6));
  CHECK(cost.messages == 2);
  CHECK(model.all_to_all_v({}, nodes).time == Duration{});
}
