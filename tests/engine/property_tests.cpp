// What holds for every run: energy is conserved, and the two shortcuts of the engine, folding and striding, change no
// number.
#include <cmath>

#include "engine/cooling.hpp"
#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/run_numbers.hpp"
#include "support/traces.hpp"
#include "zettasim/base/random.hpp"
#include "zettasim/engine/power_bill.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using namespace zettasim::test;

namespace {

std::int64_t whole(RandomStream& random, double low, double high) {
  return static_cast<std::int64_t>(random.uniform(low, high));
}

// A torus of 12 to 24 nodes with losses and cooling, and storage slow enough to be fought over.
platform::Machine random_machine(RandomStream& random) {
  auto machine = test::machine(torus({3, whole(random, 4.0, 7.0)}));
  if (random.uniform() < 0.3) machine = test::machine(dragonfly(3, 2, 4));
  machine.network.link_bandwidth = bytes_per_second(random.uniform(1e9, 20e9));
  machine.network.message_latency = seconds(random.uniform(0.0, 3e-6));
  machine.storage[0].write = bytes_per_second(random.uniform(5e9, 50e9));
  machine.node.supplies = {{.name = "supply", .fixed_loss = 20_W, .efficiency = random.uniform(0.9, 1.0)}};
  machine.facility.distribution_efficiency = random.uniform(0.95, 1.0);
  machine.facility.pue = random.uniform(1.0, 1.4);
  return machine;
}

workload::Phase random_phase(RandomStream& random, int depth) {
  const double kind = random.uniform();
  if (kind < 0.3) return kernel(flops(random.uniform(1e11, 1e13)), bytes(random.uniform(0.0, 1e11)));
  if (kind < 0.5) return all_reduce(bytes(random.uniform(1e3, 3e9)));
  if (kind < 0.7) return halo(1 + static_cast<int>(random.uniform(0.0, 3.0)), bytes(random.uniform(1e3, 1e9)));
  if (kind < 0.8) return write_to(random.uniform() < 0.7 ? "scratch" : "local", bytes(random.uniform(1e8, 5e9)));
  if (kind < 0.9 || depth == 0) return busy(seconds(random.uniform(0.0, 1.0)), random.uniform());
  std::vector<workload::Phase> body;
  for (std::int64_t i = whole(random, 1.0, 4.0); i > 0; --i) body.push_back(random_phase(random, depth - 1));
  return loop(whole(random, 1.0, 5.0), std::move(body));
}

workload::Program random_program(RandomStream& random) {
  const auto phases = [&](double most) {
    std::vector<workload::Phase> result;
    for (std::int64_t i = whole(random, 0.0, most); i > 0; --i) result.push_back(random_phase(random, 2));
    return result;
  };
  workload::Program program;
  program.setup = phases(3.0);
  program.step = phases(4.0);
  program.step.push_back(random_phase(random, 1));
  program.steps = whole(random, 1.0, 12.0);
  if (random.uniform() < 0.3) {
    program.checkpoint = {write_to("scratch", bytes(random.uniform(1e9, 1e10)))};
    program.checkpoint_interval = seconds(random.uniform(0.5, 5.0));
  }
  program.finish = phases(2.0);
  return program;
}

workload::Trace random_trace(RandomStream& random, std::int64_t machine_nodes) {
  std::vector<TestJob> jobs;
  double submit = 0.0;
  for (std::int64_t i = whole(random, 2.0, 10.0); i > 0; --i) {
    submit += random.exponential(4.0);
    const Duration requested = seconds(random.uniform() < 0.2 ? random.uniform(1.0, 10.0) : 1e6);
    jobs.push_back(job(random_program(random), whole(random, 1.0, static_cast<double>(machine_nodes) + 0.99),
                       seconds(submit), requested));
  }
  return trace(jobs);
}

struct Scenario {
  platform::Machine machine;
  workload::Trace trace;
};

Scenario random_scenario(int number) {
  RandomStream random(2030, "engine properties", static_cast<std::uint64_t>(number));
  auto machine = random_machine(random);
  auto jobs = random_trace(random, machine.node_count);
  return {std::move(machine), std::move(jobs)};
}

// One to three states below the highest, for both kinds of devices.
void add_clocks(platform::Machine& machine, RandomStream& random) {
  for (platform::Device* device : {&machine.node.gpus->device, &machine.node.cpus.device}) {
    platform::ClockStates clocks{.rated_limit = device->limit, .states = {{hertz(2e9), volts(1.0)}}};
    for (std::int64_t i = whole(random, 1.0, 3.99); i > 0; --i) {
      const auto& above = clocks.states.back();
      clocks.states.push_back({above.clock * random.uniform(0.6, 0.95), above.voltage * random.uniform(0.8, 1.0)});
    }
    device->clocks = clocks;
  }
}

// 1e-9 of the value, or of what the run as a whole has of it where the value is a small difference of large ones.
void require_same(const Numbers& a, const Numbers& b) {
  REQUIRE(a.values().size() == b.values().size());
  for (std::size_t i = 0; i < a.values().size(); ++i) {
    INFO("number " << i << ": " << a.values()[i] << " and " << b.values()[i]);
    REQUIRE(a.values()[i] == Approx(b.values()[i]).epsilon(1e-9).margin(1e-9 * a.end_s()));
  }
}

// The same with a budget between what the machine draws at rest and twice that, and a policy that keeps it. The devices
// of every other four have clock states.
Scenario random_scenario_under_budget(int number) {
  using platform::BudgetPolicy;
  constexpr BudgetPolicy policies[] = {BudgetPolicy::uniform, BudgetPolicy::proportional, BudgetPolicy::job_fair,
                                       BudgetPolicy::wait};
  Scenario scenario = random_scenario(number);
  RandomStream random(2031, "budgets", static_cast<std::uint64_t>(number));
  const auto network = topology::build_network(scenario.machine);
  const Power rest = engine::power_at_rest(scenario.machine, *network).sum();
  scenario.machine.facility.budget = rest * (1.0 + std::pow(10.0, random.uniform(-4.0, 0.0)));
  scenario.machine.facility.budget_policy = policies[number % 4];
  if (number / 4 % 2 == 1) add_clocks(scenario.machine, random);
  return scenario;
}

// The same with a ramp in one direction or both, of a swing in some seconds.
Scenario random_scenario_with_ramp(int number) {
  Scenario scenario = random_scenario_under_budget(number);
  RandomStream random(2032, "ramps", static_cast<std::uint64_t>(number));
  const auto network = topology::build_network(scenario.machine);
  const Power swing =
      engine::power_at_rest(scenario.machine, *network).sum() * std::pow(10.0, random.uniform(-3.0, -0.5));
  platform::PowerRamp ramp{.interval = seconds(random.uniform(0.05, 1.0))};
  if (number % 3 != 1) ramp.up = swing / seconds(random.uniform(1.0, 20.0));
  if (number % 3 != 0) ramp.down = swing / seconds(random.uniform(1.0, 20.0));
  scenario.machine.facility.ramp = ramp;
  return scenario;
}

// The same with limits of nodes and racks, with every policy and with none, and a ramp in some.
Scenario random_scenario_with_limits(int number) {
  Scenario scenario = number % 3 == 0 ? random_scenario_with_ramp(number) : random_scenario_under_budget(number);
  RandomStream random(2034, "limits", static_cast<std::uint64_t>(number));
  platform::Facility& facility = scenario.machine.facility;
  const Power rest = scenario.machine.node.inlet_at_rest();
  if (number % 5 == 1) facility.budget_policy = platform::BudgetPolicy::report;
  if (number % 4 != 0) facility.node_limit = rest * (1.0 + std::pow(10.0, random.uniform(-2.0, 0.0)));
  const std::int64_t nodes = whole(random, 1.0, 7.0);
  facility.rack_limit = {
      .nodes = nodes, .limit = rest * (static_cast<double>(nodes) * (1.0 + std::pow(10.0, random.uniform(-2.5, 0.0))))};
  return scenario;
}

// By how much the meter goes beyond what it may show in an interval, over what it may change by.
double beyond_ramp(const engine::RunRecord& record, const platform::PowerRamp& ramp, Power rest) {
  const double length_s = ramp.interval.si();
  double worst = 0.0;
  for (const auto& step : record.power) {
    const double began_s = std::floor(step.time.si() / length_s + 1e-9) * length_s;
    Power before = rest;
    for (const auto& earlier : record.power) {
      if (earlier.time.si() < began_s - 1e-9 * length_s) before = earlier.power.sum();
    }
    const double change_w = (step.power.sum() - before).si();
    if (ramp.up) worst = std::max(worst, change_w / (*ramp.up * ramp.interval).si() - 1.0);
    if (ramp.down) worst = std::max(worst, -change_w / (*ramp.down * ramp.interval).si() - 1.0);
  }
  return worst;
}

// The same a thousand times slower, at the same power, so that it lasts for hours, each with its own weather and so its
// own share for cooling; the budget leaves room for the machine at rest in the warmest. One in three has a ramp.
Scenario random_scenario_under_weather(int number) {
  constexpr double slower = 1000.0;
  Scenario s = random_scenario_under_budget(number);
  RandomStream random(2032, "weather", static_cast<std::uint64_t>(number));
  for (auto* device : {&s.machine.node.cpus.device, s.machine.node.gpus ? &s.machine.node.gpus->device : nullptr}) {
    if (!device) continue;
    device->memory.bandwidth = device->memory.bandwidth / slower;
    device->memory.energy = device->memory.energy * slower;
    for (const Precision p : all_precisions) {
      if (!device->rates[p]) continue;
      device->rates[p]->peak = device->rates[p]->peak / slower;
      device->rates[p]->energy = device->rates[p]->energy * slower;
    }
  }
  s.machine.network.link_bandwidth = s.machine.network.link_bandwidth / slower;
  s.machine.network.link_energy = s.machine.network.link_energy * slower;
  for (auto& tier : s.machine.storage) {
    tier.write = tier.write / slower;
    tier.energy = tier.energy * slower;
  }
  for (auto& waiting : s.trace.jobs) {
    waiting.submit = waiting.submit * slower;
    waiting.requested_time = waiting.requested_time * slower;
  }
  const Power rest = s.machine.facility.budget / s.machine.facility.pue;
  platform::Cooling cooling{.kind = platform::CoolingKind::cold_plate,
                            .liquid_share = random.uniform(),
                            .water = degrees_celsius(30.0),
                            .chilled_water = degrees_celsius(15.0),
                            .rise = kelvins(8.0),
                            .approach = kelvins(4.0),
                            .pumps = 0.02,
                            .fans = 0.05,
                            .towers = 0.03,
                            .chiller_share = random.uniform(0.3, 0.7),
                            .outside = {}};
  for (std::int64_t hours = whole(random, 2.0, 30.0); hours > 0; --hours) {
    cooling.outside.push_back(degrees_celsius(random.uniform(0.0, 45.0)));
  }
  s.machine.facility.cooling = cooling;
  s.machine.facility.budget = rest * std::ranges::max(engine::hourly_pue(s.machine.facility));
  if (number % 3 == 0) {
    const PowerRate rate = rest * random.uniform(0.01, 0.1) / seconds(3600.0);
    s.machine.facility.ramp = {.up = rate, .down = rate, .interval = seconds(random.uniform(60.0, 900.0))};
  }
  return s;
}

constexpr int scenarios = 60;

}  // namespace

