// How fast the power of a machine may change, against arithmetic.
#include "engine/power_ramp.hpp"

#include <vector>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/run_numbers.hpp"
#include "support/traces.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using namespace zettasim::test;
using platform::BudgetPolicy;

namespace {

// Two nodes of 745 W with a switch of 20 W each and 1,000 W of shared storage, doing nothing.
constexpr double rest_w = 2 * 765.0 + 1000.0;
constexpr PowerRate fifty_watts_a_second = PowerRate::from_si(50.0);

platform::Machine two_nodes(platform::PowerRamp ramp, double above_rest_w = 1000.0) {
  auto machine = test::machine(fully_connected(), 2);
  machine.facility.budget = watts(rest_w + above_rest_w);
  machine.facility.budget_policy = BudgetPolicy::proportional;
  machine.facility.ramp = ramp;
  return machine;
}

// 40 TFLOP on 4 GPUs of 10 TFLOP/s at 10 pJ/flop: a second at 400 W.
workload::Phase computing() { return kernel(40_TFLOP); }
// 4 GPUs with 400 W between idle and limit, a sixteenth of them used: a second at 100 W.
workload::Phase light() { return busy(1_s, 1.0 / 16.0); }

struct RampedRun {
  double end_s, meter_j, held_back_s, burning_s, burned_j, burn_account_j, gpu_j, peak_w, power_steps, accounts_j;
};

RampedRun run(const platform::Machine& machine, const workload::Trace& trace) {
  const auto v = run_in_child([&] {
    const auto network = topology::build_network(machine);
    const auto record = engine::simulate(machine, *network, trace);
    Power peak;
    for (const auto& step : record.power) peak = std::max(peak, step.power.sum());
    return std::vector<double>{record.end.si(),
                               record.meter.si(),
                               record.ramp.held_back.si(),
                               record.ramp.burning.si(),
                               record.ramp.burned.si(),
                               record.accounts.burn.si(),
                               record.components[Component::gpu].si(),
                               peak.si(),
                               static_cast<double>(record.power.size()),
                               record.accounts.sum().si()};
  });
  return {v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]};
}

}  // namespace

// 50 W in the first second, 100 W in the next and so on to 350 W in the seventh are 1,400 J of the job's 4,000 J. The
// other 2,600 J take 6.5 s at its 400 W.
TEST_CASE("a ramp lets power rise by one step in each interval until the job has what it asks for") {
  for (const auto policy :
       {BudgetPolicy::uniform, BudgetPolicy::proportional, BudgetPolicy::job_fair, BudgetPolicy::wait}) {
    auto machine = two_nodes({.up = fifty_watts_a_second});
    machine.facility.budget_policy = policy;
    const RampedRun result = run(machine, trace({job(steps(10, {computing()}), 1)}));
    CHECK(result.end_s == Approx(13.5).epsilon(1e-8));
    CHECK(result.meter_j == Approx(rest_w * 13.5 + 4000.0).epsilon(1e-8));
    CHECK(result.held_back_s == Approx(7.0));
    CHECK(result.peak_w == Approx(rest_w + 400.0));
    CHECK(result.burning_s == 0.0);
  }
}

// Submitted in the middle of an interval, the job gets that one's step for half a second: 25 J + 100 J + ... + 350 J =
// 1,375 J in 6.5 s, and 2,625 J take 6.5625 s.
TEST_CASE("intervals of a ramp are counted from the beginning of the run") {
  const RampedRun result =
      run(two_nodes({.up = fifty_watts_a_second}), trace({job(steps(10, {computing()}), 1, seconds(0.5))}));
  CHECK(result.end_s == Approx(0.5 + 6.5 + 2625.0 / 400.0).epsilon(1e-8));
  CHECK(result.held_back_s == Approx(6.5));
}

// 50, 100, 150 W for a second each, then 200 W for the other 3,700 J: the limit holds the job from there on.
TEST_CASE("a ramp ends at the limit") {
  const RampedRun result =
      run(two_nodes({.up = fifty_watts_a_second}, 200.0), trace({job(steps(10, {computing()}), 1)}));
  CHECK(result.end_s == Approx(3.0 + 3700.0 / 200.0).epsilon(1e-6));
  CHECK(result.held_back_s == Approx(3.0));
}

// Power rises by 8 steps, then a million iterations more change nothing.
TEST_CASE("a machine whose power has come to rest has no events from its ramp") {
  const RampedRun result = run(two_nodes({.up = fifty_watts_a_second, .down = fifty_watts_a_second}),
                               trace({job(steps(1'000'000, {computing()}), 1)}));
  CHECK(result.end_s == Approx(1e6 + 13.5 - 10.0).epsilon(1e-12));
  CHECK(result.power_steps <= 10.0);
}

