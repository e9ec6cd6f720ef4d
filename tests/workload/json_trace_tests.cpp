#include "support/catch.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/workload/describe.hpp"
#include "zettasim/workload/read_trace.hpp"

using namespace zettasim;
using namespace zettasim::workload;

namespace {

Trace parse(const std::string& text) { return read_json_trace(Document::parse("t.json", text)); }

const std::string head = R"({"format": "zettasim-workload", "version": 1, "name": "t", "seed": 7, "applications": {
    "b": {"model": "stencil", "fields": 3, "checkpoint_interval": "1 h", "tier": "scratch"},
    "a": {"program": {"setup": [{"name": "load", "io": {"direction": "read", "size": "1 GB", "tier": ""}}],
      "step": [{"kernel": {"flops": {"fp64": "2 TFLOP", "bf16": "1 TFLOP"}, "memory_traffic": "10 GB"}},
               {"loop": {"count": 3, "body": [{"collective": {"operation": "barrier"}},
                                              {"neighbours": {"dimensions": 2, "size": "64 MiB"}}]}},
               {"busy": {"time": "0.1 s", "utilisation": 0.5}}],
      "steps": 100, "checkpoint": {"every": "1 h", "phases": [{"io": {"direction": "write", "size": "0.3 TB"}}]},
      "finish": [{"collective": {"operation": "all-reduce", "size": "1 GiB"}}]}}}, "jobs": [)";

}  // namespace

TEST_CASE("jobs out of order are sorted by submit time and ties keep the order of the file", "[workload]") {
  const auto trace = parse(head + R"(
    {"id": 1, "submit": "5 s", "nodes": 1, "requested_time": "1 h", "application": "a"},
    {"id": 2, "submit": "0 s", "nodes": 1, "requested_time": "1 h", "application": "b"},
    {"id": 3, "submit": "5 s", "nodes": 1, "requested_time": "1 h", "application": "b"}]})");
  REQUIRE(trace.jobs.size() == 3);
  CHECK(trace.jobs[0].number == 2);
  CHECK(trace.jobs[1].number == 1);
  CHECK(trace.jobs[2].number == 3);
  CHECK(trace.applications.at(trace.jobs[1].application).name == "a");
  CHECK(trace.applications.at(trace.jobs[2].application).name == "b");
  CHECK(trace.seed == 7);
}

TEST_CASE("a program is read phase by phase", "[workload]") {
  const auto trace =
      parse(head + R"({"id": 1, "submit": "0 s", "nodes": 1, "requested_time": "1 h", "application": "a"}]})");
  const Program& program = trace.applications.at(0).program;
  REQUIRE(program.step.size() == 3);
  CHECK(std::get<Kernel>(program.step[0].what).flops[Precision::fp64].si() == 2e12);
  CHECK(std::get<Kernel>(program.step[0].what).flops[Precision::bf16].si() == 1e12);
  CHECK(std::get<Kernel>(program.step[0].what).device == DeviceKind::gpu);
  const auto& loop = std::get<Loop>(program.step[1].what);
  CHECK(loop.count == 3);
  CHECK(std::get<Collective>(loop.body.at(0).what).operation == CollectiveOperation::barrier);
  CHECK(std::get<Neighbours>(loop.body.at(1).what).dimensions == 2);
  CHECK(program.steps == 100);
  CHECK(program.checkpoint_interval->si() == 3600.0);
  CHECK(std::get<StorageAccess>(program.setup.at(0).what).direction == Direction::read);
  CHECK(program.finish.size() == 1);
}