TEST_CASE("jobs and idle nodes and network and storage and losses and cooling sum to the facility meter") {
  for (int i = 0; i < scenarios; ++i) {
    const Scenario s = random_scenario(i);
    const Numbers run = simulate_in_child(s.machine, s.trace);
    INFO("scenario " << i);
    REQUIRE(run.accounts_j() == Approx(run.meter_j()).epsilon(1e-9));
    REQUIRE(run.components_j() == Approx(run.meter_j()).epsilon(1e-9));
  }
}

TEST_CASE("the parts of a job's time sum to its run time") {
  for (int i = 0; i < scenarios; ++i) {
    const Scenario s = random_scenario(i);
    const Numbers run = simulate_in_child(s.machine, s.trace);
    for (std::size_t j = 0; j < s.trace.jobs.size(); ++j) {
      const JobNumbers n = run.job(j);
      INFO("scenario " << i << " job " << j);
      REQUIRE(n.kernel_s + n.collective_s + n.neighbours_s + n.storage_s + n.busy_s + n.sharing_s + n.power_s ==
              Approx(n.end_s - n.start_s).epsilon(1e-9).margin(1e-9));
      REQUIRE(n.power_s == 0.0);
      REQUIRE(n.sharing_s >= -1e-9 * run.end_s());
    }
  }
}

