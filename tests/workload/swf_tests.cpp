#include <algorithm>

#include "support/catch.hpp"
#include "support/shared_data.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/workload/describe.hpp"
#include "zettasim/workload/read_trace.hpp"

using namespace zettasim;
using namespace zettasim::workload;

namespace {

std::int64_t noted(const Trace& trace, const std::string& start) {
  for (const TraceNote& note : trace.notes) {
    if (note.what.starts_with(start)) return note.count;
  }
  return 0;
}

Trace shared_trace(const std::string& name) { return read_trace(test::shared_file_or_skip("data/swf/" + name)); }

}  // namespace

TEST_CASE("a line of a job log becomes a job by the rules of the format", "[workload]") {
  const auto trace = read_swf("logs/small.swf",
                              "; Computer: Test\n; MaxNodes: 8\n; MaxProcs: 64\r\n"
                              "1 100 5 60 4 -1 -1 8 120 -1 1 3 1 -1 -1 -1 -1 -1\r\n"
                              "2 130 5 60 4 -1 -1 -1 -1 -1 1 -1 1 -1 -1 -1 -1 -1");
  CHECK(trace.name == "small");
  CHECK(trace.description == "recorded on Test");
  CHECK(trace.machine_nodes == 64);
  REQUIRE(trace.jobs.size() == 2);
  CHECK(trace.jobs[0].submit.si() == 0.0);
  CHECK(trace.jobs[0].nodes == 8);
  CHECK(trace.jobs[0].requested_time.si() == 120.0);
  CHECK(trace.jobs[0].user == "u3");
  CHECK(trace.jobs[1].submit.si() == 30.0);
  CHECK(trace.jobs[1].nodes == 4);
  CHECK(trace.jobs[1].requested_time.si() == 60.0);
  CHECK(trace.jobs[1].user.empty());
  CHECK(trace.applications.at(0).model == "recorded");
  CHECK(noted(trace, "seconds taken off") == 100);
  CHECK(noted(trace, "jobs without a requested time") == 1);
}

TEST_CASE("every oddity of a job log is counted in a note", "[workload]") {
  const auto trace =
      read_swf("odd.swf",
               "1 50 -1 10 2 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1\n"
               "2 40 -1 30 2 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1\n"        // earlier, and over its request
               "3 60 -1 0 2 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1\n"         // finished at once
               "4 60 -1 -1 2 -1 -1 -1 20 -1 1 -1 -1 -1 -1 -1 -1 -1\n"        // no run time
               "5 60 -1 0 2 -1 -1 -1 20 -1 5 -1 -1 -1 -1 -1 -1 -1\n"         // cancelled
               "6 60 -1 9 -1 -1 -1 0 20 -1 1 -1 -1 -1 -1 -1 -1 -1\n"         // no processors
               "7 -1 -1 9 1 -1 -1 1 20 -1 1 -1 -1 -1 -1 -1 -1 -1\n"          // no submit
               "3 70 -1 9 1 -1 -1 1 20 -1 1 -1 -1 -1 -1 -1 -1 -1 {a} b\n");  // more columns, number 3 again
  REQUIRE(trace.jobs.size() == 4);
  CHECK(trace.jobs[0].number == 2);
  CHECK(trace.jobs[0].requested_time.si() == 30.0);
  CHECK(trace.jobs[2].run_time->si() == 1.0);
  CHECK(noted(trace, "jobs submitted earlier") == 1);
  CHECK(noted(trace, "jobs that ran longer") == 1);
  CHECK(noted(trace, "jobs that ran for 0 s") == 1);
  CHECK(noted(trace, "jobs without a run time") == 1);
  CHECK(noted(trace, "jobs cancelled") == 1);
  CHECK(noted(trace, "jobs without a number of processors") == 1);
  CHECK(noted(trace, "jobs without a submit time") == 1);
  CHECK(noted(trace, "lines with more than 18") == 1);
  CHECK(noted(trace, "jobs whose number") == 1);
}

TEST_CASE("a text that is no job log is refused after twenty lines of it", "[workload]") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "this is not a job log\n";
  try {
    read_swf("x.swf", text);
    FAIL("prose was read as a job log");
  } catch (const InputError& error) {
    REQUIRE(error.problems().size() == 21);
    CHECK(to_text(error.problems()[0]) == "x.swf:1: field 1: found \"this\", expected a number");
    CHECK(to_text(error.problems()[20]) == "x.swf: and 980 more lines that are not of a job log");
  }
  CHECK_THROWS_AS(read_swf("x.swf", std::string("\0\1\2", 3)), InputError);
  CHECK_THROWS_AS(read_swf("x.swf", ""), InputError);
  CHECK_THROWS_AS(read_swf("x.swf", "1 nan 0 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n"), InputError);
  CHECK_THROWS_AS(read_swf("x.swf", "1 0 0 1 1e300 1 1 1e300 1 1 1 1 1 1 1 1 1 1\n"), InputError);
  CHECK_THROWS_AS(read_swf("x.swf", "1 0 0 1 1.5 1 1 1 1 1 1 1 1 1 1 1 1 1\n"), InputError);
}

