// GOAL schedules: what the reader makes of them, and what it refuses.
#include "support/catch.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/workload/rank_trace_describe.hpp"
#include "zettasim/workload/rank_trace_files.hpp"

using namespace zettasim;
using namespace zettasim::workload;

namespace {

std::string refusal(const std::string& text) {
  try {
    check(read_goal("g", text));
  } catch (const InputError& error) {
    return error.what();
  }
  return "no problem";
}

}  // namespace

// Rank 0 calculates 1,000 + 5,000 ns; two messages of 8,192 B.
TEST_CASE("a schedule of a ping pong has its messages and calculations", "[workload][ranks]") {
  const auto trace = read_rank_trace(std::string(ZETTASIM_SOURCE_DIR) + "/workloads/traces/ping-pong.goal");
  const auto description = describe(trace);
  CHECK(description.ranks == 2);
  CHECK(description.roles == 2);
  CHECK(description.actions == 6);
  CHECK(description.longest_rank.si() == Approx(6e-6));
  CHECK(description.message_size.si() == 2 * 8192.0);
  const Rank& rank = trace.ranks[0];
  CHECK(rank.dependencies_of(rank.actions[1])[0].on == DependsOn::finish);
  CHECK(rank.dependencies_of(rank.actions[2])[0].on == DependsOn::start);
  CHECK(std::get<RankCompute>(rank.actions[3].work).lane == 1);
}

TEST_CASE("labels may be used before they are set and comments and semicolons are passed over", "[workload][ranks]") {
  const auto trace =
      read_goal("g", "num_ranks 1 /* a\nb */ rank 0 { b requires a; b: calc 2; // c\n a: calc 1 cpu 3; }");
  REQUIRE(trace.ranks[0].actions.size() == 2);
  CHECK(trace.ranks[0].actions[0].place == 2);
  CHECK(trace.ranks[0].actions[1].place == 3);
  CHECK(trace.ranks[0].dependencies_of(trace.ranks[0].actions[0])[0].action == 1);
}

TEST_CASE("broken schedules are refused with their line", "[workload][ranks][rejects]") {
  CHECK(refusal("num_ranks 2\nrank 0 { }") == "g: rank 1 is missing: num_ranks says 2, but it has no block");
  CHECK(refusal("num_ranks 1\nrank 0 {\n calc 5") ==
        "g:3: found the end of the file, expected the end of the rank, \"}\"");
  CHECK(refusal("num_ranks 1\nrank 0 {\n calc x }") ==
        "g:3: found \"x\", expected a whole number from 0 to 9007199254740992");
  CHECK(refusal("num_ranks 1\nrank 0 { send 8b to 1 }") == "g:2: found \"1\", expected a whole number from 0 to 0");
  CHECK(refusal("num_ranks 1\nrank 0 { a: calc 1\n a requires b }") ==
        "g:3: found \"b\", expected a label of this rank");
  CHECK(refusal("num_ranks 1\nrank 0 { } /* x") ==
        "g:2: found the end of the file, expected the end of a comment, \"*/\"");
  CHECK(
      refusal("num_ranks 2 rank 0 {\n recv 8b from 1 tag 3 } rank 1 { }") ==
      "g:2: rank 0: this receive from rank 1 with tag 3 has no send left to meet it; a rank or a line may be missing");
  CHECK(
      refusal("num_ranks 1 rank 0 {\n a: calc 1\n b: calc 2\n a requires b b requires a }") ==
      "g:2: rank 0: actions wait for each other in a circle: rank 0 line 2 (compute) waits for rank 0 line 3 (compute) "
      "waits for rank 0 line 2 (compute)");
}