// From 500 W above rest to 100 W when one of two jobs ends after 10 s: 450 W in the second that begins then, 400 W in
// the next. So 350 W + 300 W + ... + 50 W are burned for a second each, in GPUs, and the other job ends when it would
// have.
TEST_CASE("devices without work burn what is missing while power falls faster than its ramp") {
  auto machine = two_nodes({.down = fifty_watts_a_second});
  const auto jobs = trace({job(steps(10, {computing()}), 1), job(steps(30, {light()}), 1)});
  const RampedRun result = run(machine, jobs);
  CHECK(result.end_s == Approx(30.0));
  CHECK(result.burning_s == Approx(7.0));
  CHECK(result.burned_j == Approx(1400.0));
  CHECK(result.burn_account_j == Approx(1400.0));
  CHECK(result.meter_j == Approx(rest_w * 30.0 + 4000.0 + 3000.0 + 1400.0));
  CHECK(result.gpu_j == Approx(8 * 100.0 * 30.0 + 4000.0 + 3000.0 + 1400.0));
  CHECK(result.held_back_s == 0.0);
}

// At a PUE of 1.25 and a distribution of 0.8 the meter sees 1.25 / 0.8 of what devices draw: it falls from 781.25 W to
// 156.25 W above rest in steps of 50 W, 12 whole ones. 12 x 625 - 50 x (1 + ... + 12) = 3,600 J at the meter.
TEST_CASE("a ramp is held at the meter and what is burned has its losses and cooling") {
  auto machine = two_nodes({.down = fifty_watts_a_second}, 1e6);
  machine.facility.pue = 1.25;
  machine.facility.distribution_efficiency = 0.8;
  const RampedRun result = run(machine, trace({job(steps(10, {computing()}), 1), job(steps(30, {light()}), 1)}));
  CHECK(result.burning_s == Approx(12.0));
  CHECK(result.burned_j == Approx(3600.0));
  CHECK(result.burn_account_j == Approx(3600.0 * 0.8 / 1.25));
  CHECK(result.meter_j == Approx((rest_w * 30.0 + 4000.0 + 3000.0) * 1.25 / 0.8 + 3600.0));
  CHECK(result.accounts_j == Approx(result.meter_j).epsilon(1e-12));
}

// After 2 s of burning, 350 W and 300 W, a job of 400 W takes the place of what burned: power goes up from 400 W to
// 500 W above rest, which two steps of 50 W allow.
TEST_CASE("a job that starts takes over what is burned") {
  const auto jobs =
      trace({job(steps(10, {computing()}), 1), job(steps(30, {light()}), 1), job(steps(10, {computing()}), 1, 12_s)});
  const RampedRun result = run(two_nodes({.up = fifty_watts_a_second * 2.0, .down = fifty_watts_a_second}), jobs);
  CHECK(result.held_back_s == Approx(4.0));  // at the beginning: 100 W, 200 W, 300 W and 400 W of 500 W
  CHECK(result.burned_j > 650.0);
  auto free = two_nodes({.down = fifty_watts_a_second});
  CHECK(run(free, jobs).burned_j == Approx(650.0 + 1400.0));  // 350 and 300; and again when the last of 400 W ends
}

TEST_CASE("a run does not wait for its ramp to come down") {
  const RampedRun result = run(two_nodes({.down = PowerRate::from_si(1.0)}), trace({job(steps(10, {computing()}), 1)}));
  CHECK(result.end_s == Approx(10.0));
  CHECK(result.burned_j == 0.0);
}

// The limit falls by 200 W at once; at 10 W a second the ramp would take 20 s.
TEST_CASE("a limit that falls faster than the ramp is kept") {
  auto machine = two_nodes({.down = PowerRate::from_si(10.0)}, 400.1);
  machine.facility.budget_signal = {{.from = 5_s, .limit = watts(rest_w + 200.0)}};
  const RampedRun result = run(machine, trace({job(steps(10, {computing()}), 1)}));
  CHECK(result.end_s == Approx(15.0).epsilon(1e-6));
  CHECK(result.meter_j == Approx(rest_w * 15.0 + 4000.0).epsilon(1e-6));
}

TEST_CASE("a ramp that nothing exceeds changes no number of a run") {
  const auto jobs = trace({job(steps(10, {computing()}), 1), job(steps(30, {light()}), 1)});
  const PowerRate fast = PowerRate::from_si(1e4);
  const auto ramped = simulate_in_child(two_nodes({.up = fast, .down = fast}), jobs).values();
  auto without = two_nodes({});
  without.facility.ramp.reset();
  CHECK(ramped == simulate_in_child(without, jobs).values());
}

// Between 2 s and 3 s the meter may show 100 W to 350 W where it showed 200 W as that second began, whatever it showed
// since.
TEST_CASE("the power of an interval is counted from the power with which it began") {
  engine::RampControl ramp({.up = PowerRate::from_si(150.0), .down = PowerRate::from_si(100.0)}, 120.0);
  CHECK(ramp.highest_above_w(50.0) == Approx(220.0));
  ramp.note(2.5, 200.0);
  ramp.note(2.75, 340.0);
  CHECK(ramp.highest_above_w(50.0) == Approx(300.0));
  CHECK(ramp.lowest_w() == Approx(100.0));
  CHECK(ramp.next_s() == Approx(3.0));
  ramp.note(3.0 - 1e-13, 340.0);  // a sum that should have been 3
  CHECK(ramp.lowest_w() == Approx(240.0));
}
