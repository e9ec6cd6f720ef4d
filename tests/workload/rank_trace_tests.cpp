// Traces of ranks: what the readers make of them, and what the check between ranks refuses.
#include "support/catch.hpp"
#include "support/shared_data.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/workload/rank_trace_describe.hpp"
#include "zettasim/workload/rank_trace_files.hpp"

using namespace zettasim;
using namespace zettasim::workload;

namespace {

RankTrace time_independent(const std::vector<std::string>& texts) {
  std::vector<RankFile> files;
  for (std::size_t i = 0; i < texts.size(); ++i) files.push_back({"r" + std::to_string(i), texts[i]});
  return read_time_independent("t", files);
}

template <class Read>
std::string refusal(Read read) {
  try {
    check(read());
  } catch (const InputError& error) {
    return error.what();
  }
  return "no problem";
}

std::string time_independent_refusal(const std::vector<std::string>& texts) {
  return refusal([&] { return time_independent(texts); });
}

std::int64_t count_of(const RankTraceDescription& description, const std::string& kind) {
  for (const auto& total : description.kinds) {
    if (total.kind == kind) return total.count;
  }
  return 0;
}

RankTraceDescription shared_description(const std::string& name) {
  return describe(read_rank_trace(test::shared_file_or_skip("data/" + name)));
}

const std::string own = std::string(ZETTASIM_SOURCE_DIR) + "/workloads/traces/";

}  // namespace

// 4 ranks, each 1e9 flops, 1000 doubles to the next, 500 doubles reduced with 1e6 flops:
// 4 (1e9 + 1e6) = 4.004e9 flops, 4 x 8,000 B = 32 kB in messages, 4 x 4,000 B = 16 kB reduced.
TEST_CASE("a ring of four ranks is one role with its flops and bytes", "[workload][ranks]") {
  for (const char* name : {"ring", "ring/index.txt"}) {
    const auto description = describe(read_rank_trace(own + name));
    CHECK(description.ranks == 4);
    CHECK(description.roles == 1);
    CHECK(description.flops.si() == 4.004e9);
    CHECK(description.message_size.si() == 32e3);
    CHECK(description.collective_size.si() == 16e3);
    CHECK(count_of(description, "send") == 4);
    CHECK(count_of(description, "receive") == 4);
    CHECK(count_of(description, "wait") == 4);
    CHECK(count_of(description, "all-reduce") == 4);
  }
}

TEST_CASE("a rank that computes more is a role of its own and so is a root", "[workload][ranks]") {
  CHECK(describe(time_independent({"0 compute 1", "1 compute 1", "2 compute 2"})).roles == 2);
  CHECK(describe(time_independent({"0 bcast 8 1", "1 bcast 8 1", "2 bcast 8 1"})).roles == 2);
  CHECK(describe(time_independent({"0 barrier", "1 barrier", "2 barrier"})).roles == 1);
}

// init without a number counts bytes, with one doubles; the datatype of a line (1: int of 4 bytes) goes before both.
TEST_CASE("elements have the size of their datatype", "[workload][ranks]") {
  const auto sent = [](const std::string& init, const std::string& send) {
    return describe(time_independent({"0 " + init + "\n0 " + send, "1 init\n1 recv 0 3 10"})).message_size.si();
  };
  CHECK(sent("init", "send 1 3 10") == 10.0);
  CHECK(sent("init 1", "send 1 3 10") == 80.0);
  CHECK(sent("init 1", "send 1 3 10 1") == 40.0);
}

TEST_CASE("the old form of time independent traces is read too", "[workload][ranks]") {
  const auto trace = time_independent({"p0 init\np0 Irecv p1\np0 compute 5\np0 wait", "p1 init\np1 send p0 5760"});
  check(trace);
  REQUIRE(trace.ranks[0].actions.size() == 3);
  const auto waited = trace.ranks[0].dependencies_of(trace.ranks[0].actions[2]);
  REQUIRE(waited.size() == 2);
  CHECK(waited[1].action == 0);
  CHECK(describe(trace).message_size.si() == 5760.0);
}

TEST_CASE("a nonblocking receive lets computing begin and its wait does not", "[workload][ranks]") {
  const auto trace = time_independent(
      {"0 init\n0 irecv 1 0 8\n0 compute 5\n0 wait 1 0 0\n0 compute 6", "1 init\n1 compute 1\n1 send 0 0 8"});
  const auto& rank = trace.ranks[0];
  CHECK(rank.dependencies_of(rank.actions[1])[0].on == DependsOn::start);
  CHECK(rank.dependencies_of(rank.actions[2])[1].on == DependsOn::finish);
  CHECK(rank.dependencies_of(rank.actions[3])[0].action == 2);
}

TEST_CASE("parts of irregular collectives are read per rank", "[workload][ranks]") {
  const auto trace = time_independent({"0 alltoallv 30 10 20 30 10 5 6", "1 alltoallv 11 5 6 30 20 6 6"});
  const auto& collective = std::get<RankCollective>(trace.ranks[0].actions[0].work);
  CHECK(collective.parts == std::vector<DataSize>{bytes(10.0), bytes(20.0)});
  CHECK(collective.size.si() == 30.0);
  CHECK(std::get<RankCollective>(trace.ranks[1].actions[0].work).size.si() == 11.0);
}

