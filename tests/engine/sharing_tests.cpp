#include "engine/sharing.hpp"

#include "support/catch.hpp"
#include "zettasim/base/random.hpp"

using namespace zettasim;
using engine::Sharing;
using engine::Traffic;

TEST_CASE("stages whose averages fit on a link do not slow each other") {
  Sharing sharing({100.0});
  const std::vector<Traffic> half = {{0, 50.0}};
  const auto a = sharing.begin(half, 1.0);
  const auto b = sharing.begin(half, 1.0);
  CHECK(sharing.settle().empty());
  CHECK(sharing.pace(a) == 1.0);
  CHECK(sharing.pace(b) == 1.0);
}

TEST_CASE("two stages that each fill a link get half of it and all of it when alone again") {
  Sharing sharing({100.0});
  const std::vector<Traffic> all = {{0, 100.0}};
  const auto a = sharing.begin(all, 1.0);
  sharing.settle();
  const auto b = sharing.begin(all, 1.0);
  CHECK(sharing.settle() == std::vector<Sharing::Key>{a, b});
  CHECK(sharing.pace(a) == Approx(0.5).epsilon(1e-12));
  sharing.end(b);
  CHECK(sharing.settle() == std::vector<Sharing::Key>{a});
  CHECK(sharing.pace(a) == 1.0);
}

// Max-min: the small stage gets its 10, the large one the other 90 of 100.
TEST_CASE("a stage with a small share of a full link is not slowed") {
  Sharing sharing({100.0});
  const std::vector<Traffic> small = {{0, 10.0}}, large = {{0, 100.0}};
  const auto a = sharing.begin(small, 1.0);
  const auto b = sharing.begin(large, 1.0);
  sharing.settle();
  CHECK(sharing.pace(a) == 1.0);
  CHECK(sharing.pace(b) == Approx(0.9).epsilon(1e-12));
}

// Links of 1 and 2; A on both, B on the first, C on the second. The first gives A and B 1/2 each; the second has
// 3/2 left for C, which wants 2: pace 3/4.
TEST_CASE("what one bottleneck leaves over goes to those on the next") {
  Sharing sharing({1.0, 2.0});
  const std::vector<Traffic> both = {{0, 1.0}, {1, 1.0}}, first = {{0, 1.0}}, second = {{1, 2.0}};
  const auto a = sharing.begin(both, 1.0);
  const auto b = sharing.begin(first, 1.0);
  const auto c = sharing.begin(second, 1.0);
  sharing.settle();
  CHECK(sharing.pace(a) == Approx(0.5).epsilon(1e-12));
  CHECK(sharing.pace(b) == Approx(0.5).epsilon(1e-12));
  CHECK(sharing.pace(c) == Approx(0.75).epsilon(1e-12));
}

// Nothing is over-full, and each slowed stage crosses a full link: the paces are feasible and none can grow alone.
TEST_CASE("paces of random stages are feasible and each slowed stage is held by a full link") {
  RandomStream random(7, "sharing");
  for (int round = 0; round < 500; ++round) {
    const std::size_t links = 1 + static_cast<std::size_t>(random.uniform(0.0, 8.0));
    std::vector<double> capacities;
    for (std::size_t l = 0; l < links; ++l) capacities.push_back(random.uniform(1.0, 10.0));
    Sharing sharing(capacities);
    std::vector<std::vector<Traffic>> traffic(1 + static_cast<std::size_t>(random.uniform(0.0, 10.0)));
    std::vector<Sharing::Key> keys;
    for (auto& of_stage : traffic) {
      for (std::uint32_t l = 0; l < links; ++l) {  // alone, no stage asks for more than a link carries
        if (random.uniform() < 0.5) of_stage.push_back({l, random.uniform(0.1, 1.0) * capacities[l]});
      }
      keys.push_back(sharing.begin(of_stage, 1.0));
    }
    sharing.settle();
    std::vector<double> load(links, 0.0);
    for (std::size_t i = 0; i < traffic.size(); ++i) {
      for (const Traffic& t : traffic[i]) load[t.resource] += t.bytes * sharing.pace(keys[i]) / capacities[t.resource];
    }
    for (const double l : load) REQUIRE(l <= 1.0 + 1e-9);
    for (std::size_t i = 0; i < traffic.size(); ++i) {
      if (sharing.pace(keys[i]) > 1.0 - 1e-9) continue;
      bool held = false;
      for (const Traffic& t : traffic[i]) held |= load[t.resource] > 1.0 - 1e-9;
      REQUIRE(held);
    }
  }
}
