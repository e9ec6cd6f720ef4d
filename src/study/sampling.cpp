#include "zettasim/study/sampling.hpp"

#include <boost/random/sobol.hpp>
#include <numeric>
#include <utility>

#include "zettasim/base/contract.hpp"
#include "zettasim/base/random.hpp"

namespace zettasim::study {
namespace {

// Fisher and Yates, by draws of our own: the order of std::shuffle differs between standard libraries.
std::vector<std::size_t> shuffled(std::size_t count, RandomStream& stream) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) {
    std::swap(order[i - 1], order[static_cast<std::size_t>(stream.uniform() * static_cast<double>(i))]);
  }
  return order;
}

}  // namespace

std::vector<UnitPoint> latin_hypercube(std::size_t points, std::size_t dimensions, std::uint64_t seed) {
  std::vector<UnitPoint> sample(points, UnitPoint(dimensions));
  for (std::size_t d = 0; d < dimensions; ++d) {
    RandomStream stream(seed, "latin hypercube", d);
    const auto part = shuffled(points, stream);
    for (std::size_t i = 0; i < points; ++i) {
      sample[i][d] = (static_cast<double>(part[i]) + stream.uniform()) / static_cast<double>(points);
    }
  }
  return sample;
}

std::vector<UnitPoint> sobol(std::size_t points, std::size_t dimensions) {
  ZETTASIM_EXPECT(dimensions >= 1 && dimensions <= most_sobol_dimensions, "dimensions {}", dimensions);
  boost::random::sobol sequence(dimensions);
  std::vector<UnitPoint> sample(points, UnitPoint(dimensions));
  // The upper 53 bits, which a double holds: rounding all 64 could give 1.
  for (UnitPoint& point : sample) {
    for (double& coordinate : point) coordinate = static_cast<double>(sequence() >> 11) * 0x1p-53;
  }
  return sample;
}

}  // namespace zettasim::study