TEST_CASE("playing every phase gives the numbers of striding over equal iterations") {
  for (int i = 0; i < scenarios; ++i) {
    const Scenario s = random_scenario(i);
    INFO("scenario " << i);
    require_same(simulate_in_child(s.machine, s.trace),
                 simulate_in_child(s.machine, s.trace, {.strides = engine::Strides::unstrided}));
  }
}

TEST_CASE("an actor per node gives the numbers of one actor per job") {
  for (int i = 0; i < scenarios; ++i) {
    const Scenario s = random_scenario(i);
    INFO("scenario " << i);
    require_same(simulate_in_child(s.machine, s.trace),
                 simulate_in_child(s.machine, s.trace, {.roles = engine::Roles::unfolded}));
  }
}

TEST_CASE("an actor per node and every phase an event give the numbers of both shortcuts") {
  for (int i = 0; i < scenarios; ++i) {
    const Scenario s = random_scenario(i);
    INFO("scenario " << i);
    require_same(simulate_in_child(s.machine, s.trace),
                 simulate_in_child(s.machine, s.trace,
                                   {.roles = engine::Roles::unfolded, .strides = engine::Strides::unstrided}));
  }
}

TEST_CASE("two runs of one scenario give the same bits") {
  for (int i = 0; i < 10; ++i) {
    const Scenario s = random_scenario(i);
    REQUIRE(simulate_in_child(s.machine, s.trace).values() == simulate_in_child(s.machine, s.trace).values());
  }
}

