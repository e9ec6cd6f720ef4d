#include "zettasim/engine/power_bill.hpp"

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/traces.hpp"

using namespace zettasim;
using namespace zettasim::literals;

namespace {

platform::Machine lossy(platform::Machine machine) {
  machine.node.supplies = {{.name = "supply", .fixed_loss = 10_W, .efficiency = 0.9375}};
  machine.facility.distribution_efficiency = 0.9;
  machine.facility.pue = 1.25;
  return machine;
}

PerComponent<Power> at_rest(const platform::Machine& machine) {
  return engine::power_at_rest(machine, *topology::build_network(machine));
}

PerComponent<Power> at_peak(const platform::Machine& machine) {
  return engine::power_at_peak(machine, *topology::build_network(machine));
}

}  // namespace

// A node: 2 x 100 W of CPUs + 4 x 100 W of GPUs + 4 x 10 W of interfaces + 100 W of base = 740 W, and 5 W of storage.
// Through its supply: (740 + 10) / 0.9375 = 800 W. Two nodes, their storage, a switch of 45 W in each, and 1,000 W of
// shared storage: 1,600 + 10 + 90 + 1,000 = 2,700 W; before distribution 2,700 / 0.9 = 3,000 W, with cooling
// 3,000 x 1.25 = 3,750 W. The parts drew 2 x (745 + 45) + 1,000 = 2,580 W, so 420 W are lost.
TEST_CASE("two nodes at rest draw what hand arithmetic says") {
  auto machine = lossy(test::machine(test::fully_connected(), 2));
  machine.network.switch_power = 45_W;
  const auto bill = at_rest(machine);
  CHECK(bill[Component::cpu].si() == Approx(400.0));
  CHECK(bill[Component::gpu].si() == Approx(800.0));
  CHECK(bill[Component::network].si() == Approx(90.0));
  CHECK(bill[Component::storage].si() == Approx(1010.0));
  CHECK(bill[Component::losses].si() == Approx(420.0));
  CHECK(bill[Component::cooling].si() == Approx(750.0));
  CHECK(bill.sum().si() == Approx(3750.0));
}

// A GPU idles at 100 W, moves 1 TB/s at 40 pJ/byte, 40 W, and computes 10 TFLOP/s at 10 pJ/flop (or 100 at 1), 100 W; a
// CPU idles at 100 W, moves 100 GB/s at 80 pJ/byte, 8 W, and computes 1 TFLOP/s at 50 pJ/flop, 50 W.
// Links in a node: 4 x 400 GB/s x 8 pJ + 4 x 2 x 200 GB/s x 8 pJ = 25.6 W. Interfaces: 4 x (10 W + 2 x 25 GB/s x
// 40 pJ) = 48 W. A switch of 20 W in each node and two links of 50 GB/s at 80 pJ: 48 W. Storage: 2 x (5 + 5) W in
// nodes, 1,000 + 100 W shared.
TEST_CASE("two nodes at their peak draw what hand arithmetic says") {
  const auto bill = at_peak(test::machine(test::fully_connected(), 2));
  CHECK(bill[Component::gpu_memory].si() == Approx(8 * 40.0));
  CHECK(bill[Component::gpu].si() == Approx(8 * 200.0));
  CHECK(bill[Component::cpu_memory].si() == Approx(4 * 8.0));
  CHECK(bill[Component::cpu].si() == Approx(4 * 150.0));
  CHECK(bill[Component::node_links].si() == Approx(2 * 25.6));
  CHECK(bill[Component::nic].si() == Approx(2 * 48.0));
  CHECK(bill[Component::network].si() == Approx(40.0 + 8.0));
  CHECK(bill[Component::storage].si() == Approx(20.0 + 1100.0));
  CHECK(bill.sum().si() == Approx(8 * 240.0 + 4 * 158.0 + 51.2 + 96.0 + 200.0 + 48.0 + 1120.0));
}

// 1 TB/s at 1 nJ/byte would be 1,000 W: the limit leaves 400 W above idle for memory, and none for arithmetic.
TEST_CASE("a memory that could draw more than its device may is held to the limit at peak") {
  auto machine = test::machine(test::fully_connected(), 2);
  machine.node.gpus->device.memory.energy = EnergyPerByte::from_si(1e-9);
  const auto bill = at_peak(machine);
  CHECK(bill[Component::gpu_memory].si() == Approx(8 * 400.0));
  CHECK(bill[Component::gpu].si() == Approx(8 * 100.0));
}

TEST_CASE("the bill of an application sums to the facility power of its prediction with and without resting nodes") {
  const auto machine = lossy(test::machine(test::torus({4, 4})));
  const auto network = topology::build_network(machine);
  workload::Application application;
  application.name = application.model = "program";
  application.program = test::steps(5, {test::kernel(1000_GFLOP), test::all_reduce(64_MB)});
  for (const std::int64_t nodes : {16, 5}) {
    const auto prediction = engine::predict(machine, *network, application, nodes);
    const auto bill = engine::power_during(machine, *network, prediction);
    CHECK(bill.sum().si() == Approx(prediction.facility_power.si()).epsilon(1e-12));
    CHECK(bill.sum() > at_rest(machine).sum());
    CHECK(bill.sum() < at_peak(machine).sum());
  }
}
