// zettasim replay and workload convert, from the outside.
#include <nlohmann/json.hpp>

#include "program.hpp"
#include "support/catch.hpp"

using nlohmann::json;
using zettasim::test::call;
using zettasim::test::contains;

namespace {

json replayed(const std::string& arguments) {
  const auto outcome = call("replay " + arguments + " --json");
  INFO(outcome.error);
  REQUIRE(outcome.exit_code == 0);
  return json::parse(outcome.out);
}

}  // namespace

// Launch 10 us, kernels of 400, 300 and 100 us; the sum of 8 MB over one link of 25 GB/s and 2 us, in two rounds of
// half of it: 2 (2 us + 160 us) = 324 us beside the second kernel's 300. 10 + 400 + 324 + 100 = 834 us.
TEST_CASE("a replay says how long a trace takes") {
  const json r = replayed("two-nodes workloads/traces/training --network messages");
  CHECK(r["time_s"].get<double>() == Approx(834e-6).epsilon(1e-9));
  CHECK(r["ranks"] == 2);
  CHECK(r["messages"] == 4);
  CHECK(r["rank_end_s"].size() == 2);
  CHECK(replayed("two-nodes workloads/traces/training")["roles"] == 1);
}

TEST_CASE("replays are the same bytes each time") {
  for (const std::string network : {"patterns", "messages"}) {
    const auto once = "replay fugaku workloads/traces/ring --json --network " + network;
    CHECK(call(once).out == call(once).out);
  }
}

TEST_CASE("a replay refuses what it cannot do with exit code 2") {
  const auto few = call("replay two-nodes workloads/traces/ring");
  CHECK(few.exit_code == 2);
  CHECK(contains(few.error, "has 4 ranks, which fill 4 nodes"));
  CHECK(call("replay two-nodes workloads/traces/ring --ranks-per-node 2").exit_code == 0);
  CHECK(contains(call("replay fugaku workloads/traces/ring --flop-rate 5").error, "--flop-rate: found \"5\""));
  CHECK(call("replay fugaku no-such-trace").exit_code == 2);
}

TEST_CASE("traces of ranks are converted and what a format cannot say is refused") {
  const zettasim::test::Scratch scratch;
  const std::string goal = (scratch / "pipeline.goal").string();
  const std::string lines = (scratch / "again.txt").string();
  CHECK(call("workload convert workloads/traces/pipeline.txt " + goal + " --flop-rate '1 GFLOP/s'").exit_code == 0);
  CHECK(call("workload convert " + goal + " " + lines).exit_code == 0);
  CHECK(call("workload convert " + lines + " " + lines + ".json").exit_code == 2);
  const auto refused = call("workload convert workloads/traces/ring " + goal + " --flop-rate '1 GFLOP/s'");
  CHECK(refused.exit_code == 2);
  CHECK(contains(refused.error, "has the collective all-reduce, which GOAL does not know"));
}

// Each rank computes 2 s on what it got, and hands on 1 MB in 42 us.
TEST_CASE("a converted trace replays to the same time") {
  const zettasim::test::Scratch scratch;
  const std::string goal = (scratch / "pipeline.goal").string();
  call("workload convert workloads/traces/pipeline.txt " + goal + " --flop-rate '1 GFLOP/s'");
  const std::string options = " --set /nodes=3 --flop-rate '1 GFLOP/s'";
  const double before = replayed("two-nodes workloads/traces/pipeline.txt" + options)["time_s"].get<double>();
  CHECK(before == Approx(2.0 + 2.0 + 2.0 + 2 * 42e-6).epsilon(1e-9));
  CHECK(replayed("two-nodes " + goal + options)["time_s"].get<double>() == Approx(before).epsilon(1e-9));
}
