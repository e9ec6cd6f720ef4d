// Budgets that act, against arithmetic.
#include "engine/power_budget.hpp"

#include <cmath>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/run_numbers.hpp"
#include "support/traces.hpp"
#include "zettasim/base/problem.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using namespace zettasim::test;
using platform::BudgetPolicy;

namespace {

// A node rests at 745 W (2 x 100 W CPUs, 4 x 100 W GPUs, 4 x 10 W interfaces, 100 W base, 5 W storage), its switch at
// 20 W, the shared storage at 1,000 W.
constexpr double rest_w = 2 * 765.0 + 1000.0;

// Two nodes that may draw so much above rest.
platform::Machine two_nodes(BudgetPolicy policy, double above_rest_w) {
  auto machine = test::machine(fully_connected(), 2);
  machine.facility.budget = watts(rest_w + above_rest_w);
  machine.facility.budget_policy = policy;
  return machine;
}

// 40 TFLOP on 4 GPUs of 10 TFLOP/s at 10 pJ/flop: a second at 400 W.
workload::Phase computing() { return kernel(40_TFLOP); }
// 4 GPUs with 400 W between idle and limit, a sixteenth of them used: a second at 100 W.
workload::Phase light() { return busy(1_s, 1.0 / 16.0); }
// The same GPUs with a second clock state: at half the clock and half the voltage a second of 400 W becomes two of 50
// W.
platform::Machine two_nodes_with_clocks(BudgetPolicy policy, double above_rest_w) {
  auto machine = two_nodes(policy, above_rest_w);
  machine.node.gpus->device.clocks = {.rated_limit = 500_W,
                                      .states = {{hertz(2e9), volts(1.0)}, {hertz(1e9), volts(0.5)}}};
  return machine;
}
workload::Phase resting() { return busy(1_s, 0.0); }

double run_s(const Numbers& run, std::size_t job) { return run.job(job).end_s - run.job(job).start_s; }

constexpr double tolerance = 1e-6;  // a billionth of the budget is kept back, and the rest of the machine is part of it

}  // namespace

// 400 W into 200 W: twice as long, at the budget all the time; half of the time is owed to it.
TEST_CASE("a job that may draw half of what it asks for takes twice as long") {
  for (const auto policy :
       {BudgetPolicy::uniform, BudgetPolicy::proportional, BudgetPolicy::job_fair, BudgetPolicy::wait}) {
    const Numbers run = simulate_in_child(two_nodes(policy, 200.0), trace({job(steps(10, {computing()}), 1)}));
    CHECK(run.end_s() == Approx(20.0).epsilon(tolerance));
    CHECK(run.meter_j() == Approx((rest_w + 200.0) * 20.0).epsilon(tolerance));
    CHECK(run.job(0).power_s == Approx(10.0).epsilon(tolerance));
    CHECK(run.job(0).throttled_s == Approx(20.0).epsilon(tolerance));
    CHECK(run.peak_w() <= rest_w + 200.0);
  }
}

// 400 J in 1 s, or 100 J in 2 s: at 200 W a share x of the work runs at the full clock, 400 x + 100 (1 - x) = 200 (x +
// 2 (1
// - x)), so x = 0.6 and a step takes 1.4 s, not 2, and 280 J, not 400.
TEST_CASE("a job whose devices have lower clocks loses less time to a budget and saves energy") {
  for (const auto policy :
       {BudgetPolicy::uniform, BudgetPolicy::proportional, BudgetPolicy::job_fair, BudgetPolicy::wait}) {
    const Numbers run =
        simulate_in_child(two_nodes_with_clocks(policy, 200.0), trace({job(steps(10, {computing()}), 1)}));
    CHECK(run.end_s() == Approx(14.0).epsilon(tolerance));
    CHECK(run.meter_j() == Approx((rest_w + 200.0) * 14.0).epsilon(tolerance));
    CHECK(run.job(0).energy_j == Approx(14.0 * 745.0 + 2800.0).epsilon(tolerance));
    CHECK(run.job(0).power_s == Approx(4.0).epsilon(tolerance));
    CHECK(run.job(0).throttled_s == Approx(14.0).epsilon(tolerance));
    CHECK(run.peak_w() <= rest_w + 200.0);
    CHECK(run.accounts_j() == Approx(run.meter_j()).epsilon(1e-9));
  }
}

