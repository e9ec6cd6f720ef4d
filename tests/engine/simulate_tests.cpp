// Small runs whose outcome is arithmetic.
#include "zettasim/engine/simulate.hpp"

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/run_numbers.hpp"
#include "support/traces.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using namespace zettasim::test;

namespace {

platform::Machine two_nodes() {
  auto machine = test::machine(fully_connected(), 2);
  machine.network.link_bandwidth = 25_GB_per_s;
  machine.network.link_latency = {};
  machine.network.message_latency = 2_us;
  return machine;
}

}  // namespace

// A node of four GPUs of 10 TFLOP/s does 40 TFLOP in 1 s; ten steps take 10 s.
TEST_CASE("ten steps of a kernel take ten times its flops over the peak of a node") {
  const Numbers run = simulate_in_child(two_nodes(), trace({job(steps(10, {kernel(40_TFLOP)}), 1)}));
  CHECK(run.end_s() == Approx(10.0).epsilon(1e-9));
  CHECK(run.job(0).kernel_s == Approx(10.0).epsilon(1e-9));
  CHECK(run.job(0).flops == Approx(400e12).epsilon(1e-12));
}

// Two nodes exchange 1 MB with each of two neighbours (the same node twice): 2 us + 2 MB / (25 GB/s) = 82 us.
TEST_CASE("an exchange on an idle link takes latency plus size over bandwidth") {
  const Numbers run = simulate_in_child(two_nodes(), trace({job(steps(1, {halo(1, 1_MB)}), 2)}));
  CHECK(run.end_s() == Approx(82e-6).epsilon(1e-9));
}

// Two jobs write 100 GB each to a tier of 100 GB/s at once. Alone each takes 1 s (and 1 ms until the first byte);
// together the tier carries 200 GB: a little less than 2 s, because latency takes part of the average.
TEST_CASE("two jobs that write at once share the storage") {
  auto machine = two_nodes();
  machine.storage[0].latency = {};
  const auto one = trace({job(steps(1, {write_to("scratch", 100_GB)}), 1)});
  const auto two =
      trace({job(steps(1, {write_to("scratch", 100_GB)}), 1), job(steps(1, {write_to("scratch", 100_GB)}), 1)});
  CHECK(simulate_in_child(machine, one).end_s() == Approx(1.0).epsilon(1e-9));
  const Numbers shared = simulate_in_child(machine, two);
  CHECK(shared.end_s() == Approx(2.0).epsilon(1e-9));
  CHECK(shared.job(0).sharing_s == Approx(1.0).epsilon(1e-9));
}

// Both write for 2 s together; the one that began 1 s earlier had the tier to itself: 1 s alone (100 of 200 GB), then
// half the tier: 2 s more. The other, of 100 GB: 2 s shared.
TEST_CASE("a job that joins halves the pace of one under way") {
  auto machine = two_nodes();
  machine.storage[0].latency = {};
  const Numbers run = simulate_in_child(machine, trace({job(steps(1, {write_to("scratch", 200_GB)}), 1),
                                                        job(steps(1, {write_to("scratch", 100_GB)}), 1, 1_s)}));
  CHECK(run.job(0).end_s == Approx(3.0).epsilon(1e-9));
  CHECK(run.job(1).end_s == Approx(3.0).epsilon(1e-9));
}

TEST_CASE("node-local storage is not shared between jobs") {
  const Numbers run = simulate_in_child(
      two_nodes(), trace({job(steps(1, {write_to("local", 10_GB)}), 1), job(steps(1, {write_to("local", 10_GB)}), 1)}));
  CHECK(run.end_s() == Approx(2.0 + 100e-6).epsilon(1e-9));  // 10 GB at 5 GB/s, 100 us until the first byte
}

TEST_CASE("a job is ended when its requested time is over and its work so far counts") {
  const Numbers run = simulate_in_child(two_nodes(), trace({job(steps(10, {kernel(40_TFLOP)}), 1, {}, 4_s)}));
  CHECK(run.job(0).status == engine::JobStatus::timed_out);
  CHECK(run.end_s() == Approx(4.0).epsilon(1e-9));
  CHECK(run.job(0).flops == Approx(160e12).epsilon(1e-9));
}

TEST_CASE("a job of a log that is wider than the machine is refused and the others run") {
  auto log = trace({job(steps(1, {kernel(40_TFLOP)}), 3), job(steps(1, {kernel(40_TFLOP)}), 2)});
  log.recorded = true;
  CHECK(engine::find_misfits(two_nodes(), log).empty());
  const Numbers run = simulate_in_child(two_nodes(), log);
  CHECK(run.job(0).status == engine::JobStatus::refused);
  CHECK(run.job(1).status == engine::JobStatus::finished);
}

TEST_CASE("a job of a written trace that is wider than the machine is a problem that names it") {
  auto written = trace({job(steps(1, {kernel(40_TFLOP)}), 3)});
  written.file = "day.json";
  const auto problems = engine::find_misfits(two_nodes(), written);
  REQUIRE(problems.size() == 1);
  CHECK(to_text(problems[0]) ==
        "day.json#/jobs/0/nodes: found 3, expected at most 2, the nodes of machine \"test machine\"");
}

