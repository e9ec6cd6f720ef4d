// Real logs, where they are on the machine: what an independent scheduler made of one, and the accounting of another.
#include <cmath>
#include <iostream>
#include <map>
#include <sstream>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/run_numbers.hpp"
#include "support/shared_data.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/workload/read_trace.hpp"

using namespace zettasim;
using namespace zettasim::test;

namespace {

struct Waits {
  double mean_s = 0.0;
  double bounded_slowdown = 0.0;
  double same = 0.0;  // share of jobs whose wait is the recorded one to a second
};

// The logs come from pyss, an EASY simulator of other people (Gaussier et al. 2015), whose answer is the wait column.
Waits replay(const std::string& file) {
  const std::string path = shared_file_or_skip(file).string();
  const auto trace = workload::read_trace(path);
  std::map<std::int64_t, double> recorded_wait;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::int64_t number = 0;
    double submit = 0.0, wait = 0.0;
    if (fields >> number >> submit >> wait) recorded_wait[number] = wait;
  }
  const Numbers run = simulate_in_child(test::machine(fully_connected(), 100), trace);
  Waits waits;
  for (std::size_t i = 0; i < trace.jobs.size(); ++i) {
    const JobNumbers job = run.job(i);
    const double wait = job.start_s - trace.jobs[i].submit.si(), time = job.end_s - job.start_s;
    waits.mean_s += wait;
    waits.bounded_slowdown += std::max(1.0, (wait + time) / std::max(time, 10.0));
    waits.same += std::abs(wait - recorded_wait.at(trace.jobs[i].number)) < 1.0 ? 1.0 : 0.0;
  }
  const double jobs = static_cast<double>(trace.jobs.size());
  return {waits.mean_s / jobs, waits.bounded_slowdown / jobs, waits.same / jobs};
}

}  // namespace

// 28,481 jobs of the KTH SP2 on 100 processors: pyss has a mean wait of 6,837 s and a mean bounded slowdown of 92.58.
TEST_CASE("EASY on the KTH log waits as an independent simulator says", "[slow]") {
  const Waits waits = replay("data/swf/pyss-easy/KTH-SP2.easy_backfill.swf.gz");
  std::cout << "mean wait " << waits.mean_s << " s (pyss 6837), bounded slowdown " << waits.bounded_slowdown
            << " (92.58), same wait " << waits.same << " of jobs\n";
  CHECK(waits.mean_s == Approx(6837.0).epsilon(0.01));
  CHECK(waits.bounded_slowdown == Approx(92.58).epsilon(0.02));
}
