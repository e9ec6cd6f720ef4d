// The interconnect part of a description: fat trees, dragonfly+, routing, and links that differ.
#include "descriptions.hpp"
#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using namespace zettasim::platform;
using nlohmann::json;

namespace {

json with_topology(const json& topology, std::int64_t nodes, std::int64_t interfaces) {
  json description = test::small_machine();
  description["network"]["topology"] = topology;
  description["nodes"] = nodes;
  description["node"]["nics"]["count"] = interfaces;
  return description;
}

}  // namespace

// 72 ports down and 72 up of 144; two interfaces of a node on each leaf of two rails: 36 nodes a leaf.
TEST_CASE("a fat tree of a radix has half its ports up and fills its leaves", "[platform]") {
  const auto machine =
      test::parse(with_topology({{"kind", "fat-tree"}, {"radix", 144}, {"depth", 2}, {"rails", 2}}, 1000, 4));
  const auto& tree = std::get<FatTree>(machine.network.topology);
  REQUIRE(tree.levels.size() == 2);
  CHECK(tree.levels[0] == FatTreeLevel{.down = 72, .up = 72});
  CHECK(tree.levels[1] == FatTreeLevel{.down = 144});
  CHECK(tree.rails == 2);
  CHECK(tree.nodes_per_group == 36);
}

// 60 ports with a taper of 2: 40 down, 20 up; the middle untapered, 30 and 30, joining 30 leaves.
TEST_CASE("each level of a fat tree has its taper", "[platform]") {
  const auto machine =
      test::parse(with_topology({{"kind", "fat-tree"}, {"radix", 60}, {"depth", 3}, {"tapers", {2, 1}}}, 100, 1));
  const auto& tree = std::get<FatTree>(machine.network.topology);
  REQUIRE(tree.levels.size() == 3);
  CHECK(tree.levels[0] == FatTreeLevel{.down = 40, .up = 20});
  CHECK(tree.levels[1] == FatTreeLevel{.down = 30, .up = 30, .blocks = 30});
  CHECK(tree.levels[2] == FatTreeLevel{.down = 60});
}

TEST_CASE("links of a level may differ and say what they run over", "[platform]") {
  const json link = {{"bandwidth", "20 GB/s"},
                     {"latency", "300 ns"},
                     {"energy", "3 pJ/bit"},
                     {"length", "30 m"},
                     {"medium", "optical"}};
  const auto machine =
      test::parse(with_topology({{"kind", "fat-tree"},
                                 {"host", {{"length", "2 m"}, {"medium", "electrical"}}},
                                 {"levels", {{{"down", 4}, {"up", 2}, {"link", link}}, {{"down", 4}}}}},
                                10, 1));
  const auto& tree = std::get<FatTree>(machine.network.topology);
  CHECK(tree.levels[0].link == LinkChanges{.bandwidth = 20_GB_per_s,
                                           .latency = seconds(300 * 1e-9),
                                           .energy = EnergyPerByte::from_si(tree.levels[0].link.energy->si()),
                                           .length = metres(30),
                                           .medium = Medium::optical});
  CHECK(tree.levels[0].link.energy->si() == Approx(24e-12));
  CHECK(tree.host.medium == Medium::electrical);
  CHECK(tree.nodes_per_group == 4);
}

TEST_CASE("a dragonfly+ and its routing are read", "[platform]") {
  json shape = {{"kind", "dragonfly-plus"}, {"groups", 3},          {"leaves_per_group", 2},
                {"spines_per_group", 2},    {"nodes_per_group", 4}, {"links_per_group_pair", 1},
                {"links_per_leaf_spine", 1}};
  const auto routing = [&] {
    return std::get<DragonflyPlus>(test::parse(with_topology(shape, 12, 1)).network.topology).routing;
  };
  CHECK(routing() == DetourRouting{.valiant_share = 0.0, .by_load = false});
  shape["routing"] = "valiant";
  CHECK(routing() == DetourRouting{.valiant_share = 1.0, .by_load = false});
  shape["routing"] = "adaptive";
  CHECK(routing() == DetourRouting{.valiant_share = 0.0, .by_load = true});
  shape["valiant_share"] = 0.3;
  CHECK(routing() == DetourRouting{.valiant_share = 0.3, .by_load = false});
  shape["routing"] = "minimal";
  CHECK(test::message_of(with_topology(shape, 12, 1)) ==
        "machine.json#/network/topology: unknown key \"valiant_share\"");
}

TEST_CASE("a torus and its routing are read", "[platform]") {
  json description = with_topology(
      {{"kind", "torus"}, {"dimensions", {{{"name", "x"}, {"size", 4}, {"wraps", true}}}}, {"routing", "adaptive"}}, 4,
      1);
  CHECK(std::get<Torus>(test::parse(description).network.topology).routing ==
        DetourRouting{.valiant_share = 0.0, .by_load = true});
  description["network"]["topology"]["routing"] = "valiant";
  CHECK(std::get<Torus>(test::parse(description).network.topology).routing == DetourRouting{.valiant_share = 1.0});
  description["network"]["in_network_reduction"] = {{"place", "switches"}, {"latency", "1 us"}, {"largest", "1 MiB"}};
  CHECK(
      test::message_of(description) ==
      "machine.json#/network/topology/routing: found detours, but the switches that reduce (\"in_network_reduction\") "
      "are linked by direct routes; write \"minimal\" or \"adaptive\"");
}

TEST_CASE("fat trees that cannot be wired are refused in words", "[platform][rejects]") {
  const std::string at = "machine.json#/network/topology";
  CHECK(test::message_of(with_topology({{"kind", "fat-tree"}, {"radix", 8}, {"depth", 2}}, 100, 1)) ==
        at + ": a switch of level 2 has 8 ports down, but 25 blocks of the level below to join, each needs one; add a "
             "level, or ports");
  CHECK(test::message_of(with_topology({{"kind", "fat-tree"}, {"radix", 8}, {"depth", 2}, {"rails", 3}}, 16, 4)) ==
        at + "/rails: found 3, expected a divisor of the 4 interfaces of a node");
  CHECK(test::message_of(with_topology({{"kind", "fat-tree"}, {"radix", 8}, {"depth", 2}, {"nodes_per_group", 5}}, 16,
                                       1)) == at + ": 5 nodes on a leaf need 5 ports down, but a leaf has 4");
  CHECK(test::message_of(with_topology({{"kind", "fat-tree"}, {"radix", 8}, {"depth", 2}, {"tapers", {1, 1}}}, 8, 1)) ==
        at + "/tapers: found 2 tapers, expected 1: one for each level below the top");
  CHECK(test::message_of(with_topology({{"kind", "fat-tree"}, {"levels", json::array()}}, 8, 1)) ==
        at + "/levels: found 0 levels, expected 1 to 8");
}
