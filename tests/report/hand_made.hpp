// A run written down by hand, so that every figure of a report can be worked out beside its test.
//
//   4 nodes, budget 1 kW, 150 s. Application "solver" has jobs 1 and 4, "trainer" has jobs 2 and 3.
//   job  nodes  submit  start  end
//    1     2       0      0    100   finished: 60 s compute, 30 s collectives, 10 s shared links
//    2     3       0    100    105   finished: 5 s compute
//    3     1      50     50    150   out of time, backfilled: 100 s recorded
//    4   100      60     60     60   refused
//   power: 600 W until 50 s, 1,080 W until 100 s, 1,000 W until 105 s, 600 W to the end:
//          30 + 54 + 5 + 27 = 116 kJ.
#pragma once

#include <string>

#include "support/machines.hpp"
#include "support/traces.hpp"
#include "zettasim/report/outputs.hpp"
#include "zettasim/report/summary.hpp"

namespace zettasim::test {

inline engine::PowerStep power_step(double from_s, double gpu_w, double cooling_w, std::int64_t busy_nodes) {
  engine::PowerStep step{.time = seconds(from_s), .power = {}, .busy_nodes = busy_nodes};
  step.power[Component::gpu] = watts(gpu_w);
  step.power[Component::cooling] = watts(cooling_w);
  return step;
}

inline engine::JobRecord ran(double start_s, double end_s) {
  engine::JobRecord job;
  job.start = seconds(start_s);
  job.end = seconds(end_s);
  job.pieces = 1;
  return job;
}

// Mean power as described 773 W, 600 to 900 W in nine of ten draws; the time is the same in all.
inline Intervals hand_drawn() {
  return {.draws = 8,
          .numbers = 3,
          .seed = 5,
          .intervals = {{{"power.mean_w", "W", "mean power"}, 773.0, 600.0, 800.0, 900.0},
                        {{"energy.facility_meter_j", "J", "energy"}, 116e3, 90e3, 120e3, 4e6},
                        {{"time_s", "s", "simulated time"}, 150.0, 150.0, 150.0, 150.0}}};
}

struct HandMade {
  platform::Machine machine = test::machine(torus({4}));
  workload::Trace trace = test::trace({job(steps(1, {}), 2), job(steps(1, {}), 3), job(steps(1, {}), 1, seconds(50)),
                                       job(steps(1, {}), 100, seconds(60))});
  engine::RunRecord record;
  report::Summary summary;

  HandMade() {
    machine.facility.budget = watts(1000);
    machine.resolved = R"({"name": "test machine"})";
    trace.applications.resize(2);
    trace.applications[0].name = "solver";
    trace.applications[1].name = "trainer";
    for (const std::size_t i : {0, 1, 2, 3}) trace.jobs[i].application = i == 1 || i == 2 ? 1 : 0;
    add_jobs();
    record.end = seconds(150);
    record.node_time = seconds(2 * 100 + 3 * 5 + 1 * 100);
    // The step of no length at 100 s is what an instant of two events leaves behind: nobody draws 6 kW.
    record.power = {power_step(0, 500, 100, 2), power_step(50, 900, 180, 3), power_step(100, 5000, 1000, 4),
                    power_step(100, 800, 200, 4), power_step(105, 500, 100, 1)};
    record.meter = joules(116e3);
    record.accounts = {.jobs = joules(80e3),
                       .idle_nodes = joules(10e3),
                       .network = joules(5e3),
                       .storage = joules(1e3),
                       .losses = joules(1e3),
                       .cooling = joules(19e3)};
    record.collectives = {{seconds(1e-6), 50}, {seconds(2e-6), 49}, {seconds(1e-3), 1}};
    record.settings = {{"network/model", "CM02"}};
    summarize();
  }

  // The first job, of two nodes, was held back for two hours: by its rack in both and in one by a ramp as well.
  void limit_power() {
    machine.facility.budget_policy = platform::BudgetPolicy::uniform;
    machine.facility.ramp = platform::PowerRamp{.up = PowerRate::from_si(10.0)};
    machine.facility.rack_limit = platform::RackLimit{.nodes = 2, .limit = watts(2000)};
    record.jobs[0].throttled = seconds(7200);
    record.jobs[0].throttled_by = {.budget = {}, .ramp = seconds(3600), .rack = seconds(7200), .node = {}};
    record.ramp = {.held_back = seconds(3600), .burning = seconds(7), .burned = joules(3600e3)};
    record.accounts.burn = joules(1160);
    summarize();
  }

  void summarize() { summary = report::summarize(machine, trace, record); }
  report::Run run() const { return {machine, trace, record, summary, "1.0", {"--policy", "easy"}}; }
  report::Run drawn_run() const { return {machine, trace, record, summary, "1.0", {}, hand_drawn()}; }

 private:
  void add_jobs() {
    engine::JobRecord first = ran(0, 100), second = ran(100, 105), third = ran(50, 150), fourth = ran(60, 60);
    first.time.kernel = seconds(60);
    first.time.collective = seconds(30);
    first.time.sharing = seconds(10);
    first.flops[Precision::fp64] = flops(1e15);
    first.energy[Component::gpu] = joules(40e3);
    first.energy[Component::cooling] = joules(8e3);
    second.time.kernel = seconds(5);
    second.flops[Precision::fp64] = flops(0.5e15);
    second.flops[Precision::bf16] = flops(1.5e15);
    second.wait_reasons.head_of_queue = seconds(75);
    second.wait_reasons.too_few_free = seconds(25);
    third.status = engine::JobStatus::timed_out;
    third.backfilled = true;
    third.time.busy = seconds(100);
    fourth.status = engine::JobStatus::refused;
    fourth.pieces = 0;
    record.jobs = {first, second, third, fourth};
  }
};

}  // namespace zettasim::test