// 8 TB take the GPUs 2 s and 320 J at any clock; 40 TFLOP beside it 400 J or 100 J: 360 W down to 210 W in 2 s. At 240
// W it takes 2 s still; at 200 W the 420 J of the lower clock take 2.1 s.
TEST_CASE("a job that waits for memory keeps its time while its power falls") {
  const auto jobs = trace({job(steps(10, {kernel(40_TFLOP, 8_TB)}), 1)});
  const Numbers same = simulate_in_child(two_nodes_with_clocks(BudgetPolicy::uniform, 240.0), jobs);
  CHECK(same.end_s() == Approx(20.0).epsilon(tolerance));
  CHECK(same.meter_j() == Approx((rest_w + 240.0) * 20.0).epsilon(tolerance));
  const Numbers slower = simulate_in_child(two_nodes_with_clocks(BudgetPolicy::uniform, 200.0), jobs);
  CHECK(slower.end_s() == Approx(21.0).epsilon(tolerance));
}

// 250 W for 400 W and 360 W. When both take f times as long, a share 2 - f of the first runs at the full clock, 100 +
// 300 (2 - f) J in f s; the second rests in between at its lower clock, 420 J in 2 f s. Together (910 - 300 f) / f =
// 250 W: f = 910 / 550. With the energy of the full clock it would be 760 / 250.
TEST_CASE("a job-fair budget slows jobs alike where some of them save energy by it") {
  const auto jobs = trace({job(steps(1000, {computing()}), 1), job(steps(500, {kernel(40_TFLOP, 8_TB)}), 1)});
  const Numbers run = simulate_in_child(two_nodes_with_clocks(BudgetPolicy::job_fair, 250.0), jobs);
  CHECK(run_s(run, 0) == Approx(1000.0 * 910.0 / 550.0).epsilon(1e-5));
  CHECK(run_s(run, 1) == Approx(1000.0 * 910.0 / 550.0).epsilon(1e-5));
  CHECK(run.meter_j() == Approx((rest_w + 250.0) * run.end_s()).epsilon(1e-5));
}

// Recorded time counts as computing: a second at 400 W that the log saw takes 1.4 s at 200 W.
TEST_CASE("recorded time goes down the clocks as computing does") {
  const Numbers run = simulate_in_child(two_nodes_with_clocks(BudgetPolicy::uniform, 200.0),
                                        trace({job(steps(10, {busy(1_s, 0.25)}), 1)}));
  CHECK(run.end_s() == Approx(14.0).epsilon(tolerance));
}

TEST_CASE("a budget that is only reported slows nobody") {
  const Numbers run =
      simulate_in_child(two_nodes(BudgetPolicy::report, 200.0), trace({job(steps(10, {computing()}), 1)}));
  CHECK(run.end_s() == Approx(10.0));
  CHECK(run.job(0).power_s == 0.0);
  CHECK(run.peak_w() == Approx(rest_w + 400.0));
}

// 250 W for a node that asks for 400 W and one that asks for 100 W. The same for each node: 150 W is left for the
// first, which takes 400 / 150 times as long. The same share of each demand, or the same delay: both take twice as
// long.
TEST_CASE("a uniform budget spares the job that draws little and a proportional one does not") {
  const auto jobs = trace({job(steps(3, {computing()}), 1), job(steps(12, {light()}), 1)});
  const Numbers uniform = simulate_in_child(two_nodes(BudgetPolicy::uniform, 250.0), jobs);
  CHECK(run_s(uniform, 0) == Approx(8.0).epsilon(tolerance));
  CHECK(run_s(uniform, 1) == Approx(12.0).epsilon(tolerance));
  for (const auto policy : {BudgetPolicy::proportional, BudgetPolicy::job_fair}) {
    const Numbers run = simulate_in_child(two_nodes(policy, 250.0), jobs);
    CHECK(run_s(run, 0) == Approx(6.0).epsilon(tolerance));
    CHECK(run_s(run, 1) == Approx(6.0 + (12.0 - 3.0)).epsilon(tolerance));  // the budget holds it for 6 s only
  }
}

