// Points of the unit cube that fill it evenly, the same with every compiler.
#pragma once

#include <cstdint>
#include <vector>

namespace zettasim::study {

using UnitPoint = std::vector<double>;  // a coordinate in [0, 1) for each dimension

// Each dimension is cut into `points` equal parts, and each part holds one point (McKay, Beckman and Conover 1979).
std::vector<UnitPoint> latin_hypercube(std::size_t points, std::size_t dimensions, std::uint64_t seed);

// The first points of Sobol's sequence without the corner at zero, with the direction numbers of Joe and Kuo (2008)
// that Boost.Random holds: the first 2^k of them lie evenly, and a longer sample begins with a shorter one.
inline constexpr std::size_t most_sobol_dimensions = 1000;
std::vector<UnitPoint> sobol(std::size_t points, std::size_t dimensions);

}  // namespace zettasim::study
