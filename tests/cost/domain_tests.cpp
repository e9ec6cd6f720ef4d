// GPU links that join several nodes: the scale-up domain.
#include <cmath>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/cost/communication.hpp"
#include "zettasim/platform/load.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using cost::CommunicationCost;
using enum CollectiveOperation;

namespace {

// Twelve nodes of four GPUs, four nodes a domain: 400 GB/s and 1 us a step in it. Between any two nodes 50 GB/s, 1.1
// us.
platform::Machine domains(std::int64_t gpus_in_domain = 16) {
  auto machine = test::machine(test::fully_connected(), 12);
  machine.network.message_latency = 1_us;
  machine.node.gpu_domain = gpus_in_domain;
  return machine;
}

std::vector<NodeId> from_to(std::size_t first, std::size_t last) {
  std::vector<NodeId> nodes;
  for (std::size_t i = first; i <= last; ++i) nodes.emplace_back(i);
  return nodes;
}

CommunicationCost cost_on(const platform::Machine& machine, CollectiveOperation operation, DataSize size,
                          const std::vector<NodeId>& nodes, const cost::CollectiveChoice& choice = {}) {
  const auto network = topology::build_network(machine);
  return cost::CommunicationModel(machine, *network).collective(operation, size, nodes, choice);
}

Approx exactly(double value) { return Approx(value).epsilon(1e-9); }

}  // namespace

// 16 GPUs: 30 steps of 1 us and 2 * 15/16 of 16 MB over 400 GB/s.
TEST_CASE("a collective inside a scale-up domain of several nodes takes no network", "[cost][domain][analytic]") {
  const auto cost = cost_on(domains(), all_reduce, 16_MB, from_to(4, 7));
  CHECK(in_seconds(cost.time) == exactly(30e-6 + 30e6 / 400e9));
  CHECK(cost.algorithm == "inside the scale-up domain");
  CHECK(cost.loads.empty());
  CHECK(cost_on(domains(), all_reduce, 16_MB, from_to(4, 5)).loads.empty());
  CHECK(!cost_on(domains(), all_reduce, 16_MB, from_to(3, 6)).loads.empty());
}

// Three domains: 2 * (15 us + 15/16 n / 400 GB/s) inside, then a ring of three: each of a domain's four nodes sends a
// quarter of a third, four rounds of 1.1 us and n / 12 over 50 GB/s.
TEST_CASE("a collective over domains is hierarchical with the domain as its lower stage", "[cost][domain][analytic]") {
  const auto cost = cost_on(domains(), all_reduce, 12_MB, from_to(0, 11), {.algorithm = "ring"});
  CHECK(in_seconds(cost.time) == exactly(2 * (15e-6 + 15.0 / 16 * 12e6 / 400e9) + 4 * (1.1e-6 + 1e6 / 50e9)));
  CHECK(cost.messages == 4 * 3 * 4);
  // The same bytes leave the nodes as without domains of several nodes, where each stage has a ring of twelve nodes:
  // there every node sends 22/12 of the vector, here 4/3 of a quarter.
  const auto alone = cost_on(domains(0), all_reduce, 12_MB, from_to(0, 11), {.algorithm = "ring"});
  CHECK(in_joules(alone.nic_energy) / in_joules(cost.nic_energy) == exactly((22.0 / 12) / (4.0 / 3 / 4)));
}

// Nodes 2 to 9: runs of two, four and two in their domains. The largest has 16 GPUs inside; between the three, a
// quarter of a third goes from each of four nodes, or twice that from each of two: 4 rounds of 1.1 us, and 2/12 of the
// vector over the interfaces of 100 GB/s or 1/12 over a link.
TEST_CASE("domains that a job holds in part take longer where fewer nodes send", "[cost][domain][analytic]") {
  auto machine = domains();
  machine.network.link_bandwidth = bytes_per_second(200e9);
  const auto cost = cost_on(machine, all_reduce, 12_MB, from_to(2, 9), {.algorithm = "ring"});
  CHECK(in_seconds(cost.time) == exactly(2 * (15e-6 + 15.0 / 16 * 12e6 / 400e9) + 4 * (1.1e-6 + 2e6 / 100e9)));
}

// Groups of 16 are domains; groups of 8 halves of them; GPU i of every node of a domain: 3 neighbours, no network.
TEST_CASE("groups inside a domain use GPU links whatever nodes they are on", "[cost][domain][analytic]") {
  const auto all = from_to(0, 11);
  for (const DeviceGroups groups : {DeviceGroups{16, 1}, DeviceGroups{8, 1}, DeviceGroups{4, 4}, DeviceGroups{8, 2}}) {
    const auto cost = cost_on(domains(), all_reduce, 16_MB, all, {.groups = groups});
    const double g = static_cast<double>(groups.size);
    CHECK(in_seconds(cost.time) == exactly(2 * (g - 1) * (1e-6 + 16e6 / g / 400e9)));
    CHECK(cost.loads.empty());
    CHECK(in_bytes(cost.node_link_traffic) == exactly(48 / g * 2 * (g - 1) * 16e6));
  }
}

