// zettasim collective, from the outside.
#include <fstream>
#include <nlohmann/json.hpp>

#include "program.hpp"
#include "support/catch.hpp"

using nlohmann::json;
using zettasim::test::call;
using zettasim::test::contains;
using zettasim::test::Scratch;

namespace {

// A ring of nodes: 50 GB/s and 500 ns a link, interfaces of 100 GB/s, no software.
std::string ring_of(int nodes, const Scratch& scratch) {
  const json ring = {
      {"format", "zettasim-overlay"},
      {"version", 1},
      {"name", "a ring"},
      {"description", "for arithmetic by hand"},
      {"origin", {{"status", "assumed"}, {"source", "made up"}}},
      {"patch",
       {{"nodes", nodes},
        {"node", {{"nics", {{"bandwidth", "100 GB/s"}}}}},
        {"network",
         {{"topology",
           {{"kind", "torus"}, {"dimensions", json::array({{{"name", "x"}, {"size", nodes}, {"wraps", true}}})}}},
          {"link", {{"bandwidth", "50 GB/s"}, {"latency", "500 ns"}}}}}}}};
  const auto file = scratch / "ring.json";
  std::ofstream(file) << ring;
  return "two-nodes --overlay '" + file.string() + "'";
}

json rows_of(const std::string& arguments) {
  const auto outcome = call("collective " + arguments + " --json");
  INFO(outcome.error);
  REQUIRE(outcome.exit_code == 0);
  return json::parse(outcome.out)["rows"];
}

}  // namespace

// 2 (p-1) rounds of 500 ns + 1 MiB / p / (50 GB/s): 104.3 us for 64 nodes, 296.8 us for 256.
TEST_CASE("the collective command gives the closed form of a ring all-reduce", "[app][analytic]") {
  for (const auto& [nodes, expected] : {std::pair{64, 104.3e-6}, std::pair{256, 296.8e-6}}) {
    const Scratch scratch;
    const auto row = rows_of(ring_of(nodes, scratch) + " --op all-reduce --size 1MiB --algorithm ring")[0];
    const double time = 2 * (nodes - 1) * (500e-9 + 1048576.0 / nodes / 50e9);
    CHECK(row["time_s"].get<double>() == Approx(time).epsilon(1e-9));
    CHECK(row["time_s"].get<double>() == Approx(expected).epsilon(1e-3));
    CHECK(row["algorithm"] == "ring");
    CHECK(row["algorithm_bandwidth_bytes_per_s"].get<double>() == Approx(1048576 / time));
    CHECK(row["bus_bandwidth_bytes_per_s"].get<double>() == Approx(1048576 / time * 2 * (nodes - 1) / nodes));
  }
}

TEST_CASE("a range of sizes is its powers of two and units may follow without a blank", "[app]") {
  const auto rows = rows_of("fugaku --ranks 12 --size '1 KiB..8KiB'");
  REQUIRE(rows.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(rows[i]["size_bytes"] == 1024.0 * (1 << i));
  CHECK(rows_of("fugaku --ranks 12 --size 1kB")[0]["size_bytes"] == 1000.0);
}

TEST_CASE("the table names the algorithm of each size", "[app]") {
  const auto outcome = call("collective frontier --op all-gather --size 1MiB..2MiB --ranks 32");
  CHECK(outcome.exit_code == 0);
  CHECK(contains(outcome.out, "all-gather on Frontier: 32 GPUs of 8 nodes"));
  CHECK(contains(outcome.out, "1 MiB"));
  CHECK(contains(outcome.out, "2 MiB"));
  CHECK(call("collective frontier --op all-gather --size 1MiB..2MiB --ranks 32").out == outcome.out);
}

TEST_CASE("the algorithms of an operation are listed with formula and source", "[app]") {
  const auto outcome = call("collective fugaku --ranks 12 --op all-reduce --algorithms");
  CHECK(outcome.exit_code == 0);
  CHECK(contains(outcome.out, "double binary tree"));
  CHECK(contains(outcome.out, "source: Jain, Sabharwal"));
  CHECK(contains(outcome.out, "in-network reduction  (not here)"));
}

TEST_CASE("what the collective command cannot do it refuses with a way out", "[app][rejects]") {
  const auto refused = [](const std::string& arguments, const std::string& reason) {
    const auto outcome = call("collective " + arguments);
    INFO(arguments << ": " << outcome.error);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK(contains(outcome.error, reason));
  };
  refused("fugaku --op all-redcue", "did you mean \"all-reduce\"?");
  refused("fugaku --ranks 12 --algorithm rnig", "did you mean \"ring\"?");
  refused("fugaku --ranks 12 --op all-gather --algorithm recursive-doubling", "a power of two of nodes");
  refused("fugaku --ranks 999999", "expected 1 to 158976, the nodes of \"Fugaku\"");
  refused("fugaku --ranks -1", "expected 1 to 158976");
  refused("frontier --ranks 7", "a multiple of the 4 GPUs of a node");
  refused("fugaku --size 1GB/s", "expected");
  refused("fugaku --size 2MiB..1MiB", "the smaller size first");
  refused("fugaku --size 0B", "expected 1 B to 1 EB");
  refused("fugaku --size nan", "--size");
  refused("fugaku --size ..", "--size");
  refused("fugaku --ranks 12 --protocol LL", "is not a protocol");
}

// On FugakuNEXT, 16 nodes of 4 GPUs: a ring between idle nodes costs each round the same, whoever counts.
TEST_CASE("a ring told message by message takes what patterns says") {
  const std::string question = "fugakunext --op all-reduce --size 1MiB --ranks 64 --algorithm ring";
  const double patterns = rows_of(question)[0]["time_s"],
               messages = rows_of(question + " --network messages")[0]["time_s"];
  CHECK(messages == Approx(patterns).epsilon(1e-9));
}

TEST_CASE("an algorithm that messages do not know is refused by name") {
  const auto outcome =
      call("collective fugakunext --op all-reduce --size 1MiB --ranks 64 --algorithm torus-rings --network messages");
  CHECK(outcome.exit_code == 2);
  CHECK(contains(outcome.error, "torus rings"));
}

// 8 nodes of a ring in two groups of every second: each message takes two hops and each link carries both groups'
// messages: 6 rounds of 1 us + 2 * 1 MiB / 4 / (50 GB/s).
TEST_CASE("the collective command costs all groups at once", "[app][analytic]") {
  const Scratch scratch;
  const std::string ring = ring_of(8, scratch);
  const auto row = rows_of(ring + " --size 1MiB --group-size 4 --group-stride 2 --algorithm ring")[0];
  CHECK(row["time_s"].get<double>() == Approx(6 * (1e-6 + 2 * 1048576.0 / 4 / 50e9)).epsilon(1e-9));
  CHECK(contains(call("collective " + ring + " --group-size 9").error, "--group-size: found 9, expected 1 to 8"));
  CHECK(contains(call("collective " + ring + " --group-size 4 --group-stride 3").error, "expected 1 to 2"));
  const auto messages = ring + " --size 1MiB --group-size 4 --group-stride 2 --algorithm ring --network messages";
  CHECK(rows_of(messages)[0]["time_s"].get<double>() == Approx(row["time_s"].get<double>()).epsilon(1e-9));
}
