// Time and energy of matrix products on one device: how far below its peak a shape falls.
#pragma once

#include <optional>

#include "zettasim/base/vocabulary.hpp"
#include "zettasim/cost/kernel.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::cost {

// C (m x n) = A (m x k) B (k x n), `count` times one after the other.
struct Product {
  Precision precision = Precision::fp64;
  double m = 0.0, n = 0.0, k = 0.0;
  double count = 1.0;
  std::optional<Precision> result = {};  // that C is held in; unless said, that of A and B
  bool adds = false;                     // to a C that is in memory; otherwise C is new
};

// The result is cut into tiles, which the device's units compute in waves; the last wave is as long as a full one:
//
//   compute = waves * (2 tile_rows tile_columns k / (peak * efficiency / units) + ramp),  waves = ceil(tiles / units)
//   cache   = tiles (tile_rows + tile_columns) k e / bandwidth of the largest cache       e: bytes of a number
//   memory  = ((m k + k n) e + m n r) / sustained bandwidth of the memory                 r: bytes of a result
//
// and over all of them the power limit. A product that adds reads C too, 2 m n r in all, and on a GPU nothing hides
// that: a unit has room for one tile's sums, which wait for C and for its way back. Source: FP16 products added to FP32
// on 16 H200 take 2.1 ps a number of C beside 2.6 fs a step of k (425, 557, 601 TFLOP/s at k = 1,024, 2,048, 3,072;
// github.com/QuangPham2404/HPL-MxP-Agent-Test), and 8 bytes take 1.8 ps there; assumed of other GPUs and precisions.
// Where the result has few tiles, k is split into parts whose sums pass through the cache; the fastest of five tile
// shapes and five splits is taken, as libraries do by table or heuristic. `efficiency` of the rate is what the largest
// products reach. Of the energy from memory to registers, what is spent behind the cache is in that of the operations.
// Error against measured tables: docs/model.md#matrix-products. Limits: shapes that no library tuned (odd leading
// dimensions) and clocks that sag with time are not seen.
KernelCost matrix_multiply_cost(const platform::Device& device, const Product& product);

// A device's own tiling, or the rule for devices that nobody measured: 128 units, tiles up to 256 x 128 and a ramp of
// 1 us on GPUs; 64 units and tiles up to 128 x 128 on CPUs.
platform::MatrixTiling tiling_of(const platform::Device& device);

// Bytes of a number of that format.
double bytes_of(Precision precision);

}  // namespace zettasim::cost
