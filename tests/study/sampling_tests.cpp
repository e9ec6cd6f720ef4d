#include "zettasim/study/sampling.hpp"

#include <set>

#include "support/catch.hpp"

using namespace zettasim::study;

namespace {

// In how many of `parts` equal parts of dimension `d` the sample has a point.
std::size_t parts_met(const std::vector<UnitPoint>& sample, std::size_t d, std::size_t parts) {
  std::set<std::size_t> met;
  for (const UnitPoint& point : sample) {
    REQUIRE(point[d] >= 0.0);
    REQUIRE(point[d] < 1.0);
    met.insert(static_cast<std::size_t>(point[d] * static_cast<double>(parts)));
  }
  return met.size();
}

}  // namespace

TEST_CASE("a latin hypercube of 50 points has one in each fiftieth of every dimension", "[study]") {
  const auto sample = latin_hypercube(50, 3, 7);
  REQUIRE(sample.size() == 50);
  for (std::size_t d = 0; d < 3; ++d) CHECK(parts_met(sample, d, 50) == 50);
}

TEST_CASE("a latin hypercube repeats with its seed and changes with another", "[study]") {
  CHECK(latin_hypercube(20, 2, 1) == latin_hypercube(20, 2, 1));
  CHECK(latin_hypercube(20, 2, 1) != latin_hypercube(20, 2, 2));
}

// The first points of Sobol's sequence after zero are 1/2, then 1/4 and 3/4 in some order.
TEST_CASE("a Sobol sample begins in the middle and halves what is left", "[study]") {
  const auto sample = sobol(3, 2);
  CHECK(sample[0] == UnitPoint{0.5, 0.5});
  CHECK(sample[1][0] + sample[2][0] == 1.0);
  CHECK(std::set<double>{sample[1][0], sample[2][0]} == std::set<double>{0.25, 0.75});
}

// 2^k - 1 points, the corner at zero left out: one in each part but the first.
TEST_CASE("63 Sobol points meet 63 of 64 parts of every dimension", "[study]") {
  const auto sample = sobol(63, 5);
  for (std::size_t d = 0; d < 5; ++d) CHECK(parts_met(sample, d, 64) == 63);
}

TEST_CASE("a longer Sobol sample begins with the shorter one", "[study]") {
  const auto longer = sobol(100, 4);
  CHECK(std::vector<UnitPoint>(longer.begin(), longer.begin() + 10) == sobol(10, 4));
}
