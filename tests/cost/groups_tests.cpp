// Groups of devices that communicate at once, and shifts between devices.
#include <algorithm>
#include <cmath>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/cost/communication.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using cost::CommunicationCost;
using enum CollectiveOperation;

namespace {

constexpr CollectiveOperation all_operations[] = {all_reduce, reduce_scatter, all_gather, broadcast,
                                                  reduce,     all_to_all,     barrier};

CommunicationCost grouped(const platform::Machine& machine, CollectiveOperation operation, DataSize size,
                          std::size_t nodes, DeviceGroups groups, std::string_view algorithm = {}) {
  const auto network = topology::build_network(machine);
  return cost::CommunicationModel(machine, *network)
      .collective(operation, size, test::first_nodes(nodes), {.algorithm = algorithm, .groups = groups});
}

CommunicationCost shifted(const platform::Machine& machine, std::int64_t distance, DataSize size, std::size_t nodes) {
  const auto network = topology::build_network(machine);
  return cost::CommunicationModel(machine, *network).shift(distance, size, test::first_nodes(nodes));
}

// Four GPUs a node on 400 GB/s, 1 us a step; any two nodes joined by 50 GB/s, 100 ns a hop and 1 us of software.
platform::Machine pairs(std::int64_t nodes) {
  auto machine = test::machine(test::fully_connected(), nodes);
  machine.network.message_latency = 1_us;
  return machine;
}

Approx exactly(double value) { return Approx(value).epsilon(1e-9); }

// What each group alone puts on links, added up; the longest of them alone.
struct Separately {
  std::map<std::uint32_t, double> loads;
  double longest_s = 0.0;
  double energy_j = 0.0;
};

// Groups with one device on each of their nodes, costed one after the other: each GPU of a node leads one of them.
Separately one_by_one(const platform::Machine& machine, CollectiveOperation operation, DataSize size, std::size_t nodes,
                      DeviceGroups groups, std::string_view algorithm) {
  const auto network = topology::build_network(machine);
  cost::CommunicationModel model(machine, *network);
  const auto devices = static_cast<std::size_t>(machine.node.gpus->count);
  const auto stride = static_cast<std::size_t>(groups.stride) / devices;
  const auto size_of_group = static_cast<std::size_t>(groups.size);
  Separately sum;
  for (std::size_t start = 0; start < nodes; start += stride * size_of_group) {
    for (std::size_t offset = 0; offset < stride; ++offset) {
      std::vector<NodeId> members;
      for (std::size_t j = 0; j < size_of_group; ++j) members.emplace_back(start + offset + j * stride);
      const auto alone = model.collective(operation, size, members, {.algorithm = algorithm, .gpus_per_node = 1});
      sum.longest_s = std::max(sum.longest_s, in_seconds(alone.time));
      sum.energy_j += in_joules(alone.network_energy + alone.nic_energy) * static_cast<double>(devices);
      for (const auto& load : alone.loads) {
        sum.loads[load.link.index()] += load.bytes * static_cast<double>(devices);
      }
    }
  }
  return sum;
}

}  // namespace

// Pairs of GPUs: 2 steps of 1 us and 1 MB over 400 GB/s, on all nodes at once.
TEST_CASE("groups inside a node use its GPU links and no network", "[cost][groups][analytic]") {
  const auto cost = grouped(pairs(8), all_reduce, 1_MB, 8, {.size = 2, .stride = 1});
  CHECK(in_seconds(cost.time) == exactly(2e-6 + 1e6 / 400e9));
  CHECK(cost.loads.empty());
  CHECK(cost.messages == 0);
  CHECK(in_bytes(cost.node_link_traffic) == exactly(8 * 2 * 2 * 1e6));
  const auto strided = grouped(pairs(8), all_reduce, 1_MB, 8, {.size = 2, .stride = 2});
  CHECK(strided.time == cost.time);
}

// Eight nodes, GPU i of all of them: four rings share each link. 14 rounds of 1.1 us and 4/8 MB over 50 GB/s.
TEST_CASE("groups with one device on each node share its links", "[cost][groups][analytic]") {
  const auto cost = grouped(pairs(8), all_reduce, 1_MB, 8, {.size = 8, .stride = 4}, "ring");
  CHECK(in_seconds(cost.time) == exactly(14 * (1.1e-6 + 4 * 1e6 / 8 / 50e9)));
  CHECK(cost.messages == 14 * 8 * 4);
  CHECK(in_bytes(cost.node_link_traffic) == 0.0);
}

// Two groups of 16 GPUs on four nodes each: 2 * (3 us + 3/4 MB over 400 GB/s) inside, and a ring of four nodes with the
// whole vector: 6 rounds of 1.1 us and 1/4 MB over 50 GB/s. They share nothing.
TEST_CASE("groups of whole nodes are hierarchical", "[cost][groups][analytic]") {
  const auto cost = grouped(pairs(8), all_reduce, 1_MB, 8, {.size = 16, .stride = 1}, "ring");
  CHECK(in_seconds(cost.time) == exactly(2 * (3e-6 + 0.75e6 / 400e9) + 6 * (1.1e-6 + 0.25e6 / 50e9)));
  CHECK(cost.messages == 2 * 6 * 4);
}

