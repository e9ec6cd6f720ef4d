// A logical grid of a job's devices, rows times columns; private to workload.
#pragma once

#include <cmath>
#include <cstdint>

#include "zettasim/base/vocabulary.hpp"

namespace zettasim::workload {

// Devices are numbered down the columns, so that those of a node are neighbours in a column.
struct DeviceGrid {
  double rows = 1.0;
  double columns = 1.0;
  DeviceGroups column() const { return {.size = static_cast<std::int64_t>(rows), .stride = 1}; }
  DeviceGroups row() const {
    return {.size = static_cast<std::int64_t>(columns), .stride = static_cast<std::int64_t>(rows)};
  }
};

// The grid of at most `devices` that weighs devices left out against a shape that is not square: one side twice as long
// as the other counts as much as 2 % of the devices (assumed; few devices are ever left out, as 8 of 23,536). Its
// columns are whole nodes, as people choose them who run such programs, where there are more than a few nodes.
inline DeviceGrid near_square_grid(double devices, double devices_per_node = 1.0) {
  constexpr double price_of_shape = 0.02;
  constexpr double most_tries = 4096.0;
  const double step = devices_per_node * devices_per_node <= devices ? devices_per_node : 1.0;
  const double highest = step * std::ceil(std::sqrt(devices) / step);
  DeviceGrid best;
  double least = INFINITY;
  for (double rows = highest; rows >= step && rows > highest - step * most_tries; rows -= step) {
    const double columns = std::floor(devices / rows);
    const double shape = columns > rows ? columns / rows : rows / columns;
    const double price = (1.0 + price_of_shape * shape) / (rows * columns);
    if (price > least) continue;
    least = price;
    best = {rows, columns};
  }
  return best;
}

// The grid of all devices whose columns are whole nodes, as near to a square as their number has divisors for.
inline DeviceGrid grid_of_nodes(std::int64_t nodes, std::int64_t devices_per_node) {
  DeviceGrid best;
  double least = INFINITY;
  for (std::int64_t side = 1; side * side <= nodes; ++side) {
    if (nodes % side != 0) continue;
    for (const std::int64_t in_column : {side, nodes / side}) {
      const auto rows = static_cast<double>(in_column * devices_per_node);
      const auto columns = static_cast<double>(nodes / in_column);
      const double shape = std::abs(std::log(rows / columns));
      if (shape >= least) continue;
      least = shape;
      best = {rows, columns};
    }
  }
  return best;
}

}  // namespace zettasim::workload
