// What can be asked of a machine: peaks, counts, the precision that does a piece of work.
#include "descriptions.hpp"
#include "support/catch.hpp"
#include "zettasim/platform/machine.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using namespace zettasim::platform;

namespace {

Device device_with(std::initializer_list<Precision> precisions) {
  Device device;
  for (const Precision precision : precisions)
    device.rates[precision] = ComputeRate{.peak = 1_TFLOP_per_s, .efficiency = 1.0, .energy = {}};
  return device;
}

}  // namespace

// 6 nodes x 1 CPU x 3 TFLOP/s = 18 TFLOP/s.
TEST_CASE("the peak of a machine is nodes times devices times the peak of a device", "[platform]") {
  const Machine machine = test::parse(test::small_machine());
  CHECK(in_flops_per_second(machine.peak(Precision::fp64)) == Approx(18e12).epsilon(1e-12));
}

// 2 nodes x (2 CPUs x 1 TFLOP/s + 4 GPUs x 10 TFLOP/s) = 84 TFLOP/s; fp16 only in the GPUs: 2 x 4 x 20 = 160.
TEST_CASE("the peak counts CPUs and GPUs each with its own rate", "[platform]") {
  Machine machine;
  machine.node_count = 2;
  machine.node.cpus = {.count = 2, .device = device_with({Precision::fp64})};
  machine.node.gpus = DeviceGroup{.count = 4, .device = device_with({Precision::fp64, Precision::fp16})};
  machine.node.gpus->device.rates[Precision::fp64]->peak = 10_TFLOP_per_s;
  machine.node.gpus->device.rates[Precision::fp16]->peak = 20_TFLOP_per_s;
  CHECK(in_flops_per_second(machine.peak(Precision::fp64)) == Approx(84e12).epsilon(1e-12));
  CHECK(in_flops_per_second(machine.peak(Precision::fp16)) == Approx(160e12).epsilon(1e-12));
  CHECK(machine.gpu_count() == 8);
}

TEST_CASE("the peak in a precision that no device has is zero", "[platform]") {
  CHECK(test::parse(test::small_machine()).peak(Precision::fp8_sparse) == FlopRate{});
}

TEST_CASE("a device with a precision uses it", "[platform]") {
  for (const Precision precision : all_precisions) {
    CHECK(precision_used(device_with({Precision::fp64, precision}), precision) == precision);
  }
}

TEST_CASE("work in a precision the device lacks runs in the next wider one it has", "[platform]") {
  const Device gpu = device_with({Precision::fp64, Precision::fp64_matrix, Precision::fp32, Precision::bf16});
  CHECK(precision_used(gpu, Precision::fp8_sparse) == Precision::bf16);
  CHECK(precision_used(gpu, Precision::fp8) == Precision::bf16);
  CHECK(precision_used(gpu, Precision::int8) == Precision::bf16);
  CHECK(precision_used(gpu, Precision::fp16) == Precision::bf16);
  CHECK(precision_used(gpu, Precision::tf32) == Precision::fp32);
  CHECK(precision_used(gpu, Precision::fp64_emulated) == Precision::fp64_matrix);
}

TEST_CASE("sparse work on a device without sparsity runs as dense fp8", "[platform]") {
  CHECK(precision_used(device_with({Precision::fp32, Precision::fp8}), Precision::fp8_sparse) == Precision::fp8);
}

TEST_CASE("matrix and emulated fp64 fall back to the vector units", "[platform]") {
  const Device cpu = device_with({Precision::fp64});
  CHECK(precision_used(cpu, Precision::fp64_matrix) == Precision::fp64);
  CHECK(precision_used(cpu, Precision::fp64_emulated) == Precision::fp64);
  CHECK(precision_used(cpu, Precision::int8) == Precision::fp64);
}

TEST_CASE("fp64 work cannot run on a device that has fp32 at most", "[platform]") {
  CHECK(precision_used(device_with({Precision::fp32}), Precision::fp64) == std::nullopt);
  CHECK(precision_used(device_with({Precision::fp32}), Precision::fp64_matrix) == std::nullopt);
}

TEST_CASE("a device has the clock states of its description and none where it lists none", "[platform]") {
  auto description = test::small_machine();
  CHECK_FALSE(test::parse(description).node.cpus.device.clocks.has_value());
  description["node"]["cpus"]["device"]["clocks"] = nlohmann::json::parse(
      R"({"rated_limit": "180 W", "states": [{"clock": "2.2 GHz", "voltage": "1 V"}, {"clock": "2 GHz", "voltage": "950 mV"}]})");
  const auto clocks = test::parse(description).node.cpus.device.clocks;
  REQUIRE(clocks.has_value());
  CHECK(clocks->rated_limit == 180_W);
  REQUIRE(clocks->states.size() == 2);
  CHECK(clocks->states[0] == ClockState{hertz(2.2e9), volts(1.0)});
  CHECK(clocks->states[1].clock.si() == Approx(2e9));
  CHECK(clocks->states[1].voltage.si() == Approx(0.95));
}