// Groups of four, two GPUs on each of two nodes, two groups a node: 2 * (1 us + 1/2 MB over 400 GB/s) inside, then two
// vectors over the link: 2 rounds of 1.1 us and 2 * 1/2 MB over 50 GB/s.
TEST_CASE("groups with some devices of each node share what leaves it", "[cost][groups][analytic]") {
  const auto cost = grouped(pairs(8), all_reduce, 1_MB, 8, {.size = 4, .stride = 2}, "ring");
  CHECK(in_seconds(cost.time) == exactly(2 * (1e-6 + 0.5e6 / 400e9) + 2 * (1.1e-6 + 1e6 / 50e9)));
}

// Each of 32 GPUs sends 8 MB, 1 MB to each of its group: four groups put 4 MB on each link, 80 us; issuing 6 more
// messages takes 6 us.
TEST_CASE("an all-to-all in groups sends what each device holds", "[cost][groups][analytic]") {
  const auto cost = grouped(pairs(8), all_to_all, 8_MB, 8, {.size = 8, .stride = 4}, "all-pairs-at-once");
  CHECK(in_seconds(cost.time) == exactly(1.1e-6 + 7 * 4e6 / 100e9));
  CHECK(cost.messages == 4 * 8 * 7);
  // Inside nodes: a quarter stays, three times a quarter goes to the others: 3 us and 3/4 of 8 MB.
  const auto inside = grouped(pairs(8), all_to_all, 8_MB, 8, {.size = 4, .stride = 1});
  CHECK(in_seconds(inside.time) == exactly(3e-6 + 6e6 / 400e9));
}

// One group of all devices is the job, but for all-to-alls whose size is a device's, not a node's.
TEST_CASE("one group of all devices costs what the whole job does", "[cost][groups][property]") {
  const auto machine = test::machine(test::torus({4, 4}));
  for (const auto operation : all_operations) {
    INFO(name_of(operation));
    const double share = operation == all_to_all ? 4.0 : 1.0;
    const auto all = grouped(machine, operation, 16_MB * share, 16, {});
    const auto one = grouped(machine, operation, 16_MB, 16, {.size = 64, .stride = 1});
    const auto more = grouped(machine, operation, 16_MB, 16, {.size = 1000, .stride = 1});
    CHECK(one.time == all.time);
    CHECK(one.algorithm == all.algorithm);
    CHECK(more.time == all.time);
    CHECK(in_joules(one.network_energy) == exactly(in_joules(all.network_energy)));
  }
}

TEST_CASE("groups at once load links as all groups one by one together do", "[cost][groups][agreement]") {
  const std::pair<CollectiveOperation, std::string_view> algorithms[] = {{all_reduce, "ring"},
                                                                         {all_reduce, "recursive doubling"},
                                                                         {all_reduce, "double binary tree"},
                                                                         {broadcast, "binomial tree"},
                                                                         {all_gather, "Bruck"},
                                                                         {all_to_all, "all pairs at once"}};
  for (const auto& machine : {test::machine(test::torus({4, 3, 4})), test::machine(test::dragonfly(4, 4, 12)),
                              test::machine(test::fat_tree(6, 3), 48)}) {
    for (const DeviceGroups groups : {DeviceGroups{6, 4}, DeviceGroups{4, 16}, DeviceGroups{2, 96}}) {
      for (const auto& [operation, algorithm] : algorithms) {
        INFO(machine.network.topology.index() << " " << algorithm << " " << groups.size << " x " << groups.stride);
        const auto at_once = grouped(machine, operation, 1_MB, 48, groups, algorithm);
        const auto alone = one_by_one(machine, operation, 1_MB, 48, groups, algorithm);
        REQUIRE(at_once.loads.size() == alone.loads.size());
        for (const auto& load : at_once.loads) CHECK(load.bytes == exactly(alone.loads.at(load.link.index())));
        CHECK(in_seconds(at_once.time) >= alone.longest_s * (1 - 1e-12));
        CHECK(in_joules(at_once.network_energy + at_once.nic_energy) == exactly(alone.energy_j));
      }
    }
  }
}

// Rows of a 4 x 8 torus (y fastest) lie on its rings, columns too: the bucket algorithm, each way round. Rows of 8:
// 7 rounds of 100 ns and 4 groups of 1/16 MB over 50 GB/s, twice.
TEST_CASE("groups on the rings of a torus go both ways round", "[cost][groups][analytic]") {
  const auto rows = grouped(test::machine(test::torus({4, 8})), all_reduce, 16_MB, 32, {.size = 8, .stride = 4});
  CHECK(rows.algorithm == "torus rings");
  CHECK(in_seconds(rows.time) == exactly(2 * 7 * (100e-9 + 4 * 1e6 / 50e9)));
  const auto columns = grouped(test::machine(test::torus({4, 8})), all_reduce, 16_MB, 32, {.size = 4, .stride = 32});
  CHECK(columns.algorithm == "torus rings");
  CHECK(in_seconds(columns.time) == exactly(2 * 3 * (100e-9 + 4 * 2e6 / 50e9)));
}

