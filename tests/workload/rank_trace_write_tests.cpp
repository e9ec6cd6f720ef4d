// Rank traces written in another format: read again they are the same, or they are refused.
#include "support/catch.hpp"
#include "support/chakra_writer.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/workload/rank_trace_files.hpp"

using namespace zettasim;
using namespace zettasim::workload;

namespace {

constexpr const char* one_text =
    "0 init\n0 irecv 1 7 100 6\n0 sleep 0.25\n0 isend 1 7 500 6\n0 wait 1 0 7\n0 wait 0 1 7\n0 finalize\n"
    "1 init\n1 send 0 7 100 6\n1 recv 0 7 500 6\n1 sleep 1e-06\n1 finalize\n";

constexpr const char* collectives =
    "0 init\n0 compute 1e9\n0 bcast 10 1 6\n0 allreduce 8 100 6\n0 alltoallv 3 1 2 9 4 5 6 6\n0 gatherv 5 5 6 0 6 6\n"
    "0 reducescatter 4 5 77 6\n0 alltoall 50 50 6 6\n0 barrier\n0 finalize\n"
    "1 init\n1 compute 5\n1 bcast 10 1 6\n1 allreduce 8 100 6\n1 alltoallv 9 4 5 8 2 6 6 6\n1 gatherv 6 5 6 0 6 6\n"
    "1 reducescatter 4 5 77 6\n1 alltoall 50 50 6 6\n1 barrier\n1 finalize\n";

RankTrace from_lines(const std::string& text) { return read_time_independent("t", {{"t", text}}); }

// The same work after the same actions; lines and names may differ.
void check_same(const RankTrace& left, const RankTrace& right) {
  REQUIRE(left.ranks.size() == right.ranks.size());
  for (std::size_t r = 0; r < left.ranks.size(); ++r) {
    REQUIRE(left.ranks[r].actions.size() == right.ranks[r].actions.size());
    for (std::size_t i = 0; i < left.ranks[r].actions.size(); ++i) {
      INFO("rank " << r << ", action " << i);
      CHECK(left.ranks[r].actions[i].work == right.ranks[r].actions[i].work);
      const auto a = left.ranks[r].dependencies_of(left.ranks[r].actions[i]);
      const auto b = right.ranks[r].dependencies_of(right.ranks[r].actions[i]);
      REQUIRE(a.size() == b.size());
      for (std::size_t d = 0; d < a.size(); ++d) CHECK((a[d].action == b[d].action && a[d].on == b[d].on));
    }
  }
}

template <class Write>
std::string refusal(Write write) {
  try {
    write();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no problem";
}

}  // namespace

TEST_CASE("a time independent trace written and read is the same", "[workload][ranks][convert]") {
  for (const std::string text : {one_text, collectives}) {
    const auto trace = from_lines(text);
    const auto written = write_time_independent(trace);
    CHECK(written.notes.empty());
    check_same(trace, from_lines(written.text));
  }
}

TEST_CASE("a chain of a GOAL schedule written line by line and back is the same schedule",
          "[workload][ranks][convert]") {
  const auto goal =
      read_goal("t",
                "num_ranks 2\nrank 0 {\na: calc 1000\nb: send 8192b to 1 tag 5\nc: recv 16b from 1 tag 6\n"
                "b requires a\nc irequires b\n}\nrank 1 {\na: recv 8192b from 0 tag 5\nb: send 16b to 0 tag 6\n"
                "b requires a\n}\n");
  const auto lines = write_time_independent(goal);
  const auto back = write_goal(from_lines(lines.text), std::nullopt);
  check_same(goal, read_goal("t", back.text));
}

// 1e9 flops at 1 GFLOP/s are 1e9 ns.
TEST_CASE("flops become times for GOAL by a rate and are refused without", "[workload][ranks][convert]") {
  const auto trace = from_lines("0 compute 1e9\n0 send 1 3 8\n1 recv 0 3 8");
  const auto written = write_goal(trace, flops_per_second(1e9));
  CHECK(written.text.find("calc 1000000000\n") != std::string::npos);
  CHECK(written.notes.at(0).count == 1);
  CHECK(refusal([&] { write_goal(trace, std::nullopt); }) ==
        "t:1: rank 0: computes flops, but GOAL knows times only; give --flop-rate, as \"1 GFLOP/s\"");
}

TEST_CASE("collectives are refused for GOAL with their place", "[workload][ranks][convert][rejects]") {
  CHECK(refusal([] { write_goal(from_lines("0 sleep 1\n0 barrier"), std::nullopt); }) ==
        "t:2: rank 0: has the collective barrier, which GOAL does not know: which messages it becomes is decided where "
        "it "
        "runs");
}

TEST_CASE("actions side by side are refused for time independent traces", "[workload][ranks][convert][rejects]") {
  const auto goal = read_goal("t.goal", "num_ranks 1\nrank 0 {\na: calc 5\nb: calc 6 cpu 1\n}\n");
  CHECK(refusal([&] { write_time_independent(goal); }) ==
        "t.goal:4: rank 0: begins beside others, but actions of a time-independent trace follow one another; GOAL can "
        "say "
        "this");
}

// A ring of Chakra sends and receives has no collectives; its times of whole microseconds are whole nanoseconds.
TEST_CASE("a Chakra trace of messages becomes a GOAL schedule with the same dependencies",
          "[workload][ranks][convert]") {
  std::vector<RankFile> files;
  for (std::int64_t r = 0; r < 2; ++r) {
    files.push_back({"t." + std::to_string(r) + ".et",
                     test::chakra_file({{1, "s", 5, {}, {}, 0, {{"comm_dst", 1 - r}, {"comm_size", 64}}, ""},
                                        {2, "r", 6, {1}, {}, 0, {{"comm_src", 1 - r}, {"comm_size", 64}}, ""},
                                        {3, "c", 4, {2}, {}, 9, {}, ""}})});
  }
  const auto written = write_goal(read_chakra("t", files), std::nullopt);
  const auto goal = read_goal("t", written.text);
  check(goal);
  CHECK(goal.ranks[0].actions.size() == 3);
  CHECK(std::get<RankCompute>(goal.ranks[1].actions[2].work).time->si() == Approx(9e-6));
  CHECK(written.notes.size() == 1);  // that the kernel was a GPU's
}
