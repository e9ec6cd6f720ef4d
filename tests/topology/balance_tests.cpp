// Routing that reacts to load, and many messages added up before they fan out.
#include "zettasim/topology/balance.hpp"

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/base/random.hpp"

using namespace zettasim;

namespace {

std::vector<topology::Transfer> random_transfers(std::size_t nodes, std::size_t count, RandomStream& random) {
  std::vector<topology::Transfer> transfers;
  const auto any = [&] { return static_cast<std::size_t>(random.uniform(0, static_cast<double>(nodes))); };
  while (transfers.size() < count) {
    const topology::Transfer transfer{NodeId(any()), NodeId(any()), random.uniform(1, 9)};
    if (transfer.from != transfer.to) transfers.push_back(transfer);
  }
  return transfers;
}

template <class Shape>
void check_equal_to_single_routes(Shape shape, double share, std::int64_t interfaces, RandomStream& random) {
  shape.routing.valiant_share = share;
  auto machine = test::machine(shape);
  machine.node.nics.count = interfaces;
  const auto network = topology::build_network(machine);
  INFO(network->describe() << ", " << share << " of traffic on detours");
  const auto transfers = random_transfers(network->node_count(), 200, random);
  topology::LinkLoads together(network->link_count()), single(network->link_count());
  const Duration latency = network->add_transfers(transfers, together);
  const Duration longest = network->topology::Network::add_transfers(transfers, single);
  CHECK(in_seconds(latency) == Approx(in_seconds(longest)).epsilon(1e-12));
  for (std::size_t i = 0; i < network->link_count(); ++i) {
    const LinkId id(i);
    if (together.on(id) != Approx(single.on(id)).epsilon(1e-9)) {
      FAIL(network->link_name(id) << ": " << together.on(id) << " together, " << single.on(id) << " one by one");
    }
  }
}

// Every node of a group sends 8 bytes to its counterpart in the next group.
void send_to_next_group(const topology::Network& network, std::size_t nodes_per_group, topology::LinkLoads& loads) {
  std::vector<topology::Transfer> transfers;
  const std::size_t nodes = network.node_count();
  for (std::size_t i = 0; i < nodes; ++i) {
    transfers.push_back({NodeId(i), NodeId((i + nodes_per_group) % nodes), 8.0});
  }
  network.add_transfers(transfers, loads);
}

template <class Shape>
platform::Machine adaptive(Shape shape) {
  shape.routing.by_load = true;
  return test::machine(shape);
}

}  // namespace

TEST_CASE("messages added up before they fan out load links as each of them does", "[topology][property]") {
  RandomStream random(5, "transfers");
  for (const double share : {0.0, 0.3, 1.0}) {
    check_equal_to_single_routes(test::dragonfly(5, 4, 3, 5), share, 1, random);
    check_equal_to_single_routes(test::dragonfly(4, 3, 5, 2), share, 3, random);
    check_equal_to_single_routes(test::dragonfly(2, 3, 5, 2), share, 2, random);
    check_equal_to_single_routes(test::dragonfly_plus(5, 4, 3, 8, 2), share, 2, random);
    check_equal_to_single_routes(test::dragonfly_plus(3, 2, 4, 5, 7), share, 4, random);
    check_equal_to_single_routes(test::torus({4, 3, 5}), share, 2, random);
    check_equal_to_single_routes(test::mesh({4, 5}), share, 1, random);
    check_equal_to_single_routes(test::tofu(2, 3, 1), share, 1, random);
  }
}

// Direct, the cable from a group to the next one carries all of it, D, and the others none. With a share v on detours
// it carries (1 - v) D; a cable to any other group carries what starts on a detour, v D / (G - 2), and what comes over
// the sender from the group before, the same. Equal at v = (G - 2) / G: 2 D / G each. G = 6, D = 2 nodes x 8 bytes,
// one cable between groups: v = 2/3 and 16/3 bytes. One switch a group, so cables are all that can be slow.
TEST_CASE("routing by load sends neighbours' traffic over all cables alike", "[topology]") {
  const auto network = topology::build_network(adaptive(test::dragonfly(6, 1, 2, 1)));
  REQUIRE(network->detours() != nullptr);
  topology::LinkLoads direct(network->link_count()), detoured(network->link_count());
  send_to_next_group(*network, 2, direct);
  send_to_next_group(*network->detours(), 2, detoured);
  CHECK(network->totals(direct).slowest_s > network->totals(detoured).slowest_s);
  CHECK(topology::balance(*network, direct, detoured) == Approx(2.0 / 3.0));
  std::size_t cables = 0;
  for (const LinkId id : direct.touched()) {
    const topology::Link link = network->link(id);
    if (link.from < network->node_count() || link.to < network->node_count()) continue;
    ++cables;
    CHECK(direct.on(id) == Approx(16.0 / 3.0));
  }
  CHECK(cables == 6 * 5);
}

