#include "zettasim/engine/predict.hpp"

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/run_numbers.hpp"
#include "support/traces.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using engine::PhaseShare;
using engine::Prediction;

namespace {

workload::Application application(workload::Program program) {
  workload::Application result;
  result.name = result.model = "program";
  result.program = std::move(program);
  return result;
}

Prediction predict(const platform::Machine& machine, const workload::Program& program, std::int64_t nodes) {
  const auto network = topology::build_network(machine);
  return engine::predict(machine, *network, application(program), nodes);
}

workload::Phase named(std::string name, workload::Phase phase) {
  phase.name = std::move(name);
  return phase;
}

// A step with everything that phases can do: loops, groups, side by side, and idleness.
workload::Program mixed_program() {
  workload::Phase product{
      .name = "product",
      .what = workload::MatrixMultiply{.precision = Precision::fp64, .m = 4096, .n = 4096, .k = 512, .count = 3}};
  workload::Phase gather{.name = "gather",
                         .what = workload::Collective{CollectiveOperation::all_gather, 8_MB, {.size = 8, .stride = 2}}};
  workload::Phase hand_on{.name = "hand on", .what = workload::Shift{.distance = 8, .size = 2_MB}};
  workload::Phase side_by_side{.name = "both", .what = workload::Overlap{{{product}, {gather, hand_on}}}};
  workload::Phase bubble{.name = "bubble", .what = workload::Idle{.times = 1.5, .body = {product}}};
  return test::steps(7, {test::loop(3, {side_by_side}), test::all_reduce(64_MB), bubble});
}

}  // namespace

TEST_CASE("a prediction takes as long and computes as much as the same job simulated") {
  const auto machine = test::machine(test::torus({4, 4}));
  const auto program = mixed_program();
  const Prediction predicted = predict(machine, program, 16);
  const auto simulated = test::simulate_in_child(machine, test::trace({test::job(program, 16)}));
  CHECK(predicted.time.si() == Approx(simulated.end_s()).epsilon(1e-9));
  FlopCount executed;
  for (const Precision p : all_precisions) executed += predicted.flops[p];
  CHECK(executed.si() == Approx(simulated.job(0).flops).epsilon(1e-9));
}

// Inside 3 s beside 2 s, together 3 s; outside 3 s beside 4 s: the second is seen for 1 s.
TEST_CASE("what stands side by side inside of what stands side by side is seen once") {
  const auto machine = test::machine(test::torus({2}));
  const auto busy = [](const char* name, double time_s) {
    return workload::Phase{.name = name, .what = workload::Busy{seconds(time_s), 0.0}};
  };
  const workload::Phase inner{.name = "inner", .what = workload::Overlap{{{busy("a", 2)}, {busy("b", 3)}}}};
  const workload::Phase outer{.name = "outer", .what = workload::Overlap{{{inner}, {busy("c", 4)}}}};
  const Prediction p = predict(machine, test::steps(1, {outer, busy("d", 1)}), 2);
  CHECK(p.time.si() == Approx(5.0));
  CHECK(p.activities.busy.si() == Approx(5.0));
  REQUIRE(p.phases.size() == 4);
  CHECK(p.phases[0].time.si() == Approx(2.0));
  CHECK(p.phases[1].time.si() == Approx(1.0));
  CHECK(p.phases[2].time.si() == Approx(1.0));
}

// The job has all nodes, the facility adds nothing: what its nodes and the switches drew is what the meter saw.
TEST_CASE("a prediction of the whole machine draws what the simulated meter saw") {
  auto machine = test::machine(test::torus({4, 4}));
  machine.node.base_power = 500_W;
  machine.network.switch_power = 30_W;
  machine.facility.pue = 1.0;
  for (auto& tier : machine.storage) tier.idle = Power();
  const auto program = mixed_program();
  const auto simulated = test::simulate_in_child(machine, test::trace({test::job(program, 16)}));
  const Prediction predicted = predict(machine, program, 16);
  CHECK(predicted.total_energy().si() == Approx(simulated.meter_j()).epsilon(1e-9));
  CHECK((predicted.facility_power * predicted.time).si() == Approx(simulated.meter_j()).epsilon(1e-9));
}

TEST_CASE("phases' shares of time sum to the whole time and so do activities") {
  const Prediction predicted = predict(test::machine(test::torus({4, 4})), mixed_program(), 8);
  Duration time;
  for (const PhaseShare& phase : predicted.phases) time += phase.time;
  CHECK(time.si() == Approx(predicted.time.si()).epsilon(1e-9));
  CHECK(predicted.activities.sum().si() == Approx(predicted.time.si()).epsilon(1e-9));
}

// 2 s of recorded time beside 5 s: the second is hidden up to the first branch's end, and 5 - 2 = 3 s stick out.
TEST_CASE("of side by side branches the first is shown whole and the longest by what it adds") {
  const auto machine = test::machine(test::torus({4, 4}));
  const workload::Phase both{
      .name = "both", .what = workload::Overlap{{{named("short", test::busy(2_s))}, {named("long", test::busy(5_s))}}}};
  const Prediction predicted = predict(machine, test::steps(1, {both}), 2);
  REQUIRE(predicted.phases.size() == 2);
  CHECK(predicted.time.si() == Approx(5.0));
  CHECK(predicted.phases[0].time.si() == Approx(2.0));
  CHECK(predicted.phases[1].time.si() == Approx(3.0));
  CHECK(predicted.phases[1].own.si() == Approx(5.0));
}

// 1.5 times a body of 2 s, after the body itself: 2 + 3 s, with the body's energy once.
TEST_CASE("idleness takes its body's time without its work") {
  auto machine = test::machine(test::torus({4, 4}));
  const auto body = test::kernel(1_TFLOP);
  const Prediction busy = predict(machine, test::steps(1, {body}), 4);
  const Prediction with_bubble =
      predict(machine, test::steps(1, {body, {.name = "bubble", .what = workload::Idle{1.5, {body}}}}), 4);
  CHECK(with_bubble.time.si() == Approx(2.5 * busy.time.si()).epsilon(1e-12));
  CHECK(with_bubble.flops[Precision::fp64].si() == Approx(busy.flops[Precision::fp64].si()));
  CHECK(with_bubble.activities.idle.si() == Approx(1.5 * busy.time.si()).epsilon(1e-12));
}

TEST_CASE("what an application counts itself is told instead of what is executed") {
  auto program = test::steps(10, {test::kernel(3_TFLOP)});
  program.once.flops = 1_TFLOP;
  program.per_step = {.flops = 2_TFLOP, .tokens = 100.0};
  const Prediction predicted = predict(test::machine(test::torus({4, 4})), program, 2);
  CHECK(predicted.outcome.flops.si() == Approx(21e12));
  CHECK(predicted.outcome.tokens == Approx(1000.0));
  CHECK(predicted.flops[Precision::fp64].si() == Approx(60e12));
}

TEST_CASE("a program that does not fit the devices' memory is refused with a way out") {
  const auto machine = test::machine(test::torus({4, 4}));
  auto program = test::steps(1, {test::kernel(1_TFLOP)});
  program.device_memory = 1000_TB;
  program.memory_advice = "use more devices";
  const auto problems = engine::find_misfits(machine, test::trace({test::job(program, 2)}));
  REQUIRE(problems.size() == 1);
  CHECK(to_text(problems[0]).find("on 2 nodes: holds 1.00 PB") != std::string::npos);
  CHECK(to_text(problems[0]).find("use more devices") != std::string::npos);
}