// Groups of 12 with domains of 16: three nodes each, which straddle domains. Rings of three nodes: those inside a
// domain use its links, those across the network, and a round lasts as long as the network's message.
TEST_CASE("groups that straddle domains take both kinds of links", "[cost][domain][analytic]") {
  const auto cost = cost_on(domains(), all_gather, 12_MB, from_to(0, 11), {.algorithm = "ring", .groups = {12, 1}});
  const auto alone = cost_on(domains(0), all_gather, 12_MB, from_to(0, 11), {.algorithm = "ring", .groups = {12, 1}});
  CHECK(in_seconds(cost.time) == exactly(3e-6 + 0.75 * 12e6 / 400e9 + 2 * (1.1e-6 + 4e6 / 50e9)));
  CHECK(cost.time == alone.time);
  CHECK(cost.nic_energy < alone.nic_energy);
  CHECK(cost.node_link_traffic > alone.node_link_traffic);
}

TEST_CASE("every group on any domain costs something finite and a larger domain sends less over the network",
          "[cost][domain][property]") {
  RandomStream random(11, "domains");
  const auto upto = [&](double most) { return 1 + static_cast<std::int64_t>(random.uniform(0, most)); };
  constexpr CollectiveOperation operations[] = {all_reduce, reduce_scatter, all_gather, broadcast, reduce, all_to_all};
  for (int round = 0; round < 200; ++round) {
    auto machine = test::machine(test::dragonfly(upto(4), upto(4), upto(6), upto(3)));
    const auto network = topology::build_network(machine);
    const auto nodes = test::some_nodes(*network, 0.8, random);
    const DeviceGroups groups{.size = round % 3 ? upto(20) : 0, .stride = upto(10)};
    const auto operation = operations[static_cast<std::size_t>(random.uniform(0, std::size(operations)))];
    INFO(name_of(operation) << " " << nodes.size() << " nodes, groups " << groups.size << " x " << groups.stride);
    double before = INFINITY;
    for (const std::int64_t domain : {0, 8, 96}) {
      machine.node.gpu_domain = domain;
      cost::CommunicationModel model(machine, *network);
      const auto cost = model.collective(operation, 1_MB, nodes, {.groups = groups});
      CHECK(std::isfinite(in_seconds(cost.time)));
      for (const auto& load : cost.loads) CHECK(load.bytes > 0.0);
      if (domain == 96) CHECK(cost.loads.empty());
      if (operation == all_to_all) {
        const auto direct = model.collective(operation, 1_GB, nodes, {.groups = groups});
        CHECK(in_joules(direct.nic_energy) <= before * (1 + 1e-9));
        before = in_joules(direct.nic_energy);
      }
    }
  }
}

// Distance 4 is the same GPU of the next node: three of four nodes send to their own domain, 1 MB over 400 GB/s; the
// last one's four GPUs over a link of 50 GB/s.
TEST_CASE("shifts and exchanges inside a domain take its links", "[cost][domain][analytic]") {
  const auto machine = domains();
  const auto network = topology::build_network(machine);
  cost::CommunicationModel model(machine, *network);
  const auto inside = model.shift(4, 1_MB, from_to(0, 3));
  CHECK(in_seconds(inside.time) == exactly(1e-6 + 1e6 / 400e9));
  CHECK(inside.loads.empty());
  const auto across = model.shift(4, 1_MB, from_to(0, 11));
  CHECK(in_seconds(across.time) == exactly(1.1e-6 + 4e6 / 50e9));
  CHECK(across.messages == 2 * 4);
  // A halo on four nodes: 2 x 2, each sends twice 1 MB to two nodes over four links of 400 GB/s.
  const auto halo = model.neighbours(2, 1_MB, from_to(0, 3));
  CHECK(in_seconds(halo.time) == exactly(1e-6 + 4e6 / 1600e9));
  CHECK(halo.loads.empty());
  CHECK(in_bytes(halo.node_link_traffic) == exactly(16e6));
}

// 72 GPUs on 18 nodes of FugakuNEXT.
TEST_CASE("FugakuNEXT with NVL72 keeps a collective of 18 nodes on NVLink", "[cost][domain]") {
  const std::filesystem::path platforms = std::filesystem::path(ZETTASIM_SOURCE_DIR) / "platforms";
  const auto next = platform::load_machine(platforms / "fugakunext.json");
  const auto nvl72 =
      platform::load_machine(platforms / "fugakunext.json", {.overlays = {platforms / "overlays/nvl72.json"}});
  CHECK(next.node.domain_nodes() == 1);
  CHECK(nvl72.node.domain_nodes() == 18);
  CHECK(cost_on(nvl72, all_reduce, 64_MB, from_to(0, 17)).loads.empty());
  const auto wide = cost_on(nvl72, all_to_all, 64_MB, from_to(0, 17));
  const auto narrow = cost_on(next, all_to_all, 64_MB, from_to(0, 17));
  CHECK(wide.time < narrow.time);
}
