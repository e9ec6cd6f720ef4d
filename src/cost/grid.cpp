// Logical grids of nodes, as square as the node count allows.
#include <algorithm>

#include "zettasim/base/contract.hpp"
#include "zettasim/cost/communication.hpp"

namespace zettasim::cost {
namespace {

std::vector<std::int64_t> divisors_of(std::int64_t number) {
  std::vector<std::int64_t> small, large;
  for (std::int64_t d = 1; d <= number / d; ++d) {
    if (number % d != 0) continue;
    small.push_back(d);
    if (d != number / d) large.push_back(number / d);
  }
  small.insert(small.end(), large.rbegin(), large.rend());
  return small;
}

// Whether `extent` to the power `dimensions` is at least `nodes`.
bool is_enough(std::int64_t extent, int dimensions, std::int64_t nodes) {
  double product = 1.0;
  for (int d = 0; d < dimensions; ++d) product *= static_cast<double>(extent);
  return product >= static_cast<double>(nodes);
}

// The smallest largest extent that leaves a rest which smaller extents can fill, tried from small to large.
bool fill(std::int64_t nodes, int dimensions, std::int64_t limit, const std::vector<std::int64_t>& divisors,
          std::vector<std::int64_t>& extents) {
  if (dimensions == 0) return nodes == 1;
  for (const std::int64_t extent : divisors) {
    if (extent > limit) break;
    if (nodes % extent != 0 || !is_enough(extent, dimensions, nodes)) continue;
    extents.push_back(extent);
    if (fill(nodes / extent, dimensions - 1, extent, divisors, extents)) return true;
    extents.pop_back();
  }
  return false;
}

}  // namespace

std::vector<std::int64_t> grid_extents(std::int64_t nodes, int dimensions) {
  ZETTASIM_EXPECT(nodes >= 1 && dimensions >= 1, "nodes {} dimensions {}", nodes, dimensions);
  constexpr int most_factors = 40;  // of numbers up to 10^12; further dimensions have an extent of 1
  std::vector<std::int64_t> extents;
  fill(nodes, std::min(dimensions, most_factors), nodes, divisors_of(nodes), extents);
  extents.resize(static_cast<std::size_t>(dimensions), 1);
  return extents;
}

}  // namespace zettasim::cost
