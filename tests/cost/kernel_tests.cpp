// Each roof of the kernel model, on the GPU of tests/support/machines.hpp: FP64 10 TFLOP/s at 10 pJ/flop, BF16
// 100 TFLOP/s at 1 pJ/flop, 1 TB/s at 40 pJ/byte, 100 W idle of a limit of 500 W.
#include "zettasim/cost/kernel.hpp"

#include "support/catch.hpp"
#include "support/machines.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using cost::Roof;

namespace {

PerPrecision<FlopCount> work(Precision precision, FlopCount amount) {
  PerPrecision<FlopCount> result;
  result[precision] = amount;
  return result;
}

}  // namespace

// 10 TFLOP / (10 TFLOP/s) = 1 s; 10 TFLOP * 10 pJ = 100 J; 100 GB * 40 pJ = 4 J and 0.1 s.
TEST_CASE("a kernel of much arithmetic takes flops over peak", "[cost][analytic]") {
  const auto cost = cost::kernel_cost(test::gpu(), work(Precision::fp64, 10_TFLOP), 100_GB);
  CHECK(in_seconds(cost.time) == Approx(1.0).epsilon(1e-12));
  CHECK(in_joules(cost.compute_energy) == Approx(100.0));
  CHECK(in_joules(cost.memory_energy) == Approx(4.0));
  CHECK(cost.limited_by == Roof::compute);
}

// Tables of order statistics (Harter 1961): 0.5642 of 2, 1.4236 of 8, 2.5076 of 100, 3.2414 of 1,000.
TEST_CASE("the slowest of many devices is as far from the mean as tables of normal variables say", "[cost]") {
  CHECK(cost::expected_maximum(1) == 0.0);
  CHECK(cost::expected_maximum(2) == Approx(0.5642).epsilon(0.05));
  CHECK(cost::expected_maximum(8) == Approx(1.4236).epsilon(0.01));
  CHECK(cost::expected_maximum(100) == Approx(2.5076).epsilon(0.01));
  CHECK(cost::expected_maximum(1000) == Approx(3.2414).epsilon(0.01));
}

// 10 TFLOP / (10 TFLOP/s) = 1 s and a launch of 5 us; at 1,000 devices that vary by 2 %, 3.24 x 2 % more of the second,
// none of the launch. The traffic of 2 TB takes 2 s on each.
TEST_CASE("devices that step together wait for the slowest where arithmetic holds them up", "[cost][analytic]") {
  auto gpu = test::gpu();
  gpu.variation = 0.02;
  gpu.launch_latency = 5_us;
  const auto alone = cost::kernel_cost(gpu, work(Precision::fp64, 10_TFLOP), 100_GB);
  const auto together = cost::among_devices(gpu, alone, 1000);
  CHECK(in_seconds(together.time) - in_seconds(alone.time) == Approx(3.2414 * 0.02).epsilon(0.01));
  CHECK(in_joules(together.compute_energy) == in_joules(alone.compute_energy));
  CHECK(cost::among_devices(gpu, alone, 1).time == alone.time);
  const auto traffic = cost::kernel_cost(gpu, work(Precision::fp64, 10_TFLOP), 2_TB);
  CHECK(cost::among_devices(gpu, traffic, 1000).time == traffic.time);
}

// 2 TB / (80 % of 1 TB/s) = 2.5 s.
TEST_CASE("a kernel of much traffic takes bytes over sustained bandwidth", "[cost][analytic]") {
  auto gpu = test::gpu();
  gpu.memory.efficiency = 0.8;
  const auto cost = cost::kernel_cost(gpu, work(Precision::fp64, 10_TFLOP), 2_TB);
  CHECK(in_seconds(cost.time) == Approx(2.5).epsilon(1e-12));
  CHECK(cost.limited_by == Roof::memory);
}

// Limit 150 W leaves 50 W above idle for 100 J + 40 J: 2.8 s, where arithmetic and memory alone take 1 s.
TEST_CASE("a kernel whose energy does not fit under the power limit takes energy over headroom", "[cost][analytic]") {
  auto gpu = test::gpu();
  gpu.limit = 150_W;
  const auto cost = cost::kernel_cost(gpu, work(Precision::fp64, 10_TFLOP), 1_TB);
  CHECK(in_seconds(cost.time) == Approx(2.8).epsilon(1e-12));
  CHECK(cost.limited_by == Roof::power);
}

TEST_CASE("the launch comes on top and names a kernel that is mostly launch", "[cost][analytic]") {
  auto gpu = test::gpu();
  gpu.launch_latency = 10_us;
  const auto empty = cost::kernel_cost(gpu, {}, {});
  CHECK(in_seconds(empty.time) == Approx(10e-6));
  CHECK(empty.limited_by == Roof::launch);
  const auto full = cost::kernel_cost(gpu, work(Precision::fp64, 10_TFLOP), {});
  CHECK(in_seconds(full.time) == Approx(1.00001).epsilon(1e-12));
  CHECK(full.limited_by == Roof::compute);
}

// 1 TFLOP of FP64 (0.1 s) and 10 TFLOP of BF16 at half the peak (0.2 s).
TEST_CASE("work in several precisions follows one another at its own rates", "[cost][analytic]") {
  auto gpu = test::gpu();
  gpu.rates[Precision::bf16]->efficiency = 0.5;
  auto both = work(Precision::fp64, 1_TFLOP);
  both[Precision::bf16] = 10_TFLOP;
  CHECK(in_seconds(cost::kernel_cost(gpu, both, {}).time) == Approx(0.3).epsilon(1e-12));
}

// The test GPU has no FP16: BF16 is the next it has.
TEST_CASE("work in a precision the device lacks runs in the next wider one", "[cost][analytic]") {
  const auto cost = cost::kernel_cost(test::gpu(), work(Precision::fp16, 100_TFLOP), {});
  CHECK(in_seconds(cost.time) == Approx(1.0).epsilon(1e-12));
  CHECK(in_joules(cost.compute_energy) == Approx(100.0));
}
