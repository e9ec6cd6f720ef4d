// Collectives against the arithmetic of their algorithms, and properties that any of them must have.
#include <cmath>
#include <set>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/base/random.hpp"
#include "zettasim/cost/communication.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using cost::CommunicationCost;
using enum CollectiveOperation;

namespace {

constexpr CollectiveOperation all_operations[] = {all_reduce, reduce_scatter, all_gather, broadcast,
                                                  reduce,     all_to_all,     barrier};

// Nodes without GPUs, so that only the network counts.
platform::Machine network_only(platform::Topology topology, std::int64_t nodes = 0) {
  auto machine = test::machine(std::move(topology), nodes);
  machine.node = test::cpu_node();
  return machine;
}

CommunicationCost cost_on(const platform::Machine& machine, CollectiveOperation operation, DataSize size,
                          std::size_t nodes, std::string_view algorithm = {}) {
  const auto network = topology::build_network(machine);
  return cost::CommunicationModel(machine, *network)
      .collective(operation, size, test::first_nodes(nodes), {.algorithm = algorithm});
}

}  // namespace

// 2 (p-1) rounds, each one hop of 500 ns and 1 MiB / p over 50 GB/s: 104.3 us for 64 nodes, 296.8 us for 256.
TEST_CASE("a ring all-reduce on a ring of nodes takes two rounds for each other node", "[cost][analytic]") {
  for (const auto& [nodes, expected] : {std::pair{64, 104.3e-6}, std::pair{256, 296.8e-6}}) {
    auto machine = network_only(test::torus({nodes}));
    machine.network.link_latency = 500_ns;
    const auto cost = cost_on(machine, all_reduce, 1_MiB, static_cast<std::size_t>(nodes), "ring");
    const double round = 500e-9 + 1048576.0 / nodes / 50e9;
    CHECK(cost.algorithm == "ring");
    CHECK(in_seconds(cost.time) == Approx(2 * (nodes - 1) * round).epsilon(1e-9));
    CHECK(in_seconds(cost.time) == Approx(expected).epsilon(1e-3));
    CHECK(in_seconds(cost.latency) == Approx(2 * (nodes - 1) * 500e-9).epsilon(1e-9));
    CHECK(cost.messages == 2.0 * (nodes - 1) * nodes);
  }
}

// 8 nodes: 3 rounds of 1 us + 100 ns + 1000 B / (50 GB/s).
TEST_CASE("a small all-reduce takes recursive doubling", "[cost][analytic]") {
  auto machine = network_only(test::fully_connected(), 8);
  machine.network.message_latency = 1_us;
  const auto cost = cost_on(machine, all_reduce, 1000_B, 8);
  CHECK(cost.algorithm == "recursive doubling");
  CHECK(in_seconds(cost.time) == Approx(3 * (1.1e-6 + 20e-9)).epsilon(1e-9));
  CHECK(cost.messages == 3 * 8);
}

// 64 nodes on a ring, both ways round: half the chunks in the same number of rounds.
TEST_CASE("a large all-reduce on a ring of nodes goes both ways round", "[cost][analytic]") {
  auto machine = network_only(test::torus({64}));
  machine.network.link_latency = 500_ns;
  const auto cost = cost_on(machine, all_reduce, 1_MiB, 64);
  CHECK(cost.algorithm == "torus rings");
  CHECK(in_seconds(cost.time) == Approx(126 * (500e-9 + 1048576.0 / 128 / 50e9)).epsilon(1e-9));
}

