#include <set>

#include "support/catch.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/workload/mix.hpp"
#include "zettasim/workload/read_trace.hpp"

using namespace zettasim;
using namespace zettasim::workload;

namespace {

const std::string mix_text = R"({"format": "zettasim-mix", "version": 1, "name": "m", "applications": {
  "wide": {"model": "fft3d"}, "long": {"model": "stencil"}, "any": {"model": "particles"}}, "rules": [
  {"application": "wide", "share": 1, "min_nodes": 100},
  {"application": "long", "share": 3, "min_nodes": 2, "max_nodes": 99, "min_run_time": "1 h"},
  {"application": "any", "share": 1, "min_nodes": 2, "max_nodes": 99}]})";

Mix mix() { return read_mix(Document::parse("m.json", mix_text)); }

Trace log(int jobs, int nodes, int run_time) {
  std::string text;
  for (int i = 1; i <= jobs; ++i) {
    text += std::to_string(i) + " 0 -1 " + std::to_string(run_time) + " " + std::to_string(nodes) +
            " -1 -1 -1 -1 -1 1 -1 -1 -1 -1 -1 -1 -1\n";
  }
  return read_swf("l.swf", text);
}

std::size_t jobs_of(const Trace& trace, const std::string& application) {
  std::size_t count = 0;
  for (const Job& job : trace.jobs) count += trace.applications.at(job.application).name == application ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a mix gives a job only what its rules allow", "[workload]") {
  auto wide = log(50, 100, 10);
  apply_mix(wide, mix(), 1);
  CHECK(jobs_of(wide, "wide") == 50);
  auto brief = log(50, 10, 10);
  apply_mix(brief, mix(), 1);
  CHECK(jobs_of(brief, "any") == 50);
}

// Shares 3 to 1 among 4,000 jobs: 3,000 expected, deviation sqrt(4000 * 3/16) = 27; five of those allowed.
TEST_CASE("a mix draws among the fitting rules in proportion to their shares", "[workload]") {
  auto trace = log(4000, 10, 7200);
  apply_mix(trace, mix(), 1);
  CHECK(std::abs(static_cast<double>(jobs_of(trace, "long")) - 3000.0) < 137.0);
  CHECK(jobs_of(trace, "long") + jobs_of(trace, "any") == 4000);
}

TEST_CASE("leaving a job out changes no other draw of a mix", "[workload]") {
  auto all = log(100, 10, 7200);
  auto fewer = all;
  fewer.jobs.erase(fewer.jobs.begin() + 17);
  apply_mix(all, mix(), 5);
  apply_mix(fewer, mix(), 5);
  for (std::size_t i = 0; i < fewer.jobs.size(); ++i) {
    CHECK(fewer.jobs[i].application == all.jobs[i < 17 ? i : i + 1].application);
  }
}

TEST_CASE("another seed draws other applications", "[workload]") {
  auto one = log(100, 10, 7200), two = one;
  apply_mix(one, mix(), 5);
  apply_mix(two, mix(), 6);
  std::size_t different = 0;
  for (std::size_t i = 0; i < 100; ++i) different += one.jobs[i].application != two.jobs[i].application ? 1 : 0;
  CHECK(different > 10);
}

TEST_CASE("jobs that no rule fits keep their recorded application and are noted", "[workload]") {
  auto trace = log(20, 1, 10);
  apply_mix(trace, mix(), 1);
  CHECK(jobs_of(trace, "recorded") == 20);
  REQUIRE_FALSE(trace.notes.empty());
  CHECK(trace.notes.back().count == 20);
}

TEST_CASE("the science mix that comes with the program holds every kind of model but benchmarks and variants",
          "[workload]") {
  const auto science = load_mix(std::string(ZETTASIM_SOURCE_DIR) + "/workloads/mixes/science.json");
  const std::set<std::string_view> left_out = {"recorded", "hpl-mxp", "hpcg", "stream",    "lattice-qcd",
                                               "seismic",  "tsunami", "pinn", "graph-bfs", "surrogate"};
  std::set<std::string> kinds;
  for (const Application& application : science.applications) kinds.insert(application.model);
  for (const ModelInfo& model : models()) {
    if (left_out.count(model.name) == 0) CHECK(kinds.count(std::string(model.name)) == 1);
  }
}
