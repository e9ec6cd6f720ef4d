#include <algorithm>
#include <sstream>

#include "hand_made.hpp"
#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::report;
using test::HandMade;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Characters, not bytes: each has one byte that does not continue another.
std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

void check_fits(const std::string& text) {
  const auto lines = lines_of(text);
  CHECK(lines.size() <= 40);
  for (const auto& line : lines) {
    INFO(line);
    CHECK(columns(line) <= 110);
    CHECK(std::none_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
  }
}

// Everything a screen can show at once, and more of it than fits.
HandMade crowded() {
  HandMade made;
  made.machine.name = made.trace.name = std::string(300, 'm') + "\x1b[31m\nnext";
  made.machine.node.gpus->device.name = std::string(200, 'g');
  for (int i = 0; i < 12; ++i)
    made.trace.notes.push_back(
        {"jobs that ran longer than requested, whose request is raised to the run time", 123456});
  auto& jobs = made.record.jobs;
  for (int i = 0; i < 60; ++i) {
    workload::Application application;
    application.name = "\xc3\xa9\xe2\x82\xac simulation of everything number " + std::to_string(i);
    made.trace.applications.push_back(application);
    workload::Job job = made.trace.jobs[0];
    job.application = made.trace.applications.size() - 1;
    made.trace.jobs.push_back(job);
    jobs.push_back(jobs[0]);
    auto& time = jobs.back().time;
    time.neighbours = time.storage = time.busy = seconds(123);
    for (const Precision p : all_precisions) jobs.back().flops[p] = flops(1e25);
  }
  made.record.messages = made.record.collectives;
  made.summarize();
  return made;
}

}  // namespace

TEST_CASE("the screen says what a run came to", "[report]") {
  const std::string text = screen(HandMade().run());
  check_fits(text);
  for (const auto* part :
       {"test machine: 4 nodes, 16 test GPU, budget 1.00 kW", "4 jobs: 2 finished, 1 out of time, 1 refused",
        "simulated 2 min 30 s, nodes in use 52.5 %", "95 % below 100 s; 1 backfilled", "sustained 20.0 TFLOP/s",
        "5.95 % of peak 168 TFLOP/s", "median 1.00 us, 99 % below 2.00 us, longest 1.00 ms",
        "mean 773 W (77.3 % of the budget), peak 1.08 kW", "above 1.00 kW for 50.0 s (33.3 % of the time)",
        "116 kJ at the facility meter", "jobs 69.0 %, idle nodes 8.62 %", "solver", "trainer"}) {
    INFO(part << "\n" << text);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("the screen says which limits held jobs back and what was burned where there are several", "[report]") {
  HandMade made;
  made.limit_power();
  const std::string text = screen(made.run());
  check_fits(text);
  for (const auto* part :
       {"uniform: 4 node-hours held back, jobs 0 % longer on average, 0 % at most\n",
        "node-hours held back by limit: facility 0, ramp 2, racks 4\n",
        "ramp: jobs held back for 1 h 00 min, 1.00 kWh burned in 7.00 s\n", "cooling 16.4 %, burn 1.00 %\n"}) {
    INFO(part << "\n" << text);
    CHECK(text.find(part) != std::string::npos);
  }
  made.machine.facility.budget_policy = platform::BudgetPolicy::report;
  made.machine.facility.ramp.reset();
  CHECK(screen(made.run()).find("limits: 4 node-hours held back") != std::string::npos);
  CHECK(screen(HandMade().run()).find("held back") == std::string::npos);
}

// Solver's job has 60 + 30 + 10 s of its own and 25 s in which it was held back: 125 / 100 = 1.25.
TEST_CASE("the table of applications says how much each was slowed where power was short and only there", "[report]") {
  HandMade made;
  CHECK(screen(made.run()).find("slowed") == std::string::npos);
  made.limit_power();
  made.record.jobs[0].time.power = seconds(25);
  made.summarize();
  CHECK(made.summary.applications[0].power_slowdown == Approx(1.25));
  CHECK(made.summary.applications[1].power_slowdown == 1.0);
  const auto lines = lines_of(screen(made.run()));
  const auto row =
      std::find_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("  solver"); });
  REQUIRE(row != lines.end());
  CHECK(row->ends_with("25.0 %"));
  check_fits(screen(made.run()));
}

TEST_CASE("figures that were drawn have between what they lie beside them and a line that says what that means",
          "[report]") {
  const std::string text = screen(HandMade().drawn_run());
  check_fits(text);
  for (const auto* part : {"simulated 2 min 30 s [the same], nodes", "mean 773 W [600 to 900] (77.3 % of the budget)",
                           "peak 1.08 kW\n", "energy        116 kJ [90.0 kJ to 1.11 kWh] at the facility meter",
                           "how sure      [ ] holds nine in ten of 8 draws of 3 uncertain numbers\n"}) {
    INFO(part << "\n" << text);
    CHECK(text.find(part) != std::string::npos);
  }
  CHECK(screen(HandMade().run()).find("how sure") == std::string::npos);
}

TEST_CASE("draws without a result are told with the first reason", "[report]") {
  const HandMade made;
  report::Run run = made.drawn_run();
  run.sureness->intervals.clear();
  run.sureness->failed = 8;
  run.sureness->first_failure = "the widest job has 5 nodes\nand the machine 4";
  const std::string text = screen(run);
  check_fits(text);
  CHECK(text.find("    8 without a result, the first: the widest job has 5 nodes and the machine 4\n") !=
        std::string::npos);
}

TEST_CASE("a screen of many applications and notes and long names has 40 lines of 110 columns", "[report]") {
  const HandMade made = crowded();
  const std::string text = screen(made.run());
  INFO(text);
  check_fits(text);
  CHECK(lines_of(text).size() == 40);
  CHECK(text.find("more in report.json") != std::string::npos);
  CHECK(text.find("9 more notes in report.json") != std::string::npos);
  check_fits(screen(made.drawn_run()));
}

// Names of two- and three-byte characters are cut between characters: the table stays aligned.
TEST_CASE("names are cut between characters", "[report]") {
  const std::string text = screen(crowded().run());
  CHECK(text.find("  \xc3\xa9\xe2\x82\xac simulation of... ") != std::string::npos);
}

TEST_CASE("applications that fit are all listed by energy", "[report]") {
  const std::string text = screen(HandMade().run());
  CHECK(text.find("more in report.json") == std::string::npos);
  CHECK(text.find("  solver") < text.find("  trainer"));  // 48 kJ and none
}

TEST_CASE("a run without power or time has a screen", "[report]") {
  HandMade made;
  made.record = {};
  made.trace.jobs.clear();
  made.summarize();
  const std::string text = screen(made.run());
  check_fits(text);
  CHECK(text.find("nan") == std::string::npos);
  CHECK(text.find("inf") == std::string::npos);
}

// 1e30 s of run time are what a description may ask for; 64 bits do not count its hours.
TEST_CASE("a run beyond all counting has a screen and a page", "[report]") {
  HandMade made;
  made.record.jobs[0].end = made.record.end = seconds(1e30);
  made.summarize();
  check_fits(screen(made.run()));
  CHECK(screen(made.run()).find("1,000,000,000,000,000,000") != std::string::npos);
  CHECK(report_html(made.run()).find("1,000,000,000,000,000,000") != std::string::npos);
}