// 8 nodes, 10 MB, interfaces as fast as a link: twice (1/2 + 1/4 + 1/8) of it, in 6 rounds, where the ring needs 14
// rounds for the same bytes, and trees send up to twice the vector.
TEST_CASE("a large all-reduce on equal links takes halving and doubling", "[cost][analytic]") {
  auto machine = network_only(test::fully_connected(), 8);
  machine.node.nics.bandwidth = machine.network.link_bandwidth / 4.0;
  machine.network.message_latency = 1_us;
  const auto cost = cost_on(machine, all_reduce, 10_MB, 8);
  CHECK(cost.algorithm == "halving and doubling");
  CHECK(in_seconds(cost.time) == Approx(6 * 1.1e-6 + 2 * 0.875 * 10e6 / 50e9).epsilon(1e-9));
}

// 6 nodes, 4 of them a power of two: 2 fold, 2 rounds of 4, 2 unfold; 4 rounds of 1.12 us.
TEST_CASE("recursive doubling folds the nodes beyond a power of two", "[cost][analytic]") {
  auto machine = network_only(test::fully_connected(), 6);
  machine.network.message_latency = 1_us;
  const auto cost = cost_on(machine, all_reduce, 1000_B, 6);
  CHECK(cost.algorithm == "recursive doubling");
  CHECK(in_seconds(cost.time) == Approx(4 * (1.1e-6 + 20e-9)).epsilon(1e-9));
  CHECK(cost.messages == 2 + 4 + 4 + 2);
}

// 5 nodes: 3 rounds of 1.1 us.
TEST_CASE("a barrier takes one latency for each doubling of its nodes", "[cost][analytic]") {
  auto machine = network_only(test::fully_connected(), 5);
  machine.network.message_latency = 1_us;
  const auto cost = cost_on(machine, barrier, 0_B, 5);
  CHECK(cost.algorithm == "dissemination");
  CHECK(in_seconds(cost.time) == Approx(3.3e-6).epsilon(1e-9));
  CHECK(cost.messages == 15);
  CHECK(cost.loads.empty());
  CHECK(in_joules(cost.nic_energy) == 0.0);
}

// 8 nodes, interfaces as fast as a link: 1 GB down two trees of depth 3, of which an interface passes it once, in
// k = sqrt(2 * 20 ms / 1.1 us) = 190.7 blocks: (2 + 191) (1.1 us + 20 ms / 191). A small one is not cut: 3 rounds.
TEST_CASE("a large broadcast goes down trees in blocks and a small one in one", "[cost][analytic]") {
  auto machine = network_only(test::fully_connected(), 8);
  machine.node.nics.bandwidth = machine.network.link_bandwidth / 4.0;
  machine.network.message_latency = 1_us;
  const auto small = cost_on(machine, broadcast, 1000_B, 8);
  CHECK(in_seconds(small.time) == Approx(3 * (1.1e-6 + 20e-9)).epsilon(1e-9));
  const auto large = cost_on(machine, broadcast, 1_GB, 8);
  CHECK(large.algorithm == "double binary tree");
  CHECK(in_seconds(large.time) == Approx(193 * (1.1e-6 + 20e-3 / 191)).epsilon(1e-9));
  CHECK(large.messages == Approx(14 * 191));
}

// 8 nodes on a ring, 80 MB each: 10 MB to each other node; 8 pairs on each link (all_to_all_tests): 80 MB / 50 GB/s =
// 1.6 ms behind 1 us of software and four hops; the 6 further messages are issued meanwhile.
TEST_CASE("a large all-to-all drains through the most loaded link", "[cost][analytic]") {
  auto machine = network_only(test::torus({8}));
  machine.network.message_latency = 1_us;
  const auto cost = cost_on(machine, all_to_all, 80_MB, 8);
  CHECK(cost.algorithm == "all pairs at once");
  CHECK(in_seconds(cost.time) == Approx(1.4e-6 + 1.6e-3).epsilon(1e-9));
  CHECK(cost.messages == 56);
}