TEST_CASE("receives from any rank take what the others leave", "[workload][ranks]") {
  CHECK(time_independent_refusal({"0 recv -1 0 8\n0 recv 2 0 8", "1 send 0 0 8", "2 send 0 0 8"}) == "no problem");
  CHECK(time_independent_refusal({"0 recv -1 -1 8\n0 recv -1 0 8", "1 send 0 0 8"}) ==
        "r0:2: rank 0: this receive from any rank with tag 0 has no send left to meet it; a rank or a line may be "
        "missing");
}

TEST_CASE("a rank that is missing is named", "[workload][ranks][rejects]") {
  CHECK(time_independent_refusal({"0 init", "2 init"}) == "t: rank 1 is missing: no line is of it, but r1 has rank 2");
  CHECK(time_independent_refusal({"0 init\n0 comm_size 2"}) ==
        "r0:2: comm_size says 2 ranks, but the trace has 1: rank 1 is missing");
  CHECK(time_independent_refusal({"0 send 3 0 8"}) ==
        "r0:1: rank 0: argument 1 of send: found \"3\", expected a rank, 0 to 0; is a file missing?");
}

TEST_CASE("a receive without a send and a send without a receive are named", "[workload][ranks][rejects]") {
  CHECK(
      time_independent_refusal({"0 init\n0 recv 1 5 8", "1 init"}) ==
      "r0:2: rank 0: this receive from rank 1 with tag 5 has no send left to meet it; a rank or a line may be missing");
  CHECK(time_independent_refusal({"0 init", "1 init\n1 send 0 5 8"}) ==
        "r1:2: rank 1: nobody receives this send to rank 0 with tag 5");
}

TEST_CASE("a collective that half of the ranks join is named", "[workload][ranks][rejects]") {
  CHECK(time_independent_refusal({"0 barrier\n0 bcast 8", "1 barrier\n1 bcast 8", "2 barrier", "3 barrier"}) ==
        "r0:2: rank 0: this broadcast is collective 2 of all ranks, which 2 of its 4 ranks never join (2, 3)");
  CHECK(
      time_independent_refusal({"0 barrier", "1 bcast 8"}) ==
      "r1:1: rank 1: collective 1 of all ranks is broadcast with root 0 here, but barrier with root 0 at rank 0 line 1 "
      "(barrier)");
}

TEST_CASE("ranks that wait for each other in a circle are named", "[workload][ranks][rejects]") {
  CHECK(
      time_independent_refusal({"0 recv 1 0 8\n0 send 1 0 8", "1 recv 0 0 8\n1 send 0 0 8"}) ==
      "r0:1: rank 0: actions wait for each other in a circle: rank 0 line 1 (receive from rank 1 with tag 0) waits for "
      "rank 1 line 2 (send to rank 0 with tag 0) waits for rank 1 line 1 (receive from rank 0 with tag 0) waits for "
      "rank 0 line 2 (send to rank 1 with tag 0) waits for rank 0 line 1 (receive from rank 1 with tag 0)");
}

TEST_CASE("lines that are none of a time independent trace are named with their reason", "[workload][ranks][rejects]") {
  CHECK(time_independent_refusal(
            {"0 init\n0 compte 5\nhello\n0 compute -1\n0 barrier 3\n0 wait\n0 finalize\n0 compute 1"}) ==
        "r0:3: found \"hello\", expected the number of a rank and an action, such as \"0 compute 1e9\"");
  CHECK(
      time_independent_refusal({"0 init\n0 compte 5\n0 compute -1\n0 compute 1 2\n0 wait\n0 finalize\n0 compute 1"}) ==
      "r0:2: rank 0: unknown action \"compte\"; did you mean \"compute\"?\n"
      "r0:3: rank 0: argument 1 of compute: found \"-1\", expected an amount, 0 or more\n"
      "r0:4: rank 0: compute has 2 arguments, expected 1\n"
      "r0:5: rank 0: waits for a request that no isend or irecv before it made\n"
      "r0:7: rank 0: compute comes after finalize");
}

TEST_CASE("a message of more than an exabyte is refused in its elements", "[workload][ranks][rejects]") {
  CHECK(time_independent_refusal({"0 init 1\n0 bcast 2e17\n0 finalize"}) ==
        "r0:2: rank 0: argument 1 of bcast: found \"2e17\", elements of 8 bytes, expected an exabyte at most");
}

// Lines of the files: grep -c of each action over the 32 files.
TEST_CASE("the recorded trace of 32 ranks is read from its archive with all its actions", "[workload][ranks]") {
  const auto description = shared_description("mpi/simgrid-ti_traces_32_full.tar.zst");
  CHECK(description.ranks == 32);
  CHECK(count_of(description, "compute") == 9664);
  CHECK(count_of(description, "all-reduce") == 2944);
  CHECK(count_of(description, "all-to-all") == 928 + 1376);
  CHECK(count_of(description, "barrier") == 704);
  CHECK(count_of(description, "broadcast") == 384);
  CHECK(count_of(description, "all-gather") == 384);
  CHECK(count_of(description, "reduce-scatter") == 384);
  CHECK(count_of(description, "gather") == 160);
  CHECK(count_of(description, "send") == 0);
}

TEST_CASE("the old trace of NAS LU is read with its messages", "[workload][ranks]") {
  const auto description = shared_description("mpi/simgrid-NAS_LU_S_4.tar.zst");
  CHECK(description.ranks == 4);
  CHECK(count_of(description, "send") == 4408);
  CHECK(count_of(description, "receive") == 4408);
  CHECK(count_of(description, "wait") == 408);
}
