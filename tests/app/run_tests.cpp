// zettasim run, from the outside.
#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "support/catch.hpp"
#include "support/shared_data.hpp"

using namespace zettasim::test;
using nlohmann::json;

TEST_CASE("a mixed day on FugakuNEXT ends in one screen and four files") {
  const Scratch scratch;
  const Outcome run = call("run fugakunext mixed-day --uncertainty 4 --out '" + (scratch / "out").string() + "'");
  CHECK(run.exit_code == 0);
  CHECK(run.error.empty());
  CHECK(contains(run.out, "600 jobs: "));
  CHECK(contains(run.out, ", 0 refused"));
  CHECK(std::count(run.out.begin(), run.out.end(), '\n') <= 45);
  for (const char* file : {"report.html", "report.json", "jobs.csv", "power.csv"})
    CHECK(std::filesystem::file_size(scratch / "out" / file) > 1000);
}

TEST_CASE("two runs write the same bytes") {
  const Scratch scratch;
  for (const char* name : {"a", "b"})
    call("run fugakunext mixed-day --uncertainty 3 --out '" + (scratch / name).string() + "'");
  for (const char* file : {"report.html", "report.json", "jobs.csv", "power.csv"}) {
    const std::string first = text_of(scratch / "a" / file);
    CHECK(!first.empty());
    CHECK(first == text_of(scratch / "b" / file));
  }
}

// Compute: 1 TFLOP-scale steps; the arithmetic is in docs/tutorial.md. The sum over accounts is the meter.
TEST_CASE("the summary in JSON has the meter as the sum of its accounts") {
  const Outcome run = call("run fugakunext mixed-day --json");
  REQUIRE(run.exit_code == 0);
  const json energy = json::parse(run.out)["energy"];
  double accounts = 0.0, components = 0.0;
  for (const auto& part : energy["accounts_j"]) accounts += part.get<double>();
  for (const auto& part : energy["components_j"]) components += part.get<double>();
  const double meter = energy["facility_meter_j"];
  CHECK(accounts == Approx(meter).epsilon(1e-9));
  CHECK(components == Approx(meter).epsilon(1e-9));
}

// Limits low enough that each of them acts on the mixed day.
TEST_CASE("limits of nodes and racks and the facility and a ramp act together and keep every joule") {
  const Outcome run = call(
      "run fugakunext mixed-day --uncertainty 0 --json --set '/facility/budget={\"limit\": \"30 MW\", "
      "\"policy\": \"uniform\", \"node\": \"8 kW\", \"rack\": {\"nodes\": 32, \"limit\": \"220 kW\"}, "
      "\"ramp\": {\"up\": \"2 MW/min\", \"down\": \"2 MW/min\", \"interval\": \"5 s\"}}'");
  REQUIRE(run.exit_code == 0);
  const json summary = json::parse(run.out);
  CHECK(summary["power"]["time_above_budget_s"] == 0.0);
  for (const auto& [limit, node_s] : summary["power"]["throttled_node_seconds_by"].items()) {
    INFO(limit);
    CHECK(node_s.get<double>() > 0.0);
  }
  CHECK(summary["power"]["ramp"]["burned_j"].get<double>() > summary["energy"]["accounts_j"]["burn"].get<double>());
  double accounts = 0.0;
  for (const auto& part : summary["energy"]["accounts_j"]) accounts += part.get<double>();
  CHECK(accounts == Approx(summary["energy"]["facility_meter_j"].get<double>()).epsilon(1e-9));
}

TEST_CASE("a rack that draws its limit at rest is refused") {
  const Outcome run = call(
      "run two-nodes two-jobs --set '/facility/budget={\"limit\": \"2 kW\", \"rack\": {\"nodes\": 2, \"limit\": \"100 "
      "W\"}}'");
  CHECK(run.exit_code == 2);
  CHECK(contains(run.error, "which a rack of 2 nodes draws at its inlet while nothing runs"));
}