// 64 nodes, 64 B each: 63 us of software one by one, but 6 rounds of 1.1 us and 32 B.
TEST_CASE("a tiny all-to-all forwards blocks in logarithmically many rounds", "[cost][analytic]") {
  auto machine = network_only(test::fully_connected(), 64);
  machine.network.message_latency = 1_us;
  const auto cost = cost_on(machine, all_to_all, 64_B, 64);
  CHECK(cost.algorithm == "Bruck");
  CHECK(in_seconds(cost.time) == Approx(6 * (1.1e-6 + 32 / 50e9)).epsilon(1e-9));
}

// 4 GPUs, 400 GB/s and 1 us a step: 3 steps and 3/4 of 400 MB each way: 2 * (3 us + 0.75 ms).
TEST_CASE("an all-reduce of one node stays on its GPU links", "[cost][analytic]") {
  const auto cost = cost_on(test::machine(test::torus({4, 4})), all_reduce, 400_MB, 1);
  CHECK(cost.algorithm == "inside the node");
  CHECK(in_seconds(cost.time) == Approx(1.506e-3).epsilon(1e-9));
  CHECK(cost.loads.empty());
  CHECK(cost.messages == 0);
  CHECK(in_bytes(cost.node_link_traffic) == Approx(2 * 3 * 400e6));
  CHECK(in_joules(cost.node_link_energy) == Approx(2 * 3 * 400e6 * 8e-12));
}

TEST_CASE("a collective over GPUs takes its stage inside the nodes on top of the network's", "[cost][analytic]") {
  const auto gpus = test::machine(test::torus({4, 4}));
  const auto cpus = network_only(test::torus({4, 4}));
  for (const auto operation : all_operations) {
    INFO(name_of(operation));
    const auto with = cost_on(gpus, operation, 16_MB, 16);
    const auto without = cost_on(cpus, operation, 16_MB, 16);
    const auto inside = cost_on(gpus, operation, operation == all_to_all ? 1_MB : 16_MB, 1);
    CHECK(in_seconds(with.time) == Approx(in_seconds(without.time + inside.time)).epsilon(1e-12));
    CHECK(in_bytes(with.node_link_traffic) == Approx(16 * in_bytes(inside.node_link_traffic)));
    CHECK(with.algorithm == without.algorithm);
  }
}

TEST_CASE("one CPU node and an empty vector cost nothing", "[cost]") {
  const auto machine = network_only(test::torus({4}));
  for (const auto operation : all_operations) {
    CHECK(cost_on(machine, operation, 1_GB, 1).time == Duration{});
    CHECK(cost_on(machine, operation, 1_GB, 0).time == Duration{});
    if (operation != barrier) CHECK(cost_on(machine, operation, 0_B, 4).time == Duration{});
  }
}

// An all-gather of 16 MB over 16 nodes: each sends and receives 15 MB; on fabric links what the routes say.
TEST_CASE("energy counts bytes on fabric links for each hop and at interfaces once at each end", "[cost][analytic]") {
  const auto machine = network_only(test::torus({16}));
  const auto network = topology::build_network(machine);
  const auto cost = cost::CommunicationModel(machine, *network).collective(all_gather, 16_MB, test::first_nodes(16));
  double fabric = 0.0;
  double interfaces = 0.0;
  for (const auto& load : cost.loads) {
    (network->role(load.link) == topology::LinkRole::fabric ? fabric : interfaces) += load.bytes;
  }
  CHECK(interfaces == Approx(2 * 16 * 15e6));
  CHECK(fabric >= 16 * 15e6);
  CHECK(in_joules(cost.network_energy) == Approx(fabric * 80e-12));
  CHECK(in_joules(cost.nic_energy) == Approx(interfaces * 40e-12));
}