// A second at 400 W and a second of rest draw 200 W on average beside 100 W; 150 W are there. A share x of what each
// asks for at most: 400 / (1 + 1/x) + 100 x = 150, so x = (sqrt(182500) - 350) / 200. Fair to jobs: both take twice as
// long, the first by computing for three seconds instead of one.
TEST_CASE("a proportional budget cuts peaks and a job-fair one slows all jobs by the same factor") {
  const auto jobs = trace({job(steps(1000, {computing(), resting()}), 1), job(steps(100, {light()}), 1)});
  const double share = (std::sqrt(182500.0) - 350.0) / 200.0;
  const Numbers proportional = simulate_in_child(two_nodes(BudgetPolicy::proportional, 150.0), jobs);
  CHECK(run_s(proportional, 1) == Approx(100.0 / share).epsilon(1e-5));
  const Numbers fair = simulate_in_child(two_nodes(BudgetPolicy::job_fair, 150.0), jobs);
  CHECK(run_s(fair, 1) == Approx(200.0).epsilon(1e-5));
}

// Two jobs of 400 W, 500 W above rest: the second waits 10 s for the first, then runs at full speed.
TEST_CASE("jobs wait until what they will draw fits the budget") {
  const Numbers run = simulate_in_child(two_nodes(BudgetPolicy::wait, 500.0),
                                        trace({job(steps(10, {computing()}), 1), job(steps(10, {computing()}), 1)}));
  CHECK(run.job(1).start_s == Approx(10.0));
  CHECK(run.end_s() == Approx(20.0));
  CHECK(run.peak_w() == Approx(rest_w + 400.0));
  CHECK(run.job(0).power_s + run.job(1).power_s == 0.0);
}

// 501 W above rest. The first runs for 10 s at 400 W; the second of 400 W has to wait; the third of 100 W fits beside
// the first and is over before it.
TEST_CASE("a job that fits the power that is left passes one that has to wait for more") {
  auto machine = test::machine(fully_connected(), 3);
  machine.facility.budget = watts(rest_w + 765.0 + 501.0);
  machine.facility.budget_policy = BudgetPolicy::wait;
  const Numbers run = simulate_in_child(
      machine, trace({job(steps(10, {computing()}), 1, {}, 10_s), job(steps(1, {computing()}), 1, {}, 1_s),
                      job(steps(5, {light()}), 1, {}, 5_s)}));
  CHECK(run.job(1).start_s == Approx(10.0));
  CHECK(run.job(2).start_s == Approx(0.0));
}

// 400 W where only 200 W are: it could never start, so it runs as far as the budget goes.
TEST_CASE("a job that alone exceeds the budget starts when nothing else runs and is held back") {
  const Numbers run = simulate_in_child(two_nodes(BudgetPolicy::wait, 200.0),
                                        trace({job(steps(1, {light()}), 1), job(steps(10, {computing()}), 1)}));
  CHECK(run.job(1).start_s == Approx(1.0));
  CHECK(run_s(run, 1) == Approx(20.0).epsilon(tolerance));
}

// Ten seconds of 400 W at 200 W would take 20 s; the batch system ends it after 15 s with three quarters done.
TEST_CASE("a job that the budget holds back can run out of its time") {
  const Numbers run =
      simulate_in_child(two_nodes(BudgetPolicy::uniform, 200.0), trace({job(steps(10, {computing()}), 1, {}, 15_s)}));
  CHECK(run.job(0).status == engine::JobStatus::timed_out);
  CHECK(run.end_s() == Approx(15.0));
  CHECK(run.job(0).flops == Approx(7.5 * 40e12).epsilon(tolerance));
}

TEST_CASE("a budget below what the machine draws at rest is refused where it would act") {
  const auto machine = two_nodes(BudgetPolicy::uniform, -1.0);
  const auto network = topology::build_network(machine);
  CHECK_THROWS_WITH(engine::simulate(machine, *network, trace({job(steps(1, {computing()}), 1)})),
                    Catch::Contains("#/facility/budget: found a limit of 2.53 kW with the policy \"uniform\", expected "
                                    "more than 2.53 kW, which the machine draws while nothing runs"));
}

// One watt above rest for 400 W: 400 times as long, and no end of it is in doubt.
TEST_CASE("a budget just above rest makes jobs crawl and does not stop them") {
  const Numbers run =
      simulate_in_child(two_nodes(BudgetPolicy::uniform, 1.0), trace({job(steps(10, {computing()}), 1)}));
  CHECK(run.end_s() == Approx(4000.0).epsilon(1e-4));
}

