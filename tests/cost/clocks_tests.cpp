// Clock states of the GPU of tests/support/machines.hpp: FP64 at 10 TFLOP/s and 10 pJ/flop, 1 TB/s at 40 pJ/byte, 100 W
// idle. Rated for 500 W at 2 GHz and 1 V; at 1 GHz half a volt is enough, and work takes a quarter of the energy.
#include "support/catch.hpp"
#include "support/machines.hpp"
#include "zettasim/base/random.hpp"
#include "zettasim/cost/gemm.hpp"
#include "zettasim/cost/kernel.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using cost::KernelCost;
using cost::Roof;

namespace {

platform::Device gpu_with_clocks(Power limit, Power rated = 500_W) {
  auto gpu = test::gpu();
  gpu.limit = limit;
  gpu.clocks = {.rated_limit = rated, .states = {{hertz(2e9), volts(1.0)}, {hertz(1e9), volts(0.5)}}};
  return gpu;
}

KernelCost of_flops(const platform::Device& device, FlopCount flops, DataSize traffic = {}) {
  PerPrecision<FlopCount> work;
  work[Precision::fp64] = flops;
  return cost::kernel_cost(device, work, traffic);
}

Energy energy(const KernelCost& cost) { return cost.compute_energy + cost.memory_energy; }

}  // namespace

TEST_CASE("a device that may draw its rated limit computes as one whose clocks nobody described", "[cost][analytic]") {
  const auto with = of_flops(gpu_with_clocks(500_W), 10_TFLOP, 100_GB);
  const auto without = of_flops(test::gpu(), 10_TFLOP, 100_GB);
  CHECK(with.time == without.time);
  CHECK(energy(with) == energy(without));
  CHECK(with.limited_by == Roof::compute);
  CHECK(without.slower.empty());
}

// 10 TFLOP take 1 s and 100 J at 2 GHz, 2 s and 25 J at 1 GHz.
TEST_CASE("at half the clock and half the voltage work takes twice as long and a quarter of the energy",
          "[cost][analytic]") {
  const auto cost = of_flops(gpu_with_clocks(500_W), 10_TFLOP);
  REQUIRE(cost.slower.size() == 1);
  CHECK(in_seconds(cost.slower[0].time) == Approx(2.0).epsilon(1e-12));
  CHECK(in_joules(cost.slower[0].compute_energy) == Approx(25.0).epsilon(1e-12));
}

// 1 s of arithmetic and 1 s in which results are on their way: 2 s at 2 GHz, 2 + 1 s at 1 GHz, since memory keeps its
// clock.
TEST_CASE("at half the clock results are read and written as fast as before", "[cost][analytic]") {
  cost::DeviceWork work;
  work.arithmetic = seconds(1.0);
  work.exposed = seconds(1.0);
  work.compute_energy = joules(100.0);
  const auto cost = cost::under_all_roofs(gpu_with_clocks(500_W), work, 0.0);
  CHECK(in_seconds(cost.time) == Approx(2.0).epsilon(1e-12));
  REQUIRE(cost.slower.size() == 1);
  CHECK(in_seconds(cost.slower[0].time) == Approx(3.0).epsilon(1e-12));
}

// 50 W above idle, for 100 W at 2 GHz and 12.5 W at 1 GHz: x of the work at 2 GHz, where 100 x + 25 (1 - x) = 50 (x + 2
// (1 - x)), so x = 0.6: 1.4 s and 70 J. Without clock states the same limit costs 2 s and 100 J.
TEST_CASE("a device below its rated limit alternates between the two clocks around it", "[cost][analytic]") {
  const auto cost = of_flops(gpu_with_clocks(150_W), 10_TFLOP);
  CHECK(in_seconds(cost.time) == Approx(1.4).epsilon(1e-12));
  CHECK(in_joules(cost.compute_energy) == Approx(70.0).epsilon(1e-12));
  CHECK(cost.limited_by == Roof::power);
  REQUIRE(cost.slower.size() == 1);
  CHECK(in_seconds(cost.slower[0].time) == Approx(2.0).epsilon(1e-12));
}

// 10 W above idle are less than the 12.5 W of 1 GHz: its 25 J take 2.5 s, with rests in between.
TEST_CASE("below the lowest clock a device rests in between", "[cost][analytic]") {
  const auto cost = of_flops(gpu_with_clocks(110_W), 10_TFLOP);
  CHECK(in_seconds(cost.time) == Approx(2.5).epsilon(1e-12));
  CHECK(in_joules(cost.compute_energy) == Approx(25.0).epsilon(1e-12));
  CHECK(cost.slower.empty());
}

// 2.5 TB take 2.5 s and 100 J at any clock, 10 TFLOP beside them 1 s and 100 J or 2 s and 25 J: 80 W down to 50 W. At
// 60 W a third of the work is done at 2 GHz: 200 x + 125 (1 - x) = 60 * 2.5.
TEST_CASE("a kernel that waits for memory loses energy before it loses time", "[cost][analytic]") {
  const auto cost = of_flops(gpu_with_clocks(160_W), 10_TFLOP, 2.5 * 1_TB);
  CHECK(in_seconds(cost.time) == Approx(2.5).epsilon(1e-12));
  CHECK(in_joules(cost.compute_energy) == Approx((100.0 + 2.0 * 25.0) / 3.0).epsilon(1e-12));
  CHECK(in_joules(cost.memory_energy) == Approx(100.0).epsilon(1e-12));
  CHECK(cost.limited_by == Roof::memory);
}