TEST_CASE("a report is enough to run again with the same result") {
  const Scratch scratch;
  const std::string first = (scratch / "first").string(), again = (scratch / "again").string();
  REQUIRE(call("run two-nodes two-jobs --set '/facility/budget=1.5 kW' --out '" + first + "'").exit_code == 0);
  const json report = json::parse(text_of(scratch / "first/report.json"));
  std::ofstream(scratch / "platform.json") << report["platform"].dump();
  std::ofstream(scratch / "workload.json") << report["workload"].dump();
  REQUIRE(call("run '" + (scratch / "platform.json").string() + "' '" + (scratch / "workload.json").string() +
               "' --out '" + again + "'")
              .exit_code == 0);
  CHECK(report["summary"] == json::parse(text_of(scratch / "again/report.json"))["summary"]);
  CHECK(report["summary"]["power"]["budget_w"] == 1500.0);
}

TEST_CASE("folding and striding change nothing that the program prints") {
  const std::string plain = call("run two-nodes two-jobs --json").out;
  const json expected = json::parse(plain);
  for (const char* options : {"--roles unfolded", "--strides unstrided", "--roles unfolded --strides unstrided"}) {
    const json other = json::parse(call(std::string("run two-nodes two-jobs --json ") + options).out);
    CHECK(other["time_s"].get<double>() == Approx(expected["time_s"].get<double>()).epsilon(1e-9));
    CHECK(other["energy"]["facility_meter_j"].get<double>() ==
          Approx(expected["energy"]["facility_meter_j"].get<double>()).epsilon(1e-9));
  }
}

TEST_CASE("strict exits with 3 when a job did not finish and with 0 when all did") {
  const Scratch scratch;
  json trace = json::parse(text_of(std::filesystem::path(ZETTASIM_SOURCE_DIR) / "workloads/two-jobs.json"));
  CHECK(call("run two-nodes two-jobs --strict").exit_code == 0);
  trace["jobs"][0]["requested_time"] = "1 s";
  std::ofstream(scratch / "short.json") << trace.dump();
  CHECK(call("run two-nodes '" + (scratch / "short.json").string() + "' --strict").exit_code == 3);
  CHECK(call("run two-nodes '" + (scratch / "short.json").string() + "'").exit_code == 0);
}

TEST_CASE("an explained job tells what it waited for and where time and energy went") {
  const Outcome run = call("run two-nodes two-jobs --explain 2");
  CHECK(run.exit_code == 0);
  CHECK(contains(run.out, "first in line, too few nodes free"));
  CHECK(contains(run.out, "It ran "));
  CHECK(contains(run.out, "at the facility meter"));
  const Outcome none = call("run two-nodes two-jobs --explain 77");
  CHECK(none.exit_code == 2);
  CHECK(none.error == "--explain: the workload has no job 77\n");
}

TEST_CASE("problems of both files are told in one go") {
  const Outcome run = call("run fugakunexd mixed-dya");
  CHECK(run.exit_code == 2);
  CHECK(contains(run.error, "did you mean \"fugakunext\"?"));
  CHECK(contains(run.error, "did you mean \"mixed-day\"?"));
}

TEST_CASE("an overlay and a setting change the machine and the report says so") {
  const Scratch scratch;
  const Outcome run = call("run fugakunext two-jobs --overlay thirty-megawatts --set /node/gpus/count=2 --out '" +
                           (scratch / "out").string() + "'");
  REQUIRE(run.exit_code == 0);
  const json report = json::parse(text_of(scratch / "out/report.json"));
  CHECK(report["summary"]["power"]["budget_w"] == 30e6);
  CHECK(report["platform"]["node"]["gpus"]["count"]["value"] == 2);
  CHECK(report["platform"]["node"]["gpus"]["count"]["source"] == "--set on the command line");
}

// 8,401 jobs of Theta: all are finished, refused for their width, or out of time; nothing is lost.
TEST_CASE("the Theta log is replayed and every job accounted for", "[slow]") {
  const auto log = shared_file_or_skip("data/swf/theta_2023.swf.gz").string();
  const Outcome run = call("run platforms/fugakunext.json '" + log + "' --mix workloads/mixes/science.json --json");
  REQUIRE(run.exit_code == 0);
  const json jobs = json::parse(run.out)["jobs"];
  CHECK(jobs["total"] == 8401);
  CHECK(jobs["finished"].get<int>() + jobs["timed_out"].get<int>() + jobs["refused"].get<int>() == 8401);
  CHECK(jobs["refused"] == 55);
}
