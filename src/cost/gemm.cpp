// Matrix products as waves of tiles under cache, memory and power roofs. The story is in gemm.hpp.
#include "zettasim/cost/gemm.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "zettasim/base/contract.hpp"

namespace zettasim::cost {
namespace {

struct Shape {
  double m, n, k;
  double number_bytes;  // of A and B
  double result_bytes;  // of C
};

// One way to cut a product: tiles of rows x columns, each over k / split.
struct Cut {
  double rows, columns, split;
};

// What a cut costs one unit after the other, and the cache.
struct CutCost {
  double compute_s;
  double cache_bytes;
};

constexpr std::array splits = {1.0, 2.0, 4.0, 8.0, 16.0};
constexpr double least_split_k = 256.0;  // shorter parts cost more in partial sums than they gain
// Share of the energy from memory to registers that is spent before the cache; tiles move on from there, at a cost that
// is part of an operation's. 6.2 of 15.3 pJ/bit: least squares of energy over operations and traffic, the 43 BF16
// products that bring an H200 to its limit (aiconfigurator); 7 to 8 pJ/bit on a B200.
constexpr double way_to_cache = 0.41;
constexpr double partial_sum_bytes = 4.0;  // sums of a split are kept in FP32, or in FP64 below

CutCost cost_of(const Shape& shape, const Cut& cut, const platform::MatrixTiling& tiling, double rate) {
  const double tiles = std::ceil(shape.m / cut.rows) * std::ceil(shape.n / cut.columns);
  const auto units = static_cast<double>(tiling.units);
  const double waves = std::ceil(tiles * cut.split / units);
  const double tile_flops = 2.0 * cut.rows * cut.columns * shape.k / cut.split;
  const double sums =
      cut.split > 1.0 ? 2.0 * cut.split * shape.m * shape.n * std::max(partial_sum_bytes, shape.result_bytes) : 0.0;
  return {.compute_s = waves * (tile_flops * units / rate + tiling.ramp.si()),
          .cache_bytes = tiles * (cut.rows + cut.columns) * shape.k * shape.number_bytes + sums};
}

// The largest tile and its halvings, longer side first, down to an eighth of each side.
std::array<std::array<double, 2>, 5> tile_shapes(const platform::MatrixTiling& tiling) {
  const auto rows = static_cast<double>(tiling.tile_rows);
  const auto columns = static_cast<double>(tiling.tile_columns);
  const auto half = [](double side) { return std::max(1.0, side / 2.0); };
  return {{{rows, columns},
           {half(rows), columns},
           {half(rows), half(columns)},
           {half(half(rows)), half(columns)},
           {half(half(rows)), half(half(columns))}}};
}

}  // namespace

double bytes_of(Precision precision) {
  switch (precision) {
    case Precision::fp64:
    case Precision::fp64_matrix:
    case Precision::fp64_emulated:
      return 8.0;
    case Precision::fp32:
    case Precision::tf32:
      return 4.0;
    case Precision::bf16:
    case Precision::fp16:
      return 2.0;
    case Precision::fp8:
    case Precision::fp8_sparse:
    case Precision::int8:
      return 1.0;
  }
  return 8.0;
}

platform::MatrixTiling tiling_of(const platform::Device& device) {
  if (device.gemm) return *device.gemm;
  if (device.kind == DeviceKind::gpu)
    return {.units = 128, .tile_rows = 256, .tile_columns = 128, .ramp = seconds(0.5e-6)};
  return {.units = 64, .tile_rows = 128, .tile_columns = 128, .ramp = {}};
}

KernelCost matrix_multiply_cost(const platform::Device& device, const Product& product) {
  const auto [precision, m, n, k, count, result, adds] = product;
  if (m <= 0.0 || n <= 0.0 || k <= 0.0 || count <= 0.0) return {};
  const auto used = platform::precision_used(device, precision);
  ZETTASIM_EXPECT(used.has_value(), "a product in {} for device \"{}\", which has no precision for it",
                  name_of(precision), device.name);
  const platform::ComputeRate& rate = *device.rates[*used];
  const platform::MatrixTiling tiling = tiling_of(device);
  const double number_bytes = bytes_of(*used);
  const Shape shape{m, n, k, number_bytes, result ? bytes_of(*result) : number_bytes};
  const double sustained = (rate.peak * rate.efficiency).si();
  const platform::Cache* cache = device.caches.empty() ? nullptr : &device.caches.back();
  double compute_s = 0.0;
  double cache_bytes = 0.0;
  double best_s = -1.0;
  const auto consider = [&](const Cut& cut) {
    const CutCost cost = cost_of(shape, cut, tiling, sustained);
    const double cache_s = cache ? cost.cache_bytes / cache->bandwidth.si() : 0.0;
    const double total_s = std::max(cost.compute_s, cache_s);
    if (best_s >= 0.0 && total_s >= best_s) return;
    best_s = total_s;
    compute_s = cost.compute_s;
    cache_bytes = cost.cache_bytes;
  };
  for (const auto& tile : tile_shapes(tiling)) {
    for (const double split : splits) {
      if (split > 1.0 && k / split < least_split_k) break;
      consider({tile[0], tile[1], split});
      consider({tile[1], tile[0], split});
    }
  }
  const Bandwidth memory_rate = device.memory.bandwidth * device.memory.efficiency;
  const DataSize results = bytes(count * m * n * shape.result_bytes * (adds ? 2.0 : 1.0));
  const DataSize traffic = bytes(count * (m * k + k * n) * number_bytes) + results;
  DeviceWork work;
  work.arithmetic = seconds(count * compute_s);
  work.compute_energy = flops(count * 2.0 * m * n * k) * rate.energy;
  if (device.kind == DeviceKind::gpu) work.exposed = results / memory_rate;
  if (cache) work.cache = bytes(count * cache_bytes) / cache->bandwidth;
  work.memory = traffic / memory_rate;
  work.memory_energy = traffic * device.memory.energy * way_to_cache;
  return under_all_roofs(device, work, count);
}

}  // namespace zettasim::cost
