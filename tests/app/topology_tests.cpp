// zettasim topology and zettasim route, from the outside.
#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "support/catch.hpp"

using namespace zettasim::test;
using nlohmann::json;

namespace {

json answer(const std::string& arguments) {
  const Outcome outcome = call(arguments + " --json");
  REQUIRE(outcome.exit_code == 0);
  return json::parse(outcome.out);
}

}  // namespace

// 24 x 23 x 24 x 2 x 3 x 2: diameter 12 + 11 + 12 + 1 + 1 + 1; cables of a node: 2 a wrapping dimension, 1 a mesh of
// two, each shared by two nodes: 10 / 2 = 5; across X 2 x 23 x 24 x 12.
TEST_CASE("the topology of Fugaku is told with its known figures") {
  const json fugaku = answer("topology fugaku");
  CHECK(fugaku["nodes"] == 158'976);
  CHECK(fugaku["diameter"] == 38);
  CHECK(fugaku["distances_exact"] == true);
  CHECK(fugaku["cables"]["fabric"] == 5.0 * 158'976);
  CHECK(fugaku["bisection"]["cables"] == 2.0 * 23 * 24 * 12);
}

// 74 groups of 32 switches: 74 x 32 x 31 / 2 local cables, 4 for each of 74 x 73 / 2 pairs of groups, 4 a node; half of
// the groups against the other: 37 x 37 x 4. Node, switch, switch, switch, switch, node: 5 links.
TEST_CASE("the topology of Frontier is told with its known figures") {
  const json frontier = answer("topology frontier");
  CHECK(frontier["switches"] == 74 * 32);
  CHECK(frontier["cables"]["fabric"] == 74.0 * 496 + 4.0 * 2701);
  CHECK(frontier["cables"]["host"] == 4.0 * 9472);
  CHECK(frontier["cables"]["transceivers"] == 2.0 * 4 * 2701);
  CHECK(frontier["bisection"]["cables"] == 37.0 * 37 * 4);
  CHECK(frontier["diameter"] == 5);
}

// Quad rail: 60 groups of 64 nodes, so 60 leaves and 60 x 64 / 128 = 30 spines a rail. Radix 144: 54 leaves of 72 nodes
// and 27 spines a rail. Neither is tapered, but link efficiency leaves 95 % of the interfaces' 400 GB/s across.
TEST_CASE("both fat trees proposed for FugakuNEXT are told with their switches and optics") {
  const json quad = answer("topology fugakunext --overlay fat-tree-quad-rail");
  CHECK(quad["switches"] == 4 * (60 + 30));
  CHECK(quad["cables"]["transceivers"] == 2.0 * 4 * 60 * 64);
  CHECK(quad["diameter"] == 4);
  CHECK(quad["injection_per_node_bytes_per_s"] == Approx(400e9));
  CHECK(quad["bisection"]["per_node_bytes_per_s"] == Approx(0.95 * 400e9));
  CHECK(quad["bisection"]["min_cut_bytes_per_s"] == Approx(0.95 * 400e9 * 1920));
  const json spectrum = answer("topology fugakunext --overlay fat-tree-spectrum-x");
  CHECK(spectrum["switches"] == 4 * (54 + 27));
  CHECK(spectrum["cables"]["optical_engines"] == 2.0 * 4 * 54 * 72);
}

TEST_CASE("a mixed day runs on both fat trees proposed for FugakuNEXT") {
  for (const char* overlay : {"fat-tree-quad-rail", "fat-tree-spectrum-x"}) {
    const Outcome run = call(std::string("run fugakunext mixed-day --uncertainty 0 --overlay ") + overlay);
    CHECK(run.exit_code == 0);
    CHECK(contains(run.out, "600 finished"));
  }
}

// Two nodes, 25 GB/s, 2 us: 2 us + 1 MB / (25 GB/s) = 42 us for each of two messages.
TEST_CASE("a pattern on the smallest machine takes what is computed by hand") {
  const json ring = answer("topology two-nodes --pattern ring --size 1MB");
  CHECK(ring["pattern"]["time_s"] == Approx(42e-6));
  CHECK(ring["pattern"]["messages"] == 2.0);
}

TEST_CASE("every pattern answers on a torus and a fat tree") {
  const Scratch scratch;
  std::ofstream(scratch / "traffic.json")
      << R"({"format": "zettasim-traffic", "version": 1, "messages": [{"from": 0, "to": 5, "size": "1 MiB"}]})";
  for (const char* pattern : {"neighbours", "ring", "recursive-doubling", "all-to-all", "uniform", "transpose",
                              "tornado", "bit-complement", "permutation", "matrix"}) {
    for (const char* machine : {"fugakunext", "fugakunext --overlay fat-tree-quad-rail"}) {
      const json result = answer(std::string("topology ") + machine + " --ranks 256 --pattern " + pattern +
                                 " --traffic '" + (scratch / "traffic.json").string() + "'");
      CHECK(result["pattern"]["slowest_link_s"].get<double>() > 0.0);
      CHECK(!result["pattern"]["heaviest_links"].empty());
    }
  }
}

// Eight hops or fewer; the latencies of the links on a single path add up to that of the hops.
TEST_CASE("a route names each hop with its latency and share") {
  const json route = answer("route fugakunext 0 1000");
  double hops = 0.0;
  for (const auto& link : route["links"]) hops += link["latency_s"].get<double>() * link["share"].get<double>();
  CHECK(hops == Approx(route["hops_latency_s"].get<double>()));
  CHECK(contains(call("route fugakunext 0 100 --overlay fat-tree-quad-rail").out, "rail 3 leaf 1 to node 100"));
}

TEST_CASE("questions about networks that make no sense are refused in words") {
  CHECK(call("route two-nodes 0 2").error == "TO: found node 2, expected 0 to 1, the nodes of \"two nodes\"\n");
  CHECK(call("route two-nodes 1 1").exit_code == 2);
  CHECK(call("route two-nodes 0 -1").exit_code == 2);
  CHECK(contains(call("topology two-nodes --pattern rign").error, "did you mean \"ring\"?"));
  CHECK(contains(call("topology two-nodes --pattern ring --size 3").error, "--size: found \"3\""));
  CHECK(contains(call("topology two-nodes --pattern matrix").error, "--traffic FILE"));
  CHECK(call("topology two-nodes --pattern ring --ranks 3").exit_code == 2);
  CHECK(call("topology").exit_code == 2);
}

TEST_CASE("two calls about a topology print the same bytes") {
  const std::string arguments = "topology frontier --pattern permutation --seed 5";
  const std::string first = call(arguments).out;
  CHECK(!first.empty());
  CHECK(first == call(arguments).out);
}