// 400 W are there for 5 s, then 200 W: half of the work is left, and takes twice as long.
TEST_CASE("a limit that falls in the middle of a job slows what is left of it") {
  auto machine = two_nodes(BudgetPolicy::uniform, 400.1);
  machine.facility.budget_signal = {{.from = 5_s, .limit = watts(rest_w + 200.0)}};
  const auto jobs = trace({job(steps(10, {computing()}), 1)});
  const Numbers run = simulate_in_child(machine, jobs);
  CHECK(run.end_s() == Approx(15.0).epsilon(tolerance));
  CHECK(run.job(0).throttled_s == Approx(10.0).epsilon(tolerance));
  machine.facility.budget_signal.push_back({.from = 7_s, .limit = watts(rest_w + 1000.0)});
  CHECK(simulate_in_child(machine, jobs).end_s() == Approx(7.0 + 4.0).epsilon(tolerance));
  machine.facility.budget_policy = BudgetPolicy::report;
  CHECK(simulate_in_child(machine, jobs).end_s() == Approx(10.0));
}

// The job of 400 W waits for the limit that lets it run at full speed, since the other one is not over before; a limit
// that never comes does not keep it waiting for ever.
TEST_CASE("a job waits for a signal that leaves it the power it needs") {
  auto machine = two_nodes(BudgetPolicy::wait, 250.0);
  machine.facility.budget_signal = {{.from = 30_s, .limit = watts(rest_w + 600.0)}};
  const auto jobs = trace({job(steps(40, {light()}), 1), job(steps(10, {computing()}), 1, 1_s)});
  const Numbers run = simulate_in_child(machine, jobs);
  CHECK(run.job(1).start_s == Approx(30.0));
  CHECK(run_s(run, 1) == Approx(10.0));
  machine.facility.budget_signal = {{.from = 30_s, .limit = watts(rest_w + 240.0)}};
  const Numbers low = simulate_in_child(machine, jobs);
  CHECK(low.job(1).start_s == Approx(40.0));
  CHECK(run_s(low, 1) == Approx(10.0 * 400.0 / 240.0).epsilon(tolerance));
}

TEST_CASE("the lowest limit of a signal counts when a budget is refused") {
  auto machine = two_nodes(BudgetPolicy::wait, 1000.0);
  machine.facility.budget_signal = {{.from = 30_s, .limit = watts(rest_w - 30.0)}};
  const auto network = topology::build_network(machine);
  CHECK_THROWS_AS(engine::simulate(machine, *network, trace({job(steps(1, {computing()}), 1)})), InputError);
}

// Two hours at 2,530 + 100 W, carbon at 100 g and 300 g, then again 100 g per kWh, money at 0.2: 2.63 kW x (100 + 300)
// g = 1,052 g, and 5.26 kWh x 0.2 = 1.052. The job's own node draws 745 + 100 W of it: 338 g.
TEST_CASE("carbon and money follow the hours in which energy is drawn") {
  auto machine = two_nodes(BudgetPolicy::report, 1000.0);
  machine.facility.grid = platform::Grid{.carbon = {{100.0, 300.0}}, .price = {{0.2}}, .currency = "EUR"};
  const auto costs_after = [&](double hours) {
    return run_in_child([&] {
      const auto network = topology::build_network(machine);
      const auto light_for = busy(seconds(hours * 3600.0), 1.0 / 16.0);
      const auto record = engine::simulate(machine, *network, trace({job(steps(1, {light_for}), 1)}));
      const auto& of_job = record.jobs[0].grid;
      return std::vector<double>{record.grid.carbon_g, record.grid.money, of_job.carbon_g, of_job.money};
    });
  };
  const auto two = costs_after(2.0);
  CHECK(two[0] == Approx(1052.0));
  CHECK(two[1] == Approx(1.052));
  CHECK(two[2] == Approx(338.0));
  CHECK(two[3] == Approx(0.845 * 2.0 * 0.2));
  CHECK(costs_after(2.5)[0] == Approx(1052.0 + 2.63 * 50.0));
  CHECK(costs_after(201.0)[0] == Approx(100.0 * 1052.0 + 2.63 * 100.0));
}