TEST_CASE("a log written and read back has the same jobs", "[workload]") {
  const auto trace = read_swf("a.swf",
                              "; MaxProcs: 64\n7 0 -1 60.5 4 -1 -1 8 120 -1 1 3 1 -1 -1 -1 -1 -1\n"
                              "8 30 -1 1 1 -1 -1 1 2 -1 1 -1 1 -1 -1 -1 -1 -1\n");
  const auto again = read_swf("b.swf", write_swf(trace));
  CHECK(again.machine_nodes == 64);
  REQUIRE(again.jobs.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(again.jobs[i].number == trace.jobs[i].number);
    CHECK(again.jobs[i].submit == trace.jobs[i].submit);
    CHECK(again.jobs[i].nodes == trace.jobs[i].nodes);
    CHECK(again.jobs[i].user == trace.jobs[i].user);
    CHECK(again.jobs[i].run_time == trace.jobs[i].run_time);
    CHECK(again.jobs[i].requested_time == trace.jobs[i].requested_time);
  }
}

TEST_CASE("users with names get numbers of their own in a written log", "[workload]") {
  Trace trace = read_swf(
      "a.swf", "1 0 -1 60 4 -1 -1 8 120 -1 1 3 1 -1 -1 -1 -1 -1\n2 1 -1 60 4 -1 -1 8 120 -1 1 4 1 -1 -1 -1 -1 -1\n");
  trace.jobs[1].user = "ada\n; forged";
  const auto again = read_swf("b.swf", write_swf(trace));
  REQUIRE(again.jobs.size() == 2);
  CHECK(again.jobs[0].user == "u3");
  CHECK(again.jobs[1].user == "u4");
}

TEST_CASE("the log of KTH has 27992 jobs", "[workload]") {
  const auto trace = shared_trace("KTH-SP2-1996-2.1-cln.swf.gz");
  CHECK(trace.jobs.size() == 27992);
  CHECK(trace.machine_nodes == 100);
  CHECK(trace.notes.size() == 1);
}

TEST_CASE("the log of Theta has 8401 jobs of which 2726 stand out of order", "[workload]") {
  const auto trace = shared_trace("theta_2023.swf.gz");
  CHECK(trace.jobs.size() == 8401);
  CHECK(noted(trace, "jobs submitted earlier") == 2726);
  CHECK(noted(trace, "jobs that ran longer") == 2354);
  CHECK(noted(trace, "seconds taken off") == 1693547500);
  CHECK(std::is_sorted(trace.jobs.begin(), trace.jobs.end(),
                       [](const Job& a, const Job& b) { return a.submit < b.submit; }));
}

// 447,794 lines, of which 8 were cancelled with no run time.
TEST_CASE("the log of RICC gives 447786 jobs", "[workload]") {
  const auto trace = shared_trace("RICC-2010-2.swf.gz");
  CHECK(trace.jobs.size() == 447786);
  CHECK(noted(trace, "jobs cancelled") == 8);
  CHECK(noted(trace, "jobs that ran for 0 s") == 2);
}

// 17,900 lines of 21 columns, of which 2 have no run time.
TEST_CASE("three more columns do not hinder the log of MetaCentrum", "[workload]") {
  const auto trace = shared_trace("wagap-2013.swf.gz");
  CHECK(trace.jobs.size() == 17898);
  CHECK(noted(trace, "lines with more than 18") == 17900);
  CHECK(noted(trace, "jobs without a run time") == 2);
}

// 121,039 lines: 172 cancelled, 1,190 without run time, 923 without processors are left out.
TEST_CASE("the log of Thunder loses exactly the jobs that its notes count", "[workload]") {
  const auto trace = shared_trace("LLNL-Thunder-2007-1.1-cln.swf.gz");
  const auto left_out =
      noted(trace, "jobs cancelled") + noted(trace, "jobs without a run time") + noted(trace, "jobs without a number");
  CHECK(left_out == 172 + 1190 + 923);
  CHECK(static_cast<std::int64_t>(trace.jobs.size()) + left_out == 121039);
}

TEST_CASE("a log whose comments are not UTF-8 can be written as JSON", "[workload]") {
  const auto trace = read_swf("a.swf", "; Computer: caf\xe9\n1 0 -1 60 4 -1 -1 8 120 -1 1 3 1 -1 -1 -1 -1 -1\n");
  const auto again = read_json_trace(Document::parse("a.json", write_json_trace(trace)));
  CHECK(again.jobs.size() == 1);
}