TEST_CASE("no policy that acts lets a facility exceed its budget and none loses a joule") {
  int held_back = 0;
  for (int i = 0; i < scenarios; ++i) {
    const Scenario s = random_scenario_under_budget(i);
    const Numbers run = simulate_in_child(s.machine, s.trace);
    INFO("scenario " << i);
    REQUIRE(run.peak_w() <= s.machine.facility.budget.si());
    REQUIRE(run.accounts_j() == Approx(run.meter_j()).epsilon(1e-9));
    REQUIRE(run.components_j() == Approx(run.meter_j()).epsilon(1e-9));
    for (std::size_t j = 0; j < s.trace.jobs.size(); ++j) {
      const JobNumbers n = run.job(j);
      REQUIRE(n.kernel_s + n.collective_s + n.neighbours_s + n.storage_s + n.busy_s + n.sharing_s + n.power_s ==
              Approx(n.end_s - n.start_s).epsilon(1e-9).margin(1e-9));
      REQUIRE(n.power_s >= 0.0);
      REQUIRE(n.throttled_s <= (n.end_s - n.start_s) * (1.0 + 1e-9) + 1e-9);
      held_back += n.power_s > 0.0;
    }
  }
  CHECK(held_back > scenarios);  // the budgets bite
}

TEST_CASE("under a budget playing every phase on an actor per node gives the numbers of both shortcuts") {
  for (int i = 0; i < scenarios; ++i) {
    const Scenario s = random_scenario_under_budget(i);
    INFO("scenario " << i);
    const Numbers shortcuts = simulate_in_child(s.machine, s.trace);
    require_same(shortcuts, simulate_in_child(s.machine, s.trace, {.strides = engine::Strides::unstrided}));
    require_same(shortcuts, simulate_in_child(s.machine, s.trace, {.roles = engine::Roles::unfolded}));
  }
}

// Scenarios 4 to 7 have clock states; not all of them need their budget.
TEST_CASE("clock states that nobody needs change no bit and under a budget they save time and energy") {
  double time_s = 0.0, time_without_s = 0.0, energy_j = 0.0, energy_without_j = 0.0;
  for (int i = 4; i < 8; ++i) {
    Scenario s = random_scenario_under_budget(i);
    Scenario without = s;
    without.machine.node.gpus->device.clocks.reset();
    without.machine.node.cpus.device.clocks.reset();
    const Numbers capped = simulate_in_child(s.machine, s.trace);
    const Numbers capped_without = simulate_in_child(without.machine, without.trace);
    time_s += capped.end_s(), time_without_s += capped_without.end_s();
    energy_j += capped.meter_j(), energy_without_j += capped_without.meter_j();
    s.machine.facility.budget = without.machine.facility.budget = watts(1e9);
    INFO("scenario " << i);
    REQUIRE(simulate_in_child(s.machine, s.trace).values() ==
            simulate_in_child(without.machine, without.trace).values());
  }
  CHECK(time_s < time_without_s);
  CHECK(energy_j < energy_without_j);
}

TEST_CASE("a ramp is kept in every interval and loses no joule") {
  int held_back = 0, burned = 0;
  for (int i = 0; i < scenarios; ++i) {
    const Scenario s = random_scenario_with_ramp(i);
    const auto v = run_in_child([&] {
      const auto network = topology::build_network(s.machine);
      const auto record = engine::simulate(s.machine, *network, s.trace);
      Power peak;
      for (const auto& step : record.power) peak = std::max(peak, step.power.sum());
      return std::vector<double>{
          beyond_ramp(record, *s.machine.facility.ramp, engine::power_at_rest(s.machine, *network).sum()),
          record.accounts.sum().si(),
          record.components.sum().si(),
          record.meter.si(),
          peak.si(),
          record.ramp.held_back.si(),
          record.accounts.burn.si()};
    });
    INFO("scenario " << i);
    REQUIRE(v[0] <= 1e-6);
    REQUIRE(v[1] == Approx(v[3]).epsilon(1e-9));
    REQUIRE(v[2] == Approx(v[3]).epsilon(1e-9));
    REQUIRE(v[4] <= s.machine.facility.budget.si());
    held_back += v[5] > 0.0;
    burned += v[6] > 0.0;
  }
  CHECK(held_back > scenarios / 3);  // the ramps bite
  CHECK(burned > scenarios / 3);
}

