// Matrix products on the GPU of tests/support/machines.hpp (BF16 100 TFLOP/s at 1 pJ/flop, 1 TB/s), cut into one tile
// shape so that waves can be counted by hand; then the library's GPUs against measured tables.
#include "zettasim/cost/gemm.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/shared_data.hpp"
#include "zettasim/platform/load.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using cost::Roof;

namespace {

// Ten units of 10 TFLOP/s; tiles of one number, so that every product is cut alike.
platform::Device ten_units() {
  platform::Device gpu = test::gpu();
  gpu.gemm = platform::MatrixTiling{.units = 10, .tile_rows = 1, .tile_columns = 1, .ramp = {}};
  gpu.memory.bandwidth = gpu.memory.bandwidth * 1e12;
  gpu.memory.energy = {};
  gpu.limit = gpu.limit * 1e6;
  return gpu;
}

double time_s(const platform::Device& gpu, double m, double n, double k, double count = 1.0) {
  return in_seconds(cost::matrix_multiply_cost(gpu, {Precision::bf16, m, n, k, count}).time);
}

}  // namespace

// 10 tiles of 2 * 200 flops are one wave: 400 flop / (10 TFLOP/s) = 40 ps; 11 tiles are two.
TEST_CASE("a tile beyond a full wave takes as long as another wave", "[cost][analytic]") {
  CHECK(time_s(ten_units(), 10, 1, 200) == Approx(40e-12).epsilon(1e-9));
  CHECK(time_s(ten_units(), 11, 1, 200) == Approx(80e-12).epsilon(1e-9));
}

// 2 * 1000 * 1000 * 200 flop / (100 TFLOP/s) = 4 us: a hundred thousand whole waves.
TEST_CASE("a large product takes flops over the sustained peak", "[cost][analytic]") {
  CHECK(time_s(ten_units(), 1000, 1000, 200) == Approx(4e-6).epsilon(1e-9));
  CHECK(time_s(ten_units(), 1000, 1000, 200, 3) == Approx(12e-6).epsilon(1e-9));
}

// One tile of k = 5120 on ten units: 16 splits of 320 need two waves, 8 of 640 need one. 2 * 640 / 10 TFLOP/s = 128 ps;
// two waves of 2 * 320 take as long.
TEST_CASE("a product of few tiles is split along its inner dimension", "[cost][analytic]") {
  CHECK(time_s(ten_units(), 1, 1, 5120) == Approx(128e-12).epsilon(1e-9));
}

// 2 * 1e9 flop * 1 pJ = 2 mJ at 400 W above idle: 5 us.
TEST_CASE("a product whose energy does not fit under the limit takes energy over headroom", "[cost][analytic]") {
  auto gpu = ten_units();
  gpu.limit = test::gpu().limit;
  gpu.rates[Precision::bf16]->peak = gpu.rates[Precision::bf16]->peak * 1000.0;
  const auto cost = cost::matrix_multiply_cost(gpu, {Precision::bf16, 1000, 1000, 1000});
  CHECK(in_seconds(cost.time) == Approx(5e-6).epsilon(1e-9));
  CHECK(cost.limited_by == Roof::power);
}

// BF16 operands of 2 x 1000 numbers and a result of 1000 x 1000, read and written: 2 * 2,000 B + 2 * 2 MB in BF16, and
// 4,000 B + 2 * 4 MB in FP32; 4,000 B + 2 MB where the result is new. 0.41 of the energy to the registers is spent on
// the way to the cache.
TEST_CASE("a result in FP32 moves twice the bytes of one in BF16 and a new one half of one added to",
          "[cost][analytic]") {
  auto gpu = ten_units();
  gpu.memory.energy = test::gpu().memory.energy;
  const auto moved = [&](std::optional<Precision> result, bool adds = true) {
    const auto cost = cost::matrix_multiply_cost(gpu, {Precision::bf16, 1000, 1000, 1, 1.0, result, adds});
    return (cost.memory_energy / gpu.memory.energy).si() / 0.41;
  };
  CHECK(moved({}) == Approx(4'004'000).epsilon(1e-12));
  CHECK(moved(Precision::bf16) == moved({}));
  CHECK(moved(Precision::fp32) == Approx(8'004'000).epsilon(1e-12));
  CHECK(moved({}, false) == Approx(2'004'000).epsilon(1e-12));
}