TEST_CASE("any size and stride of groups costs something finite and more for more bytes", "[cost][groups][property]") {
  RandomStream random(7, "groups");
  const auto upto = [&](double most) { return 1 + static_cast<std::int64_t>(random.uniform(0, most)); };
  for (int round = 0; round < 300; ++round) {
    auto machine = round % 2 ? test::machine(test::torus({upto(4), upto(4), upto(3)}))
                             : test::machine(test::dragonfly(upto(4), upto(4), upto(6), upto(3)));
    machine.node.gpus->count = upto(8);
    if (round % 3 == 0) machine.node = test::cpu_node();
    const auto network = topology::build_network(machine);
    const auto nodes = test::some_nodes(*network, 0.8, random);
    const DeviceGroups groups{.size = upto(20), .stride = upto(20)};
    const auto operation = all_operations[static_cast<std::size_t>(random.uniform(0, std::size(all_operations)))];
    INFO(name_of(operation) << " " << nodes.size() << " nodes, groups " << groups.size << " x " << groups.stride);
    cost::CommunicationModel model(machine, *network);
    const auto small = model.collective(operation, bytes(10e3), nodes, {.groups = groups});
    const auto large = model.collective(operation, 10_MB, nodes, {.groups = groups});
    CHECK(std::isfinite(in_seconds(large.time)));
    CHECK(large.time >= small.time);
    for (const auto& load : large.loads) CHECK(load.bytes > 0.0);
  }
}

TEST_CASE("costs do not depend on which groups a model has seen before", "[cost][groups][property]") {
  const auto machine = test::machine(test::dragonfly(4, 4, 12));
  const auto network = topology::build_network(machine);
  const auto nodes = test::first_nodes(48);
  cost::CommunicationModel used(machine, *network);
  for (int round = 0; round < 3; ++round) {
    for (const DeviceGroups groups : {DeviceGroups{8, 1}, DeviceGroups{12, 16}, DeviceGroups{}}) {
      const DataSize size = 1_MB * (1.0 + round);
      cost::CommunicationModel fresh(machine, *network);
      const auto a = used.collective(all_reduce, size, nodes, {.groups = groups});
      const auto b = fresh.collective(all_reduce, size, nodes, {.groups = groups});
      CHECK(a.time == b.time);
      CHECK(a.algorithm == b.algorithm);
      CHECK(a.network_energy == b.network_energy);
      REQUIRE(a.loads.size() == b.loads.size());
      for (std::size_t i = 0; i < a.loads.size(); ++i) CHECK(a.loads[i].bytes == b.loads[i].bytes);
    }
  }
}

TEST_CASE("energy does not depend on whether loads are counted", "[cost][groups]") {
  const auto machine = test::machine(test::torus({4, 3, 4}));
  const auto network = topology::build_network(machine);
  cost::CommunicationModel model(machine, *network);
  const auto nodes = test::first_nodes(48);
  const auto with = model.collective(all_reduce, 1_MB, nodes, {});
  const auto without = model.collective(all_reduce, 1_MB, nodes, {.loads = cost::Loads::left_out});
  CHECK(without.loads.empty());
  CHECK(without.network_energy == with.network_energy);
  double fabric = 0.0;
  for (const auto& load : with.loads) {
    if (network->role(load.link) == topology::LinkRole::fabric) fabric += load.bytes;
  }
  CHECK(in_joules(with.network_energy) == exactly(fabric * 80e-12));
}

// Distance 4 on four GPUs a node: each GPU to the same one of the next node, four messages over 50 GB/s. Distance 1:
// one of four leaves the node, 20 us, while the others take 1 us and 2.5 us. The last ones send to nobody.
TEST_CASE("a shift sends from each device to the one so much further on", "[cost][groups][analytic]") {
  const auto machine = pairs(8);
  const auto far = shifted(machine, 4, 1_MB, 8);
  CHECK(in_seconds(far.time) == exactly(1.1e-6 + 4e6 / 50e9));
  CHECK(far.messages == 28);
  const auto near = shifted(machine, 1, 1_MB, 8);
  CHECK(in_seconds(near.time) == exactly(1.1e-6 + 1e6 / 50e9));
  CHECK(near.messages == 7);
  CHECK(in_bytes(near.node_link_traffic) == exactly(8 * 3 * 1e6));
  const auto inside = shifted(machine, 1, 1_MB, 1);
  CHECK(in_seconds(inside.time) == exactly(1e-6 + 1e6 / 400e9));
  CHECK(shifted(machine, 32, 1_MB, 8).time == Duration{});
  CHECK(shifted(machine, 1, 0_B, 8).time == Duration{});
}
