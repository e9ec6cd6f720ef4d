#include <algorithm>
#include <sstream>

#include "hand_made.hpp"
#include "support/catch.hpp"
#include "zettasim/base/random.hpp"

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

// A run of `steps` steps of random length and power.
engine::RunRecord random_power(std::uint64_t seed, int steps) {
  RandomStream random(seed, "power");
  engine::RunRecord record;
  double now = 0.0;
  for (int i = 0; i < steps; ++i) {
    record.power.push_back(test::power_step(now, random.uniform(0, 1e6), random.uniform(0, 1e5), i % 5));
    if (i % 7 != 0) now += random.exponential(10.0);  // every seventh step lasts no time
  }
  record.end = seconds(now + 1.0);
  return record;
}

}  // namespace

TEST_CASE("the table of jobs has a line for each job under its header", "[report]") {
  const auto lines = lines_of(jobs_csv(HandMade().run()));
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] ==
        "job,user,application,status,nodes,pieces,first_node,submit_s,start_s,end_s,wait_s,run_s,requested_s,"
        "backfilled,steps,kernel_s,collective_s,neighbours_s,storage_s,busy_s,idle_s,sharing_s,power_s,throttled_s,"
        "power_slowdown,flops,energy_j,carbon_g,cost");
  CHECK(lines[1] ==
        "1,,solver,finished,2,1,0,0,0,100,0,100,1000000000,0,0,60,30,0,0,0,0,10,0,0,1,1000000000000000,48000,0,0");
  CHECK(lines[3].starts_with("3,,trainer,timed_out,1,1,0,50,50,150,0,100,1000000000,1,0,0,0,0,0,100,0,0,0,0"));
  CHECK(lines[4].starts_with("4,,solver,refused,100,0,"));
}

TEST_CASE("names with commas and quotes and line ends are quoted", "[report]") {
  HandMade made;
  made.trace.jobs[0].user = "Doe, \"J\"";
  made.trace.applications[0].name = "two\nlines";
  made.trace.jobs[1].user = "plain";
  const std::string text = jobs_csv(made.run());
  CHECK(text.find("1,\"Doe, \"\"J\"\"\",\"two\nlines\",finished,") != std::string::npos);
  CHECK(text.find("2,plain,trainer,finished,") != std::string::npos);
}

TEST_CASE("the table of power has 1440 lines of equal width under its header", "[report]") {
  const auto lines = lines_of(power_csv(HandMade().run()));
  REQUIRE(lines.size() == 1441);
  CHECK(lines[0] ==
        "from_s,to_s,busy_nodes,facility_mean_w,facility_highest_w,cpu_w,cpu_memory_w,gpu_w,gpu_memory_w,node_links_w,"
        "nic_w,node_base_w,network_w,storage_w,losses_w,cooling_w");
  const auto columns = std::count(lines[0].begin(), lines[0].end(), ',');
  CHECK(std::all_of(lines.begin(), lines.end(),
                    [&](const std::string& line) { return std::count(line.begin(), line.end(), ',') == columns; }));
  CHECK(lines[1].starts_with("0,"));
  CHECK(lines[1440].find(",150,1,600,600,") != std::string::npos);
}

// Three bins of 50 s: 600 W; 1,080 W; (1,000 * 5 + 600 * 45) / 50 = 640 W with a highest of 1,000 W.
TEST_CASE("a bin holds the mean and the highest of its time", "[report]") {
  const HandMade made;
  const auto bins = bin_power(made.record, 3);
  REQUIRE(bins.size() == 3);
  CHECK(bins[0].mean.sum().si() == Approx(600.0));
  CHECK(bins[0].highest.si() == 600.0);
  CHECK(bins[1].mean.sum().si() == Approx(1080.0));
  CHECK(bins[1].highest.si() == 1080.0);
  CHECK(bins[2].mean.sum().si() == Approx(640.0));
  CHECK(bins[2].highest.si() == 1000.0);
  CHECK(bins[2].busy_nodes == Approx((4 * 5 + 1 * 45) / 50.0));
  CHECK(bins[2].to.si() == 150.0);
}

// The sum of mean times width is the integral of the steps, to rounding, for each component.
TEST_CASE("bins hold all the energy of the steps however they fall", "[report]") {
  for (const int steps : {1, 2, 3, 50, 5000}) {
    const auto record = random_power(static_cast<std::uint64_t>(steps), steps);
    PerComponent<Energy> exact;
    for (std::size_t i = 0; i < record.power.size(); ++i) {
      const Duration until = i + 1 < record.power.size() ? record.power[i + 1].time : record.end;
      exact += record.power[i].power * (until - record.power[i].time);
    }
    for (const std::size_t count : {1, 2, 7, 480, 1440}) {
      INFO(steps << " steps in " << count << " bins");
      PerComponent<Energy> binned;
      double highest = 0.0;
      Duration end;
      for (const PowerBin& bin : bin_power(record, count)) {
        binned += bin.mean * (bin.to - bin.from);
        highest = std::max(highest, bin.highest.si());
        if (bin.from != end) FAIL("a gap between bins at " << end.si());
        end = bin.to;
        if (bin.mean.sum().si() > bin.highest.si() * (1.0 + 1e-9)) FAIL("a mean above the highest");
      }
      CHECK(end == record.end);
      for (const Component c : {Component::gpu, Component::cooling}) {
        CHECK(binned[c].si() == Approx(exact[c].si()).epsilon(1e-9));
      }
      CHECK(highest > 0.0);
    }
  }
}

TEST_CASE("a run of no time has no bins", "[report]") {
  HandMade made;
  made.record.end = {};
  CHECK(bin_power(made.record, 10).empty());
  made.record.end = seconds(1);
  made.record.power.clear();
  CHECK(bin_power(made.record, 10).empty());
  CHECK(lines_of(power_csv(made.run())).size() == 1);
}