// Detours take two cables instead of one, so even traffic is carried fastest without any.
TEST_CASE("routing by load leaves even traffic on direct routes", "[topology]") {
  const auto network = topology::build_network(adaptive(test::dragonfly(5, 4, 4, 4)));
  const auto nodes = test::first_nodes(network->node_count());
  topology::LinkLoads direct(network->link_count()), detoured(network->link_count());
  network->add_all_to_all(nodes, bytes(1), direct);
  network->detours()->add_all_to_all(nodes, bytes(1), detoured);
  CHECK(topology::balance(*network, direct, detoured) == 0.0);
}

TEST_CASE("routing by load is never slower than direct routes or detours alone", "[topology][property]") {
  RandomStream random(6, "balance");
  const auto network = topology::build_network(adaptive(test::dragonfly(5, 4, 3, 3)));
  for (int round = 0; round < 50; ++round) {
    const auto transfers = random_transfers(network->node_count(), 5 + static_cast<std::size_t>(round), random);
    topology::LinkLoads direct(network->link_count()), detoured(network->link_count());
    network->add_transfers(transfers, direct);
    network->detours()->add_transfers(transfers, detoured);
    const double least = std::min(network->totals(direct).slowest_s, network->totals(detoured).slowest_s);
    topology::LinkLoads balanced = direct;
    topology::balance(*network, balanced, detoured);
    CHECK(network->totals(balanced).slowest_s <= least * (1 + 1e-12));
  }
}

TEST_CASE("two groups have no third one to go over", "[topology]") {
  CHECK(topology::build_network(adaptive(test::dragonfly(2, 4, 3, 3)))->detours() == nullptr);
}

namespace {

// Loads of a pattern of messages of 8 bytes on a ring with that share of detours; links up come first.
std::vector<double> ring_loads(std::size_t nodes, std::size_t distance, double share) {
  auto shape = test::torus({static_cast<std::int64_t>(nodes)});
  shape.routing.valiant_share = share;
  const auto network = topology::build_network(test::machine(shape));
  std::vector<topology::Transfer> transfers;
  for (std::size_t i = 0; i < nodes; ++i) transfers.push_back({NodeId(i), NodeId((i + distance) % nodes), 8.0});
  topology::LinkLoads loads(network->link_count());
  network->add_transfers(transfers, loads);
  std::vector<double> result;
  for (std::size_t i = 2 * nodes; i < network->link_count(); ++i) result.push_back(loads.on(LinkId(i)));
  return result;
}

}  // namespace

// Tornado on a ring of 8: each node to the third one further on. Directly each link up carries 3 messages and no link
// down any. By way of any node: from the source 1, 2, 3 hops up, half the time 4, of 8 nodes: (1 + 2 + 3 + 4/2) / 8 = 1
// hop up and as many down, and the same again to the destination: 2 messages on every link.
TEST_CASE("Valiant's routing turns a tornado on a ring into even traffic", "[topology][analytic]") {
  const auto direct = ring_loads(8, 3, 0.0), valiant = ring_loads(8, 3, 1.0);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(direct[i] == Approx(3 * 8.0));
    CHECK(direct[8 + i] == 0.0);
    CHECK(valiant[i] == Approx(2 * 8.0));
    CHECK(valiant[8 + i] == Approx(2 * 8.0));
  }
}

// Up (1 - v) 3 + v 2, down v 2: never higher than up, so the more detours the better. To the next node 1 hop is less
// than any detour: none. A tornado on a ring of 16, 7 against 4: all.
TEST_CASE("routing by load on a torus takes detours for a tornado and none to neighbours", "[topology][analytic]") {
  const auto network = topology::build_network(adaptive(test::torus({8})));
  REQUIRE(network->detours() != nullptr);
  const auto share = [&](std::size_t distance) {
    std::vector<topology::Transfer> transfers;
    for (std::size_t i = 0; i < 8; ++i) transfers.push_back({NodeId(i), NodeId((i + distance) % 8), 8.0});
    topology::LinkLoads direct(network->link_count()), detoured(network->link_count());
    network->add_transfers(transfers, direct);
    network->detours()->add_transfers(transfers, detoured);
    return topology::balance(*network, direct, detoured);
  };
  CHECK(share(3) == Approx(1.0));
  CHECK(share(1) == 0.0);
}

// Of all pairs one by one: the closed form of all-to-alls holds on detours too.
TEST_CASE("an all-to-all on detours of a torus loads links as its messages do", "[topology][property]") {
  RandomStream random(7, "detours");
  auto shape = test::torus({4, 3, 4});
  shape.routing.valiant_share = 0.4;
  const auto network = topology::build_network(test::machine(shape));
  const auto nodes = test::some_nodes(*network, 0.5, random);
  std::vector<topology::Transfer> transfers;
  for (const NodeId from : nodes) {
    for (const NodeId to : nodes) {
      if (from != to) transfers.push_back({from, to, 3.0});
    }
  }
  topology::LinkLoads pairs(network->link_count()), closed(network->link_count());
  network->add_transfers(transfers, pairs);
  network->add_all_to_all(nodes, bytes(3), closed);
  for (std::size_t i = 0; i < network->link_count(); ++i) CHECK(closed.on(LinkId(i)) == Approx(pairs.on(LinkId(i))));
}
