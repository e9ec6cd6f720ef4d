// Cooling by the weather: the model against arithmetic, and what a run makes of it.
#include "engine/cooling.hpp"

#include <cmath>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/run_numbers.hpp"
#include "support/traces.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/random.hpp"
#include "zettasim/engine/power_bill.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using namespace zettasim::test;
using engine::cooling_overhead;
using platform::BudgetPolicy;
using platform::Cooling;
using platform::CoolingKind;

namespace {

Cooling cold_plates() {
  return {.kind = CoolingKind::cold_plate,
          .liquid_share = 0.8,
          .water = kelvins(300),
          .chilled_water = kelvins(290),
          .rise = kelvins(10),
          .approach = kelvins(5),
          .pumps = 0.1,
          .fans = 0.25,
          .towers = 0.1,
          .chiller_share = 0.5,
          .outside = {kelvins(285)}};
}

// Chillers alone, at half of Carnot's efficiency: a PUE of 1 at 300 K and below, and of 1.2 at 320 K, from where they
// lift heat by 320 + 10 - 300 = 30 K, which takes 30 / (0.5 x 300) of it.
constexpr Temperature cool = kelvins(300), hot = kelvins(320);
Cooling chillers_alone(std::vector<Temperature> outside) {
  return {.kind = CoolingKind::air,
          .water = {},
          .chilled_water = kelvins(300),
          .rise = kelvins(10),
          .approach = {},
          .chiller_share = 0.5,
          .outside = std::move(outside)};
}

// A node rests at 745 W, its switch at 20 W, the shared storage at 1,000 W; see power_budget_tests.cpp.
constexpr double rest_w = 2 * 765.0 + 1000.0;

platform::Machine two_nodes(std::vector<Temperature> outside) {
  auto machine = test::machine(fully_connected(), 2);
  machine.facility.cooling = chillers_alone(std::move(outside));
  return machine;
}

// 40 TFLOP on 4 GPUs of 10 TFLOP/s at 10 pJ/flop: a second at 400 W.
workload::Phase computing() { return kernel(40_TFLOP); }
workload::Phase light() { return busy(1_s, 1.0 / 16.0); }  // a second at 100 W

constexpr double tolerance = 1e-6;  // a billionth of the budget is kept back, and the rest of the machine is part of it

Cooling random_cooling(RandomStream& random) {
  Cooling cooling = cold_plates();
  cooling.liquid_share = random.uniform();
  cooling.chilled_water = degrees_celsius(random.uniform(5.0, 25.0));
  cooling.water = cooling.chilled_water + kelvins(random.uniform(0.0, 20.0));
  cooling.rise = kelvins(random.uniform(2.0, 15.0));
  cooling.approach = kelvins(random.uniform(0.0, 10.0));
  cooling.chiller_share = random.uniform(0.3, 0.7);
  return cooling;
}

}  // namespace

// 285 + 5 K from the towers is no warmer than either water: no chillers. Fans 0.2 x 0.25 = 0.05; pumps
// (0.8 + 0.2 + 0.05) x 0.1 = 0.105; towers (1 + 0.05 + 0.105) x 0.1 = 0.1155.
TEST_CASE("while the towers give water that is cool enough cooling takes fans and pumps and towers alone") {
  CHECK(cooling_overhead(cold_plates(), kelvins(285)) == Approx(0.2705).epsilon(1e-12));
  CHECK(cooling_overhead(cold_plates(), kelvins(200)) == Approx(0.2705).epsilon(1e-12));
}

// 305 + 5 K from the towers: both waters are chilled whole. Warm water: lifted by 310 + 10 - 300 = 20 K, which takes
// 20 / (0.5 x 300) of 0.8 x 1.1; chilled water: by 30 K, 30 / (0.5 x 290) of 0.25 x 1.1. Towers: a tenth of all of it.
TEST_CASE(
    "chillers lift what the towers leave at their share of the efficiency of Carnot and the towers take their work "
    "too") {
  const double chillers = 0.88 * 20.0 / 150.0 + 0.275 * 30.0 / 145.0;
  const double heat = 1.0 + 0.05 + 0.105 + chillers;
  CHECK(cooling_overhead(cold_plates(), kelvins(305)) == Approx(heat - 1.0 + 0.1 * heat).epsilon(1e-12));
}

// 288 + 5 K from the towers is 3 K of the 10 K warmer than the chilled water: three tenths of the heat in air, lifted
// by 13 K; the warm water needs nothing.
TEST_CASE("chillers do the part of the cooling that the towers cannot do") {
  const double chillers = 0.275 * 0.3 * 13.0 / 145.0;
  const double heat = 1.0 + 0.05 + 0.105 + chillers;
  CHECK(cooling_overhead(cold_plates(), kelvins(288)) == Approx(heat - 1.0 + 0.1 * heat).epsilon(1e-12));
}

