#include <algorithm>
#include <nlohmann/json.hpp>

#include "hand_made.hpp"
#include "support/catch.hpp"
#include "zettasim/workload/read_trace.hpp"

using namespace zettasim;
using namespace zettasim::report;
using nlohmann::json;
using test::HandMade;

TEST_CASE("the summary stands under names that scripts can rely on", "[report]") {
  const json summary = json::parse(summary_json(HandMade().run()));
  const auto at = [&](const char* pointer) { return summary.at(json::json_pointer(pointer)); };
  CHECK(at("/jobs/total") == 4);
  CHECK(at("/jobs/finished") == 2);
  CHECK(at("/jobs/timed_out") == 1);
  CHECK(at("/jobs/refused") == 1);
  CHECK(at("/jobs/backfilled") == 1);
  CHECK(at("/jobs/wait_median_s") == 0.0);
  CHECK(at("/jobs/wait_p95_s") == 100.0);
  CHECK(at("/jobs/time_to_solution_mean_s") == 102.5);
  CHECK(at("/time_s") == 150.0);
  CHECK(at("/utilisation") == 0.525);
  CHECK(at("/node_seconds_by_activity/kernel") == 135.0);
  CHECK(at("/flops/by_precision/fp64/flops") == 1.5e15);
  CHECK(at("/flops/by_precision/fp64/share_of_peak").get<double>() == Approx(10.0 / 168.0));
  CHECK(at("/flops/sustained_flops_per_s") == 20e12);
  CHECK(at("/collectives/p99_s") == 2e-6);
  CHECK(at("/power/peak_w") == 1080.0);
  CHECK(at("/power/time_above_budget_s") == 50.0);
  CHECK(at("/energy/facility_meter_j") == 116e3);
  CHECK(at("/energy/accounts_j/idle_nodes") == 10e3);
  CHECK(at("/applications/0/name") == "solver");
  CHECK(at("/applications/0/mean_run_time_s") == 100.0);
}

TEST_CASE("intervals stand beside the summary under the names of their figures", "[report]") {
  const HandMade made;
  const json report = json::parse(report_json(made.drawn_run()));
  const json interval = report.at("uncertainty").at("intervals").at("power.mean_w");
  CHECK(report.at("uncertainty").at("draws") == 8);
  CHECK(report.at("uncertainty").at("seed") == 5);
  CHECK(interval ==
        json({{"described", 773.0}, {"low_5_percent", 600.0}, {"median", 800.0}, {"high_95_percent", 900.0}}));
  CHECK(json::parse(summary_json(made.drawn_run())).at("uncertainty") == report.at("uncertainty"));
  CHECK(!json::parse(report_json(made.run())).contains("uncertainty"));
}

// Two nodes for two hours by their rack, one of them by the ramp too.
TEST_CASE("the summary says which limits held jobs back and what was burned where there are several", "[report]") {
  HandMade made;
  const json before = json::parse(summary_json(made.run()));
  CHECK(!before.at("power").contains("ramp"));
  CHECK(!before.at("power").contains("throttled_node_seconds_by"));
  CHECK(!before.at("energy").at("accounts_j").contains("burn"));
  made.limit_power();
  const json summary = json::parse(summary_json(made.run()));
  CHECK(summary.at("power").at("throttled_node_seconds") == 14400.0);
  CHECK(summary.at("power").at("throttled_node_seconds_by") ==
        json({{"budget", 0.0}, {"ramp", 7200.0}, {"rack", 14400.0}, {"node", 0.0}}));
  CHECK(summary.at("power").at("ramp") == json({{"held_back_s", 3600.0}, {"burning_s", 7.0}, {"burned_j", 3600e3}}));
  CHECK(summary.at("energy").at("accounts_j").at("burn") == 1160.0);
}

// Studies look headlines up where their names say.
TEST_CASE("every headline is a number of the summary", "[report]") {
  const json summary = json::parse(summary_json(HandMade().run()));
  for (const Figure& figure : headlines()) {
    std::string pointer = "/" + figure.metric;
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    INFO(pointer);
    CHECK(summary.at(json::json_pointer(pointer)).is_number());
  }
}

// 116 kJ with 19 kJ of cooling in them: 116 / 97. At its highest 200 W cool 800 W.
TEST_CASE("the PUE of a run is told where it depends on the weather", "[report]") {
  HandMade made;
  CHECK(json::parse(summary_json(made.run())).at("power").count("pue") == 0);
  made.machine.facility.cooling.emplace().outside = {degrees_celsius(24.0), degrees_celsius(31.5)};
  const json pue = json::parse(summary_json(made.run())).at("power").at("pue");
  CHECK(pue.at("mean").get<double>() == Approx(116.0 / 97.0));
  CHECK(pue.at("highest").get<double>() == Approx(1.25));
  CHECK(screen(made.run()).find("PUE 1.196 on average, 1.196 to 1.250: air, 24 to 31.5 degC outside") !=
        std::string::npos);
}

TEST_CASE("a report holds all it takes to run again", "[report]") {
  const HandMade made;
  const json report = json::parse(report_json(made.run()));
  CHECK(report.at("format") == "zettasim-report");
  CHECK(report.at("version") == 1);
  CHECK(report.at("zettasim") == "1.0");
  CHECK(report.at("command") == json({"--policy", "easy"}));
  CHECK(report.at("seed") == 1);
  CHECK(report.at("settings").at("network/model") == "CM02");
  CHECK(report.at("platform").at("name") == "test machine");
  CHECK(report.at("summary") == json::parse(summary_json(made.run())));
}

TEST_CASE("the workload of a report reads back as the trace that was run", "[report]") {
  HandMade made;
  for (auto& application : made.trace.applications) application.program.step = {test::busy(seconds(1))};
  const std::string workload = json::parse(report_json(made.run())).at("workload").dump();
  const auto again = workload::read_json_trace(Document::parse("report.json", workload));
  REQUIRE(again.jobs.size() == 4);
  CHECK(workload::write_json_trace(again) == workload::write_json_trace(made.trace));
}

TEST_CASE("bytes that are not UTF-8 do not keep a report from being written", "[report]") {
  HandMade made;
  Run run = made.run();
  run.command = {"--output", "caf\xe9"};
  CHECK(json::parse(report_json(run)).at("command").at(1) == "caf\xef\xbf\xbd");
  made.trace.applications[0].name = "\xff";
  made.summarize();
  CHECK(json::accept(summary_json(made.run())));
}
