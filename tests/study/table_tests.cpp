#include "zettasim/study/table.hpp"

#include "support/catch.hpp"
#include "zettasim/base/random.hpp"

using namespace zettasim;
using namespace zettasim::study;

// Speed up, power down: (9, 5) is slower than (10, 5) at the same power; the others each win somewhere.
TEST_CASE("the front leaves out what another point beats", "[study]") {
  CHECK(pareto_front({{10, 5}, {9, 5}, {12, 8}, {3, 1}}, {Sense::maximise, Sense::minimise}) ==
        std::vector<std::size_t>{2, 0, 3});
}

TEST_CASE("points that are equal in every objective stand on the front together", "[study]") {
  CHECK(pareto_front({{1, 1}, {1, 1}}, {Sense::minimise, Sense::minimise}) == std::vector<std::size_t>{0, 1});
}

TEST_CASE("one objective has its best point as front", "[study]") {
  CHECK(pareto_front({{3}, {1}, {2}}, {Sense::minimise}) == std::vector<std::size_t>{1});
}

// Against the definition, over all pairs of 300 random points with many ties.
TEST_CASE("the front of random points is what the definition says", "[study][property]") {
  RandomStream stream(1, "front");
  std::vector<std::vector<double>> rows(300, std::vector<double>(3));
  for (auto& row : rows) {
    for (double& value : row) value = std::floor(stream.uniform(0, 12));
  }
  auto front = pareto_front(rows, {Sense::minimise, Sense::maximise, Sense::minimise});
  std::vector<std::size_t> expected;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    bool beaten = false;
    for (const auto& other : rows) {
      beaten =
          beaten || (other != rows[i] && other[0] <= rows[i][0] && other[1] >= rows[i][1] && other[2] <= rows[i][2]);
    }
    if (!beaten) expected.push_back(i);
  }
  std::sort(front.begin(), front.end());
  CHECK(front == expected);
}