// The overhead rises by at most (2 rise / rise + 1) / (0.3 x 278 K) = 3.6 % a kelvin for each of the two waters, with
// pumps and towers 1.21 times that: a hundredth of a kelvin changes it by less than 0.001.
TEST_CASE("the overhead of cooling never falls with the outside temperature and never jumps") {
  for (std::uint64_t number = 0; number < 50; ++number) {
    RandomStream random(5, "cooling", number);
    const Cooling cooling = random_cooling(random);
    double before = cooling_overhead(cooling, degrees_celsius(-40.0));
    for (double celsius = -39.99; celsius < 60.0; celsius += 0.01) {
      const double overhead = cooling_overhead(cooling, degrees_celsius(celsius));
      if (!(overhead >= before && overhead < before + 0.001)) {
        FAIL("cooling " << number << " at " << celsius << " degC: " << before << ", then " << overhead);
      }
      before = overhead;
    }
  }
}

TEST_CASE("the more of the heat goes into warm water the less its cooling takes") {
  for (const double celsius : {0.0, 20.0, 30.0, 40.0}) {
    double before = 1e9;
    for (const double share : {0.0, 0.5, 0.95, 1.0}) {
      Cooling cooling = cold_plates();
      cooling.liquid_share = share;
      const double overhead = cooling_overhead(cooling, degrees_celsius(celsius));
      CHECK(overhead < before);
      before = overhead;
    }
  }
}

TEST_CASE("a series of one temperature is one PUE and a fixed PUE is itself") {
  platform::Facility facility;
  facility.pue = 1.3;
  CHECK(engine::hourly_pue(facility) == std::vector{1.3});
  facility.cooling = chillers_alone({hot, hot, hot});
  CHECK(engine::hourly_pue(facility).size() == 1);
  facility.cooling->outside = {cool, hot};
  const auto hourly = engine::hourly_pue(facility);
  REQUIRE(hourly.size() == 2);
  CHECK(hourly[0] == 1.0);
  CHECK(hourly[1] == Approx(1.2).epsilon(1e-12));
}

TEST_CASE("a run at a constant temperature gives the bits of the fixed PUE that is its own") {
  const auto jobs = trace({job(steps(3000, {computing(), all_reduce(64_MB)}), 2), job(steps(4000, {light()}), 1, 5_s)});
  for (const auto policy : {BudgetPolicy::report, BudgetPolicy::uniform, BudgetPolicy::job_fair, BudgetPolicy::wait}) {
    for (const std::vector<Temperature>& outside : {std::vector{hot}, std::vector{hot, hot, hot}}) {
      auto by_weather = two_nodes(outside);
      by_weather.facility.budget = watts(1.2 * rest_w + 700.0);
      by_weather.facility.budget_policy = policy;
      auto fixed = by_weather;
      fixed.facility.cooling.reset();
      fixed.facility.pue = engine::hourly_pue(by_weather.facility).front();
      CHECK(simulate_in_child(by_weather, jobs).values() == simulate_in_child(fixed, jobs).values());
    }
  }
}

// 400 W above rest on one node for two and a half hours; PUE 1, 1.2, 1. The job owns its node and what it draws above
// rest, not the other node, the switches or the storage.
TEST_CASE("energy follows the hours of the weather to the last second") {
  const auto machine = two_nodes({cool, hot});
  const Numbers run = simulate_in_child(machine, trace({job(steps(9000, {computing()}), 1)}));
  const double seconds_of_pue = 3600.0 + 1.2 * 3600.0 + 1800.0;
  CHECK(run.end_s() == Approx(9000.0));
  CHECK(run.meter_j() == Approx((rest_w + 400.0) * seconds_of_pue).epsilon(1e-12));
  CHECK(run.accounts_j() == Approx(run.meter_j()).epsilon(1e-12));
  CHECK(run.components_j() == Approx(run.meter_j()).epsilon(1e-12));
  CHECK(run.jobs_energy_j() == Approx((745.0 + 400.0) * seconds_of_pue).epsilon(1e-12));
  CHECK(run.peak_w() == Approx((rest_w + 400.0) * 1.2).epsilon(1e-12));
}

// Power changes at 0 s, at the hours, and at the end.
TEST_CASE("a step of power begins with each hour whose weather is another") {
  const auto values = run_in_child([] {
    const auto machine = two_nodes({cool, hot, hot, cool});
    const auto network = topology::build_network(machine);
    const auto record = engine::simulate(machine, *network, trace({job(steps(5 * 3600 - 1800, {computing()}), 1)}));
    std::vector<double> result;
    for (const auto& step : record.power) {
      result.push_back(step.time.si());
      result.push_back(step.power.sum() / (step.power.sum() - step.power[Component::cooling]));
    }
    return result;
  });
  const std::vector<double> expected = {0, 1.0, 3600, 1.2, 3 * 3600, 1.0, 4.5 * 3600, 1.0};
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == Approx(expected[i]).epsilon(1e-12));
}