TEST_CASE("a trace written as JSON and read back is the same to the last byte", "[workload]") {
  const auto trace = parse(head + R"(
    {"id": 9, "submit": "0.1 s", "nodes": 3, "requested_time": "1.7 h", "user": "a \"b\"", "application": "a", "run_time": "0.3333 h"},
    {"id": 4, "submit": "1e-7 s", "nodes": 1, "requested_time": "12 min", "application": "b"}]})");
  const std::string once = write_json_trace(trace);
  const auto again = parse(once);
  CHECK(write_json_trace(again) == once);
  REQUIRE(again.jobs.size() == 2);
  CHECK(again.jobs[1].submit == trace.jobs[1].submit);
  CHECK(again.jobs[1].run_time == trace.jobs[1].run_time);
  CHECK(again.jobs[1].user == "a \"b\"");
  CHECK_FALSE(again.jobs[0].run_time.has_value());
  CHECK(again.applications[1].tier == "scratch");
  CHECK(again.applications[1].parameters.at("fields") == 3.0);
}

// 100 jobs of which each has four wrong values: all 400 problems come at once.
TEST_CASE("every problem of a trace is reported in one run", "[workload]") {
  std::string text = head;
  for (int i = 0; i < 100; ++i) {
    text += std::string(i ? "," : "") + R"({"id": )" + std::to_string(i) +
            R"(, "submit": "-1 s", "nodes": 0, "requested_time": 5, "application": "c"})";
  }
  try {
    parse(text + "]}");
    FAIL("a trace of broken jobs was read");
  } catch (const InputError& error) {
    CHECK(error.problems().size() == 400);
  }
}

TEST_CASE("a hundred thousand jobs are read and a hundred thousand bad ones refused in seconds", "[workload]") {
  std::string good = head, bad = head;
  for (int i = 0; i < 100'000; ++i) {
    const std::string start =
        std::string(i ? ",\n" : "") + R"({"id": )" + std::to_string(i) + R"(, "submit": ")" + std::to_string(i);
    good += start + R"( s", "nodes": 4, "requested_time": "1 h", "user": "u1", "application": "b"})";
    bad += start + R"(", "nodes": 0, "requested_time": "1 h", "user": "u1", "application": "b"})";
  }
  CHECK(parse(good + "]}").jobs.size() == 100'000);
  CHECK_THROWS_AS(parse(bad + "]}"), InputError);
}

TEST_CASE("the trace of two jobs that comes with the program is whole", "[workload]") {
  const auto trace = read_trace(std::string(ZETTASIM_SOURCE_DIR) + "/workloads/two-jobs.json");
  REQUIRE(trace.jobs.size() == 2);
  CHECK(trace.jobs[1].nodes == 2);
  CHECK_THROWS_AS(read_trace(std::string(ZETTASIM_SOURCE_DIR) + "/workloads/two-jobs.json",
                             {.mix = std::string(ZETTASIM_SOURCE_DIR) + "/workloads/mixes/science.json", .seed = {}}),
                  InputError);
}

// Job 1: 2 nodes * 1 h requested; job 2: 3 nodes * 0.5 h run. 3.5 node-hours over 10 nodes * 0.5 h span = 0.7.
TEST_CASE("a description counts run times where they are known and requests where not", "[workload]") {
  const auto trace = parse(head + R"(
    {"id": 1, "submit": "0 s", "nodes": 2, "requested_time": "1 h", "application": "a"},
    {"id": 2, "submit": "30 min", "nodes": 3, "requested_time": "2 h", "user": "u", "application": "b", "run_time": "0.5 h"}]})");
  const auto d = describe(trace, 10);
  CHECK(d.node_hours == Approx(3.5));
  CHECK(d.jobs_without_run_time == 1);
  CHECK(d.offered_load.value() == Approx(0.7));
  REQUIRE(d.sizes.size() == 2);
  CHECK(d.sizes[1].least == 2);
  CHECK(d.sizes[1].jobs == 2);
  CHECK(d.applications.at(0).name == "a");
  CHECK(d.users == 1);
  CHECK_FALSE(describe(trace).offered_load.has_value());
  CHECK(to_text(d).find("2 jobs over 30 min 00 s") != std::string::npos);
}