namespace {

// A random job on a random machine, for properties.
struct Case {
  platform::Machine machine;
  std::vector<NodeId> nodes;
  CollectiveOperation operation = barrier;
};

Case random_case(RandomStream& random) {
  const auto upto = [&](double most) { return 1 + static_cast<std::int64_t>(random.uniform(0, most)); };
  Case result;
  const double kind = random.uniform();
  if (kind < 0.5) {
    auto shape = test::torus({upto(5), upto(4), upto(4)});
    for (auto& dimension : shape.dimensions) dimension.wraps = random.uniform() < 0.7;
    result.machine = test::machine(shape);
  } else if (kind < 0.8) {
    result.machine = test::machine(test::dragonfly(upto(4), upto(4), upto(6), upto(3)));
  } else {
    result.machine = test::machine(test::fully_connected(), upto(20));
  }
  result.machine.network.message_latency = seconds(random.uniform(0, 3e-6));
  result.nodes = test::some_nodes(*topology::build_network(result.machine), 0.7, random);
  result.operation = all_operations[static_cast<std::size_t>(random.uniform(0, std::size(all_operations)))];
  return result;
}

Duration time_of(const Case& job, DataSize size) {
  const auto network = topology::build_network(job.machine);
  return cost::CommunicationModel(job.machine, *network).collective(job.operation, size, job.nodes).time;
}

}  // namespace

TEST_CASE("a larger collective is never cheaper whatever algorithm it takes", "[cost][property]") {
  RandomStream random(1, "monotone sizes");
  for (int round = 0; round < 60; ++round) {
    const Case job = random_case(random);
    INFO(name_of(job.operation) << " on " << job.nodes.size() << " nodes");
    Duration before;
    for (double size = 8; size < 1e9; size *= 1.7) {
      const Duration time = time_of(job, bytes(size));
      CHECK(in_seconds(time) >= in_seconds(before) * (1 - 1e-12));
      before = time;
    }
  }
}

TEST_CASE("twice the bandwidth or half the latency never costs time", "[cost][property]") {
  RandomStream random(2, "monotone parts");
  for (int round = 0; round < 100; ++round) {
    const Case job = random_case(random);
    INFO(name_of(job.operation) << " on " << job.nodes.size() << " nodes");
    const DataSize size = bytes(std::pow(10.0, random.uniform(1, 9)));
    const double before = in_seconds(time_of(job, size)) * (1 + 1e-12);
    Case faster = job;
    faster.machine.network.link_bandwidth *= 2;
    CHECK(in_seconds(time_of(faster, size)) <= before);
    faster = job;
    faster.machine.node.nics.bandwidth *= 2;
    CHECK(in_seconds(time_of(faster, size)) <= before);
    faster = job;
    faster.machine.node.gpu_gpu->bandwidth *= 2;
    CHECK(in_seconds(time_of(faster, size)) <= before);
    faster = job;
    faster.machine.network.message_latency *= 0.5;
    CHECK(in_seconds(time_of(faster, size)) <= before);
    faster = job;
    faster.machine.network.link_latency *= 0.5;
    CHECK(in_seconds(time_of(faster, size)) <= before);
  }
}

TEST_CASE("what a model has costed before does not change what it says next", "[cost][property]") {
  RandomStream random(3, "history");
  for (int round = 0; round < 20; ++round) {
    const Case job = random_case(random);
    const auto network = topology::build_network(job.machine);
    cost::CommunicationModel used(job.machine, *network);
    used.collective(all_reduce, 1_MB, test::first_nodes(network->node_count()));
    used.neighbours(3, 1_MB, job.nodes);
    used.collective(all_to_all, 1_MB, job.nodes);
    cost::CommunicationModel fresh(job.machine, *network);
    for (const DataSize size : {1000_B, 10_MB}) {
      const auto a = used.collective(job.operation, size, job.nodes);
      const auto b = fresh.collective(job.operation, size, job.nodes);
      CHECK(a.time == b.time);
      CHECK(a.algorithm == b.algorithm);
      REQUIRE(a.loads.size() == b.loads.size());
      for (std::size_t i = 0; i < a.loads.size(); ++i) {
        CHECK(a.loads[i].link == b.loads[i].link);
        CHECK(a.loads[i].bytes == b.loads[i].bytes);
      }
    }
  }
}