TEST_CASE("a storage tier that the machine lacks is a problem with the nearest name") {
  auto written = trace({job(steps(1, {write_to("scrach", 1_GB)}), 1)});
  written.file = "day.json";
  const auto problems = engine::find_misfits(two_nodes(), written);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].text.find("did you mean \"scratch\"?") != std::string::npos);
}

TEST_CASE("work in a precision that no device of the machine has is a problem") {
  auto machine = two_nodes();
  machine.node.gpus->device.rates[Precision::fp64].reset();
  const auto problems = engine::find_misfits(machine, trace({job(steps(1, {kernel(1_TFLOP)}), 1)}));
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].text.find("computes in fp64") != std::string::npos);
}

// Steps of 1 s, a checkpoint of 2 s (10 GB at 5 GB/s in the node, no latency) every 3 s, 10 s in all: 3 + 2 + 3 + 2 =
// 10 s, six steps.
TEST_CASE("a run time sets the number of steps with their checkpoints") {
  auto machine = two_nodes();
  machine.storage[1].latency = {};
  auto program = steps(1, {kernel(40_TFLOP)});
  program.checkpoint = {write_to("local", 10_GB)};
  program.checkpoint_interval = 3_s;
  auto timed = job(program, 1);
  timed.run_time = 10_s;
  const Numbers run = simulate_in_child(machine, trace({timed}));
  CHECK(run.end_s() == Approx(10.0).epsilon(1e-9));
  CHECK(run.job(0).steps == 6);
}

TEST_CASE("recorded time takes exactly as long as it was recorded") {
  auto recorded = job(steps(1, {busy(1_s, 0.5)}), 2);
  recorded.run_time = seconds(1234.5678);
  CHECK(simulate_in_child(two_nodes(), trace({recorded})).end_s() == Approx(1234.5678).epsilon(1e-12));
}

// An idle node: two CPUs and four GPUs of 100 W, four interfaces of 10 W, 100 W base, 5 W local storage: 745 W. Two
// switches draw 20 W each, scratch 1,000 W. One node's four GPUs at 10 TFLOP/s and 10 pJ/flop add 400 W.
// (2 * 745 + 40 + 1000 + 400) W * 10 s = 29.3 kJ.
TEST_CASE("the meter shows idle draw and the energy of the work") {
  const Numbers run = simulate_in_child(two_nodes(), trace({job(steps(10, {kernel(40_TFLOP)}), 1)}));
  CHECK(run.meter_j() == Approx(29300.0).epsilon(1e-9));
}

// The same watts: those inside the nodes, 2 * 740 + 400 = 1,880 W, through supplies of 95 % that take 10 W a node, then
// all of it, 10 W of local storage, 40 W of switches and 1,000 W of scratch included, through 98 % and a PUE of 1.2.
TEST_CASE("losses and cooling come on top as the description says") {
  auto machine = two_nodes();
  machine.node.supplies = {{.name = "supply", .fixed_loss = 10_W, .efficiency = 0.95}};
  machine.facility.distribution_efficiency = 0.98;
  machine.facility.pue = 1.2;
  const Numbers run = simulate_in_child(machine, trace({job(steps(10, {kernel(40_TFLOP)}), 1)}));
  CHECK(run.meter_j() == Approx(((1880.0 + 20.0) / 0.95 + 1050.0) / 0.98 * 1.2 * 10.0).epsilon(1e-9));
}

// The head (2 nodes) waits for the long job; the short one passes it and ends before; 10 s + 10 s.
TEST_CASE("a short job passes the head of the queue when it does not delay it") {
  const auto jobs =
      trace({job(steps(10, {kernel(40_TFLOP)}), 1, {}, 10_s), job(steps(1, {kernel(40_TFLOP)}), 2, 1_s, 5_s),
             job(steps(1, {kernel(40_TFLOP)}), 1, 2_s, 5_s)});
  const Numbers easy = simulate_in_child(two_nodes(), jobs);
  CHECK(easy.job(2).start_s == Approx(2.0).epsilon(1e-9));
  CHECK(easy.job(1).start_s == Approx(10.0).epsilon(1e-9));
  const Numbers strict = simulate_in_child(two_nodes(), jobs, {.policy = engine::QueuePolicy::first_come});
  CHECK(strict.job(2).start_s == Approx(11.0).epsilon(1e-9));
}

TEST_CASE("a second simulation in one process is refused by an assertion of ours") {
  CHECK_THROWS(run_in_child([] {
    const auto machine = two_nodes();
    const auto network = topology::build_network(machine);
    const auto jobs = trace({job(steps(1, {kernel(40_TFLOP)}), 1)});
    engine::simulate(machine, *network, jobs);
    engine::simulate(machine, *network, jobs);
    return std::vector<double>{};
  }));
}
