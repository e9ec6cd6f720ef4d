// Matrix products on the GPU of tests/support/machines.hpp (BF16 100 TFLOP/s at 1 pJ/flop, 1 TB/s), cut into one tile
// shape so that waves can be counted by hand; then the library's GPUs against measured tables.
#include "zettasim/cost/gemm.hpp"

#include <algorithm>
#include <cmath>
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
  gpu.memory.bandwidth = gpu.memory.bandwidth * 1e6;
  gpu.memory.energy = {};
  gpu.limit = gpu.limit * 1e6;
  return gpu;
}

double time_s(const platform::Device& gpu, double m, double n, double k, double count = 1.0) {
  return in_seconds(cost::matrix_multiply_cost(gpu, Precision::bf16, m, n, k, count).time);
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
  const auto cost = cost::matrix_multiply_cost(gpu, Precision::bf16, 1000, 1000, 1000);
  CHECK(in_seconds(cost.time) == Approx(5e-6).epsilon(1e-9));
  CHECK(cost.limited_by == Roof::power);
}

// BF16 operands of 2 x 1000 numbers and a result of 1000 x 1000, read and written: 2 * 2,000 B + 2 * 2 MB in BF16, and
// 4,000 B + 2 * 4 MB in FP32.
TEST_CASE("a result in FP32 moves twice the bytes of one in BF16", "[cost][analytic]") {
  auto gpu = ten_units();
  gpu.memory.energy = test::gpu().memory.energy;
  const auto moved = [&](std::optional<Precision> result) {
    const auto cost = cost::matrix_multiply_cost(gpu, Precision::bf16, 1000, 1000, 1, 1.0, result);
    return cost.memory_energy / gpu.memory.energy;
  };
  CHECK(moved({}) == bytes(4'004'000));
  CHECK(moved(Precision::bf16) == moved({}));
  CHECK(moved(Precision::fp32) == bytes(8'004'000));
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

// 96 measured shapes each, m from 1 to 32768; table ../shared/validation/gemm_sample.csv (aiconfigurator).
TEST_CASE("matrix products of A100 and H100 meet the measured table", "[cost][validation]") {
  const auto file = test::shared_file_or_skip("validation/gemm_sample.csv");
  const auto [gpu_name, platform] = GENERATE(
      table<std::string, std::string>({{"A100-SXM4-80GB", "dgx-a100.json"}, {"H100-SXM-80GB", "dgx-h100.json"}}));
  const auto machine = platform::load_machine(std::string(ZETTASIM_SOURCE_DIR) + "/platforms/" + platform);
  std::ifstream rows(file);
  std::vector<double> errors;
  for (std::string line; std::getline(rows, line);) {
    std::istringstream cells(line);
    std::string gpu, dtype, cell;
    std::getline(cells, gpu, ',');
    std::getline(cells, dtype, ',');
    if (gpu != gpu_name || dtype != "bfloat16") continue;
    std::vector<double> v;
    while (v.size() < 4 && std::getline(cells, cell, ',')) v.push_back(std::stod(cell));
    errors.push_back(std::abs(time_s(machine.main_devices().device, v[0], v[1], v[2]) / (v[3] * 1e-3) - 1.0));
  }
  REQUIRE(errors.size() == 96);
  std::sort(errors.begin(), errors.end());
  double mean = 0.0;
  for (const double error : errors) mean += error / 96.0;
  std::cout << gpu_name << " bf16 products: median error " << errors[48] * 100 << " %, mean " << mean * 100 << " %\n";
  CHECK(errors[48] < 0.12);
  CHECK(mean < 0.16);
}