// 100 g a kWh on all of the energy, in hours of either PUE.
TEST_CASE("carbon of a run and of its jobs follows the weather as energy does") {
  const auto values = run_in_child([] {
    auto machine = two_nodes({cool, hot});
    machine.facility.grid = platform::Grid{.carbon = {{100.0}}, .price = {{0.25}}, .currency = "EUR"};
    const auto network = topology::build_network(machine);
    const auto record = engine::simulate(machine, *network, trace({job(steps(9000, {computing()}), 1)}));
    return std::vector{record.meter.si(), record.grid.carbon_g, record.jobs[0].energy.sum().si(),
                       record.jobs[0].grid.carbon_g};
  });
  CHECK(values[1] == Approx(100.0 * values[0] / 3.6e6).epsilon(1e-12));
  CHECK(values[3] == Approx(100.0 * values[2] / 3.6e6).epsilon(1e-12));
}

// At PUE 1 the limit of 3,223 W leaves the job its 400 W; at 1.2 it leaves 3,223 / 1.2 - 2,530 = 155.8 W of them. An
// hour and a half of work: one in the first hour, 0.3896 in the second, the rest in the third.
TEST_CASE("a budget holds jobs back in the hours in which cooling takes more") {
  auto machine = two_nodes({cool, hot});
  machine.facility.budget = watts(3223.0);
  for (const auto policy :
       {BudgetPolicy::uniform, BudgetPolicy::proportional, BudgetPolicy::job_fair, BudgetPolicy::wait}) {
    machine.facility.budget_policy = policy;
    const Numbers run = simulate_in_child(machine, trace({job(steps(5400, {computing()}), 1)}));
    const double speed = (3223.0 / 1.2 - rest_w) / 400.0;
    CHECK(run.end_s() == Approx(7200.0 + 3600.0 * (0.5 - speed)).epsilon(tolerance));
    CHECK(run.job(0).throttled_s == Approx(3600.0));
    CHECK(run.peak_w() <= 3223.0);
    CHECK(run.accounts_j() == Approx(run.meter_j()).epsilon(1e-9));
  }
}

// In the hot hour 1.2 x (2,530 + 100 + 400) W is more than the limit of 1.2 x 2,530 + 550 W, in the cool one 3,030 W
// are not. What the first job was given shrinks with what it draws.
TEST_CASE("a job waits for the hour whose weather leaves it the power it needs") {
  auto machine = two_nodes({hot, cool});
  machine.facility.budget = watts(1.2 * rest_w + 550.0);
  machine.facility.budget_policy = BudgetPolicy::wait;
  const Numbers run =
      simulate_in_child(machine, trace({job(steps(5000, {light()}), 1), job(steps(100, {computing()}), 1, 10_s)}));
  CHECK(run.job(1).start_s == Approx(3600.0));
  CHECK(run.job(1).end_s == Approx(3700.0));
  CHECK(run.job(0).end_s == Approx(5000.0));
  CHECK(run.peak_w() <= machine.facility.budget.si());
}

TEST_CASE("a budget below what the machine draws at rest in its warmest hour is refused where it would act") {
  auto machine = two_nodes({cool, hot});
  machine.facility.budget = watts(1.1 * rest_w);
  machine.facility.budget_policy = BudgetPolicy::uniform;
  const auto network = topology::build_network(machine);
  CHECK_THROWS_WITH(engine::simulate(machine, *network, trace({job(steps(1, {computing()}), 1)})),
                    Catch::Contains("expected more than 3.04 kW, which the machine draws while nothing runs"));
}

// Of thirty years the hours are followed for eleven, and the mean after that.
TEST_CASE("a run of thirty years takes the mean of the weather") {
  const auto machine = two_nodes({cool, hot});
  const Numbers run = simulate_in_child(machine, trace({job(steps(1, {busy(seconds(1e9))}), 1)}));
  CHECK(run.end_s() == Approx(1e9));
  CHECK(run.meter_j() == Approx(rest_w * 1.1 * 1e9).epsilon(1e-9));
}

TEST_CASE("a bill is that of the first hour") {
  const auto bill = [](std::vector<Temperature> outside) {
    const auto machine = two_nodes(std::move(outside));
    return engine::power_at_rest(machine, *topology::build_network(machine)).sum().si();
  };
  CHECK(bill({hot, cool}) == Approx(1.2 * rest_w).epsilon(1e-12));
  CHECK(bill({cool, hot}) == Approx(rest_w).epsilon(1e-12));
}