TEST_CASE("with a ramp playing every phase on an actor per node gives the numbers of both shortcuts") {
  for (int i = 0; i < scenarios; ++i) {
    const Scenario s = random_scenario_with_ramp(i);
    INFO("scenario " << i);
    const Numbers shortcuts = simulate_in_child(s.machine, s.trace);
    require_same(shortcuts, simulate_in_child(s.machine, s.trace, {.strides = engine::Strides::unstrided}));
    require_same(shortcuts, simulate_in_child(s.machine, s.trace, {.roles = engine::Roles::unfolded}));
  }
}

TEST_CASE("limits of nodes and racks lose no joule under any policy") {
  int held_back = 0;
  for (int i = 0; i < scenarios; ++i) {
    const Scenario s = random_scenario_with_limits(i);
    const Numbers run = simulate_in_child(s.machine, s.trace);
    INFO("scenario " << i);
    REQUIRE(run.accounts_j() == Approx(run.meter_j()).epsilon(1e-9));
    REQUIRE(run.components_j() == Approx(run.meter_j()).epsilon(1e-9));
    if (s.machine.facility.budget_policy != platform::BudgetPolicy::report)
      REQUIRE(run.peak_w() <= s.machine.facility.budget.si());
    for (std::size_t j = 0; j < s.trace.jobs.size(); ++j) {
      REQUIRE(run.job(j).power_s >= 0.0);
      held_back += run.job(j).power_s > 0.0;
    }
  }
  CHECK(held_back > scenarios);
}

TEST_CASE("with limits of nodes and racks playing every phase on an actor per node gives the same numbers") {
  for (int i = 0; i < scenarios; ++i) {
    const Scenario s = random_scenario_with_limits(i);
    INFO("scenario " << i);
    const Numbers shortcuts = simulate_in_child(s.machine, s.trace);
    require_same(shortcuts, simulate_in_child(s.machine, s.trace, {.strides = engine::Strides::unstrided}));
    require_same(shortcuts, simulate_in_child(s.machine, s.trace, {.roles = engine::Roles::unfolded}));
  }
}

TEST_CASE("whatever the weather no policy that acts lets a facility exceed its budget and none loses a joule") {
  double longest_s = 0.0;
  for (int i = 0; i < scenarios; ++i) {
    Scenario s = random_scenario_under_weather(i);
    const Numbers run = simulate_in_child(s.machine, s.trace);
    INFO("scenario " << i);
    REQUIRE(run.peak_w() <= s.machine.facility.budget.si());
    REQUIRE(run.accounts_j() == Approx(run.meter_j()).epsilon(1e-9));
    REQUIRE(run.components_j() == Approx(run.meter_j()).epsilon(1e-9));
    longest_s = std::max(longest_s, run.end_s());
    s.machine.facility.budget_policy = platform::BudgetPolicy::report;
    const Numbers unlimited = simulate_in_child(s.machine, s.trace);
    REQUIRE(unlimited.accounts_j() == Approx(unlimited.meter_j()).epsilon(1e-9));
    REQUIRE(unlimited.components_j() == Approx(unlimited.meter_j()).epsilon(1e-9));
  }
  CHECK(longest_s > 24 * 3600.0);  // days of it
}

TEST_CASE("under weather and budget playing every phase on an actor per node gives the numbers of both shortcuts") {
  for (int i = 0; i < scenarios; ++i) {
    const Scenario s = random_scenario_under_weather(i);
    INFO("scenario " << i);
    const Numbers shortcuts = simulate_in_child(s.machine, s.trace);
    require_same(shortcuts, simulate_in_child(s.machine, s.trace, {.strides = engine::Strides::unstrided}));
    require_same(shortcuts, simulate_in_child(s.machine, s.trace, {.roles = engine::Roles::unfolded}));
  }
}

TEST_CASE("a machine with power to spare gives the same bits under every policy") {
  for (int i = 0; i < 12; ++i) {
    Scenario s = random_scenario_under_budget(i);
    s.machine.facility.budget = watts(1e9);
    const auto under_policy = simulate_in_child(s.machine, s.trace).values();
    s.machine.facility.budget_policy = platform::BudgetPolicy::report;
    INFO("scenario " << i);
    REQUIRE(under_policy == simulate_in_child(s.machine, s.trace).values());
  }
}