// 2 * 1000 * 1000 * 200 flop / (100 TFLOP/s) = 4 us; 2 MB of BF16 at 1 TB/s: 2 us on the way out, and 2 us more in
// where the product adds to them. A CPU's caches fetch them meanwhile.
TEST_CASE("a GPU reads and writes results before and after it multiplies and a CPU meanwhile", "[cost][analytic]") {
  auto device = ten_units();
  device.memory.bandwidth = test::gpu().memory.bandwidth;
  const auto time_us = [&](bool adds) {
    const cost::Product product{.precision = Precision::bf16, .m = 1000, .n = 1000, .k = 200, .adds = adds};
    return in_seconds(cost::matrix_multiply_cost(device, product).time) * 1e6;
  };
  CHECK(time_us(false) == Approx(6.0).epsilon(1e-9));
  CHECK(time_us(true) == Approx(8.0).epsilon(1e-9));
  device.kind = DeviceKind::cpu;
  CHECK(time_us(true) == Approx(std::max(4.0, 4.8)).epsilon(1e-9));
}

// Twelve launches of 1 us and 1 GB in a cache of 10 TB/s: 112 us; in memory of 1 TB/s: 1,012 us.
TEST_CASE("a working set that fits a cache moves at the bandwidth of the cache", "[cost][analytic]") {
  auto gpu = test::gpu();
  gpu.launch_latency = 1_us;
  gpu.caches = {{.name = "L2", .capacity = 50_MB, .bandwidth = Bandwidth::from_si(10e12), .energy = {}}};
  CHECK(in_seconds(cost::kernel_cost(gpu, {}, 1_GB, 12.0, 40_MB).time) == Approx(112e-6));
  CHECK(cost::kernel_cost(gpu, {}, 1_GB, 12.0, 40_MB).limited_by == Roof::cache);
  CHECK(in_seconds(cost::kernel_cost(gpu, {}, 1_GB, 12.0, 60_MB).time) == Approx(1012e-6));
}

namespace {

// Errors of 96 measured BF16 products, m from 1 to 32768, in ../shared/validation/gemm_sample.csv (aiconfigurator).
struct TableErrors {
  double median = 0.0;
  double mean = 0.0;
};
TableErrors errors_against(const std::filesystem::path& table, const std::string& gpu_name,
                           const platform::Device& device) {
  std::ifstream rows(table);
  std::vector<double> errors;
  for (std::string line; std::getline(rows, line);) {
    std::istringstream cells(line);
    std::string gpu, dtype, cell;
    std::getline(cells, gpu, ',');
    std::getline(cells, dtype, ',');
    if (gpu != gpu_name || dtype != "bfloat16") continue;
    std::vector<double> v;
    while (v.size() < 4 && std::getline(cells, cell, ',')) v.push_back(std::stod(cell));
    errors.push_back(std::abs(time_s(device, v[0], v[1], v[2]) / (v[3] * 1e-3) - 1.0));
  }
  REQUIRE(errors.size() == 96);
  std::sort(errors.begin(), errors.end());
  TableErrors result{.median = errors[48]};
  for (const double error : errors) result.mean += error / 96.0;
  std::cout << gpu_name << " bf16 products: median error " << result.median * 100 << " %, mean " << result.mean * 100
            << " %\n";
  return result;
}

platform::Device gpu_of(const std::string& platform, std::vector<std::string> settings = {}) {
  return platform::load_machine(std::string(ZETTASIM_SOURCE_DIR) + "/platforms/" + platform,
                                {.settings = std::move(settings)})
      .main_devices()
      .device;
}

}  // namespace

// The table of H200 tells the watts too: 43 of its products draw 680 W or more, the limit. That of A100 is at its limit
// in large products.
TEST_CASE("matrix products of A100 and H200 meet the measured table", "[cost][validation]") {
  const auto file = test::shared_file_or_skip("validation/gemm_sample.csv");
  const TableErrors a100 = errors_against(file, "A100-SXM4-80GB", gpu_of("dgx-a100.json"));
  CHECK(a100.median < 0.12);
  CHECK(a100.mean < 0.16);
  const TableErrors h200 = errors_against(
      file, "H200-SXM",
      gpu_of("dgx-h100.json", {"/node/gpus/device=" ZETTASIM_SOURCE_DIR "/platforms/devices/h200.json"}));
  CHECK(h200.median < 0.12);
  CHECK(h200.mean < 0.16);
}

// The table of H100 does not: 780 TFLOP/s where H100 and H200 that draw 700 W for seconds reach 690 to 700, so it is of
// bursts that end before the limit acts. At full clock, up to the rated limit, the model is nearer than below.
TEST_CASE("matrix products of H100 in bursts meet the measured table", "[cost][validation]") {
  const auto file = test::shared_file_or_skip("validation/gemm_sample.csv");
  platform::Device h100 = gpu_of("dgx-h100.json");
  REQUIRE(h100.clocks);
  h100.limit = h100.clocks->rated_limit;
  const TableErrors errors = errors_against(file, "H100-SXM-80GB", h100);
  CHECK(errors.median < 0.06);
  CHECK(errors.mean < 0.12);
}
