#include "zettasim/report/summary.hpp"

#include "hand_made.hpp"
#include "support/catch.hpp"

using namespace zettasim;
using test::HandMade;

TEST_CASE("jobs are counted by how they ended", "[report]") {
  const HandMade made;
  CHECK(made.summary.jobs == 4);
  CHECK(made.summary.finished == 2);
  CHECK(made.summary.timed_out == 1);
  CHECK(made.summary.refused == 1);
  CHECK(made.summary.backfilled == 1);
}

// Waits of the jobs that ran: 0, 100 and 0 s. Sorted 0, 0, 100: the second is the median, the third the 95 % quantile.
TEST_CASE("waits are those of the jobs that ran", "[report]") {
  const HandMade made;
  CHECK(made.summary.mean_wait.si() == Approx(100.0 / 3.0));
  CHECK(made.summary.median_wait.si() == 0.0);
  CHECK(made.summary.p95_wait.si() == 100.0);
}

// Job 1: 100 / 100 = 1. Job 2 ran 5 s, which count as 10: (100 + 5) / 10 = 10.5. Job 3: 1. Mean 12.5 / 3.
TEST_CASE("bounded slowdown counts a run shorter than ten seconds as ten", "[report]") {
  const HandMade made;
  CHECK(made.summary.mean_bounded_slowdown == Approx(12.5 / 3.0));
}

// Finished jobs: 100 s and 105 s after their submission.
TEST_CASE("time to solution is that of finished jobs", "[report]") {
  const HandMade made;
  CHECK(made.summary.mean_time_to_solution.si() == Approx(102.5));
}

// 2 nodes * 100 s + 3 * 5 s + 1 * 100 s = 315 node-seconds of 4 * 150 s.
TEST_CASE("utilisation is node time given over node time there was", "[report]") {
  const HandMade made;
  CHECK(made.summary.utilisation == Approx(315.0 / 600.0));
}

// By activity: 2 nodes * 60 s + 3 * 5 s of compute, 2 * 30 s of collectives, 2 * 10 s of sharing, 100 s recorded.
TEST_CASE("the time of jobs counts once for each node", "[report]") {
  const HandMade made;
  CHECK(made.summary.time.kernel.si() == Approx(135.0));
  CHECK(made.summary.time.collective.si() == Approx(60.0));
  CHECK(made.summary.time.sharing.si() == Approx(20.0));
  CHECK(made.summary.time.busy.si() == Approx(100.0));
  CHECK(made.summary.time.sum().si() == Approx(315.0));
}

// 1.5 PFLOP each in FP64 and BF16 over 150 s. FP64 peak: 4 nodes * (4 * 10 + 2 * 1) TFLOP/s = 168 TFLOP/s.
TEST_CASE("sustained rates are work over the whole run", "[report]") {
  const HandMade made;
  CHECK(made.summary.sustained[Precision::fp64].si() == Approx(10e12));
  CHECK(made.summary.sustained[Precision::bf16].si() == Approx(10e12));
  CHECK(made.summary.sustained[Precision::fp8].si() == 0.0);
  CHECK(made.summary.sustained_all.si() == Approx(20e12));
  CHECK(made.summary.peak[Precision::fp64].si() == Approx(168e12));
  CHECK(made.summary.flops_per_joule == Approx(3e15 / 116e3));
}

// 100 collectives: 50 of 1 us, 49 of 2 us, one of 1 ms. The 50th is the median, the 99th takes 2 us.
TEST_CASE("quantiles of latencies count every communication and not every sample", "[report]") {
  const HandMade made;
  CHECK(made.summary.collectives.count == 100.0);
  CHECK(made.summary.collectives.median.si() == 1e-6);
  CHECK(made.summary.collectives.p99.si() == 2e-6);
  CHECK(made.summary.collectives.most.si() == 1e-3);
  CHECK(made.summary.messages.count == 0.0);
  CHECK(made.summary.messages.median.si() == 0.0);
}

// 116 kJ over 150 s. 1,080 W stand above the budget of 1 kW for 50 s; 1,000 W do not.
TEST_CASE("power above the budget counts while it lasts", "[report]") {
  const HandMade made;
  CHECK(made.summary.mean_power.si() == Approx(116e3 / 150.0));
  CHECK(made.summary.peak_power.si() == 1080.0);
  CHECK(made.summary.time_above_budget.si() == 50.0);
  CHECK(made.summary.energy.si() == 116e3);
}

// "solver": job 1 ran 100 s, job 4 was refused and did not run. "trainer": 5 s and 100 s.
TEST_CASE("applications are summed by name over the jobs that ran", "[report]") {
  const HandMade made;
  REQUIRE(made.summary.applications.size() == 2);
  const auto& solver = made.summary.applications[0];
  CHECK(solver.name == "solver");
  CHECK(solver.jobs == 2);
  CHECK(solver.finished == 1);
  CHECK(solver.mean_run_time.si() == 100.0);
  CHECK(solver.node_time.si() == 200.0);
  CHECK(solver.energy.si() == 48e3);
  const auto& trainer = made.summary.applications[1];
  CHECK(trainer.mean_run_time.si() == 52.5);
  CHECK(trainer.node_time.si() == 115.0);
  CHECK(trainer.flops[Precision::bf16].si() == 1.5e15);
}

TEST_CASE("a run in which every job was refused has a summary of zeros", "[report]") {
  HandMade made;
  made.record = {};
  for (int i = 0; i < 4; ++i) {
    engine::JobRecord refused;
    refused.status = engine::JobStatus::refused;
    made.record.jobs.push_back(refused);
  }
  made.summarize();
  CHECK(made.summary.refused == 4);
  CHECK(made.summary.utilisation == 0.0);
  CHECK(made.summary.mean_wait.si() == 0.0);
  CHECK(made.summary.sustained_all.si() == 0.0);
  CHECK(made.summary.flops_per_joule == 0.0);
  CHECK(made.summary.applications.at(0).mean_run_time.si() == 0.0);
}