// Rated for 150 W, 10 TFLOP of 100 J take 2 s, which is what 2 GHz means for this work; 1 GHz: 4 s and 25 J. With 25 W
// above idle: 100 x + 25 (1 - x) = 25 (2 x + 4 (1 - x)), x = 0.6.
TEST_CASE("what the rated limit holds up already slows down with the clock from there", "[cost][analytic]") {
  CHECK(in_seconds(of_flops(gpu_with_clocks(150_W, 150_W), 10_TFLOP).time) == Approx(2.0).epsilon(1e-12));
  const auto cost = of_flops(gpu_with_clocks(125_W, 150_W), 10_TFLOP);
  CHECK(in_seconds(cost.time) == Approx(2.8).epsilon(1e-12));
  CHECK(in_joules(cost.compute_energy) == Approx(70.0).epsilon(1e-12));
}

// A limit above the rated one is a limit like any other: there is no clock above the highest.
TEST_CASE("a limit above the rated one leaves the highest clock in place", "[cost][analytic]") {
  CHECK(in_seconds(of_flops(gpu_with_clocks(500_W, 150_W), 10_TFLOP).time) == Approx(1.0).epsilon(1e-12));
}

// 1 us of launch and then 1.4 s as above; a device that varies by 2 % waits for the slowest of 1,000 in the 1.4 s, and
// at 1 GHz in the 2 s.
TEST_CASE("launches keep their time at every clock and the slowest device is waited for", "[cost][analytic]") {
  auto gpu = gpu_with_clocks(150_W);
  gpu.launch_latency = 1_us;
  gpu.variation = 0.02;
  const auto together = cost::among_devices(gpu, of_flops(gpu, 10_TFLOP), 1000);
  const double delay = 1.0 + 0.02 * cost::expected_maximum(1000);
  CHECK(in_seconds(together.time) == Approx(1e-6 + 1.4 * delay).epsilon(1e-12));
  CHECK(in_seconds(together.slower.at(0).time) == Approx(1e-6 + 2.0 * delay).epsilon(1e-12));
}

TEST_CASE("a product of matrices goes down the clock states too", "[cost]") {
  const auto product = [](const platform::Device& device) {
    return cost::matrix_multiply_cost(device, {Precision::fp64, 8192, 8192, 8192});
  };
  const auto rated = product(gpu_with_clocks(500_W));
  const auto capped = product(gpu_with_clocks(150_W));
  auto without = test::gpu();
  without.limit = 150_W;
  CHECK(capped.time > rated.time * 1.1);
  CHECK(capped.time < product(without).time * 0.9);
  CHECK(energy(capped) < energy(rated) * 0.9);
  CHECK(in_joules(energy(capped)) / in_seconds(capped.time) == Approx(50.0));
}

// Random states and kernels under falling limits: never faster, never more energy, and never above the limit.
TEST_CASE("less power makes no kernel faster and none takes more energy", "[cost]") {
  RandomStream random(7, "clock states");
  for (int i = 0; i < 300; ++i) {
    auto gpu = gpu_with_clocks(500_W, watts(random.uniform(110.0, 600.0)));
    auto& states = gpu.clocks->states;
    for (double k = random.uniform(0.0, 5.0); k > 0.0; k -= 1.0) {
      states.push_back(
          {states.back().clock * random.uniform(0.7, 0.99), states.back().voltage * random.uniform(0.8, 1.0)});
    }
    const FlopCount flops = 10_TFLOP * random.uniform(0.0, 2.0);
    const DataSize traffic = 1_TB * random.uniform(0.0, 3.0);
    gpu.variation = random.uniform(0.0, 0.1);
    const auto cost_at = [&](double limit_w) {
      gpu.limit = watts(limit_w);
      return of_flops(gpu, flops, traffic);
    };
    KernelCost before = cost_at(700.0);
    for (double limit_w = 690.0; limit_w > 101.0; limit_w -= 12.5) {
      const KernelCost cost = cost_at(limit_w);
      REQUIRE(cost.time >= before.time * (1.0 - 1e-12));
      REQUIRE(energy(cost) <= energy(before) * (1.0 + 1e-12));
      REQUIRE(energy(cost) <= watts(limit_w - 100.0) * cost.time * (1.0 + 1e-12));
      const KernelCost together = cost::among_devices(gpu, cost, 100.0);
      const KernelCost* faster = &together;
      for (const KernelCost& slower : together.slower) {
        REQUIRE(slower.time >= faster->time * (1.0 - 1e-12));
        REQUIRE(energy(slower) <= energy(*faster) * (1.0 + 1e-12));
        faster = &slower;
      }
      before = cost;
    }
  }
}
