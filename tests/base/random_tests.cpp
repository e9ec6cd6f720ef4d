#include "zettasim/base/random.hpp"

#include <cmath>
#include <set>

#include "support/catch.hpp"

using namespace zettasim;

namespace {

struct Moments {
  double mean;
  double variance;
};

template <class Draw>
Moments moments(Draw draw) {
  constexpr int count = 100'000;
  double sum = 0.0, squares = 0.0;
  for (int i = 0; i < count; ++i) {
    const double value = draw();
    sum += value;
    squares += value * value;
  }
  const double mean = sum / count;
  return {mean, squares / count - mean * mean};
}

}  // namespace

// A change of these numbers changes every generated workload: it needs a reason, and new goldens.
TEST_CASE("a seed gives the same numbers on every machine and in every version", "[base]") {
  RandomStream uniform(1, "jobs");
  CHECK(uniform.uniform() == 0.52302230919177028);
  CHECK(uniform.uniform() == 0.70989098858243294);
  CHECK(uniform.uniform() == 0.11313143018826192);
  CHECK(uniform.uniform() == 0.34538275693272946);
  RandomStream mixed(1, "jobs");
  CHECK(mixed.normal(0.0, 1.0) == Approx(-0.38228323530922509).epsilon(1e-14));
  CHECK(mixed.gamma(2.0, 3.0) == Approx(4.928680894662107).epsilon(1e-14));
  CHECK(mixed.exponential(5.0) == Approx(13.173497779531834).epsilon(1e-14));
  CHECK(mixed.uniform(10.0, 20.0) == Approx(14.673069747618491).epsilon(1e-14));
}

TEST_CASE("streams differ by seed and by name and by index", "[base]") {
  std::set<double> first;
  for (const std::uint64_t seed : {0, 1, 2}) {
    for (const auto* name : {"", "job", "jobs", "sboj"}) {
      for (const std::uint64_t index : {0, 1, 2}) first.insert(RandomStream(seed, name, index).uniform());
    }
  }
  CHECK(first.size() == 36);
}

// The correlation of 10,000 pairs of independent draws has a deviation of 0.01; 0.05 is five of them.
TEST_CASE("neighbouring streams are not correlated", "[base]") {
  constexpr int count = 10'000;
  for (const auto& [name, index] : {std::pair{"jobs", 1}, {"users", 0}}) {
    RandomStream a(7, "jobs", 0), b(7, name, static_cast<std::uint64_t>(index));
    double product = 0.0;
    for (int i = 0; i < count; ++i) product += (a.uniform() - 0.5) * (b.uniform() - 0.5);
    CHECK(std::abs(product / count * 12.0) < 0.05);
  }
}

TEST_CASE("first draws of streams numbered in a row spread evenly", "[base]") {
  std::uint64_t index = 0;
  const Moments m = moments([&] { return RandomStream(1, "jobs", index++).uniform(); });
  CHECK(m.mean == Approx(0.5).margin(0.005));
  CHECK(m.variance == Approx(1.0 / 12.0).margin(0.002));
}

// The mean of 100,000 draws has a deviation of sigma / 316; the tolerances are five of them or more.
TEST_CASE("draws have the mean and the variance of their distribution", "[base]") {
  RandomStream random(3, "moments");
  const Moments normal = moments([&] { return random.normal(10.0, 2.0); });
  CHECK(normal.mean == Approx(10.0).margin(0.04));
  CHECK(normal.variance == Approx(4.0).margin(0.1));
  const Moments gamma = moments([&] { return random.gamma(2.0, 3.0); });
  CHECK(gamma.mean == Approx(6.0).margin(0.08));
  CHECK(gamma.variance == Approx(18.0).margin(1.0));
  const Moments exponential = moments([&] { return random.exponential(5.0); });
  CHECK(exponential.mean == Approx(5.0).margin(0.08));
  CHECK(exponential.variance == Approx(25.0).margin(1.5));
}

TEST_CASE("a uniform draw stays below its upper end", "[base]") {
  RandomStream random(4, "range");
  for (int i = 0; i < 100'000; ++i) {
    const double value = random.uniform(-3.0, 5.0);
    if (value < -3.0 || value >= 5.0) FAIL(value);
  }
}
