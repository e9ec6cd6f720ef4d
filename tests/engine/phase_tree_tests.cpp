#include "engine/job_plan.hpp"
#include "support/catch.hpp"
#include "zettasim/base/random.hpp"

using namespace zettasim;
using engine::PhaseTree;

namespace {

PhaseTree leaf(double fixed_s, double shared_s) {
  PhaseTree tree;
  tree.fixed_s = fixed_s;
  tree.shared_s = shared_s;
  return tree;
}

PhaseTree tree_of(PhaseTree::Shape shape, std::vector<PhaseTree> children, std::int64_t count = 1, double times = 1.0) {
  PhaseTree tree;
  tree.shape = shape;
  tree.count = count;
  tree.times = times;
  tree.children = std::move(children);
  tree.close();
  return tree;
}
PhaseTree loop_of(std::int64_t count, std::vector<PhaseTree> children) {
  return tree_of(PhaseTree::Shape::loop, std::move(children), count);
}
PhaseTree overlap_of(std::vector<PhaseTree> children) {
  return tree_of(PhaseTree::Shape::overlap, std::move(children));
}
PhaseTree idle_of(double times, std::vector<PhaseTree> children) {
  return tree_of(PhaseTree::Shape::idle, std::move(children), 1, times);
}

PhaseTree random_tree(RandomStream& random, int depth) {
  if (depth == 0)
    return random.uniform() < 0.5 ? leaf(random.uniform(0.1, 2.0), 0.0) : leaf(0.0, random.uniform(0.1, 2.0));
  std::vector<PhaseTree> children;
  const int count = 1 + static_cast<int>(random.uniform(0.0, 3.0));
  for (int i = 0; i < count; ++i) children.push_back(random_tree(random, depth - 1));
  const double kind = random.uniform();
  if (kind < 0.2) return overlap_of(std::move(children));
  if (kind < 0.3) return idle_of(random.uniform(0.5, 3.0), std::move(children));
  return loop_of(1 + static_cast<std::int64_t>(random.uniform(0.0, 5.0)), std::move(children));
}

// Random trees of phases that draw power, some of them with one to four lower clocks; each takes a second or so and 100
// J.
PhaseTree random_tree_with_clocks(RandomStream& random, int depth) {
  if (depth > 0) {
    std::vector<PhaseTree> children;
    double energy_j = 0.0;
    for (double left = random.uniform(0.0, 3.0); left >= 0.0; left -= 1.0) {
      children.push_back(random_tree_with_clocks(random, depth - 1));
      energy_j += static_cast<double>(children.back().count) * children.back().energy_j;
    }
    PhaseTree tree = random.uniform() < 0.4 ? overlap_of(std::move(children))
                                            : loop_of(static_cast<std::int64_t>(random.uniform(1.0, 4.0)), children);
    tree.energy_j = energy_j;
    return tree;
  }
  PhaseTree tree = random.uniform() < 0.3 ? leaf(0.0, random.uniform(0.1, 2.0)) : leaf(random.uniform(0.1, 2.0), 0.0);
  tree.energy_j = random.uniform(0.0, 200.0);
  double time_s = tree.fixed_s, saved_j = 0.0;
  for (double left = random.uniform(-2.0, 4.0); left >= 0.0 && time_s > 0.0; left -= 1.0) {
    time_s *= random.uniform(1.0, 1.5);
    saved_j += (tree.energy_j - saved_j) * random.uniform(0.0, 0.3);
    const bool gpu = random.uniform() < 0.7;
    const engine::Saved above = tree.slower.empty() ? engine::Saved{} : tree.slower.back().saved;
    const double more_j = saved_j - above.sum_j();
    tree.slower.push_back({time_s, {above.cpu_j + (gpu ? 0.0 : more_j), above.gpu_j + (gpu ? more_j : 0.0)}});
  }
  return tree;
}

}  // namespace

// An iteration of 2 s compute and 1 s traffic takes 4 s when traffic takes twice as long. 9 s into such a run two
// iterations (8 s) and half the compute of the third are done: position 2 * 3 + 1 = 7 s.
TEST_CASE("a position in a stretched loop counts whole iterations and the rest of the last") {
  const PhaseTree tree = loop_of(10, {leaf(2.0, 0.0), leaf(0.0, 1.0)});
  CHECK(engine::position_after(tree, 9.0, 2.0) == Approx(7.0).epsilon(1e-12));
  CHECK(engine::elapsed_at(tree, 7.0, 2.0) == Approx(9.0).epsilon(1e-12));
}

TEST_CASE("the end of a stage is its whole length at every stretch") {
  const PhaseTree tree = loop_of(4, {leaf(0.5, 0.0), loop_of(3, {leaf(0.0, 0.25)})});
  CHECK(engine::elapsed_at(tree, tree.total_s(1.0), 3.0) == Approx(tree.total_s(3.0)).epsilon(1e-12));
  CHECK(engine::position_after(tree, 1e9, 3.0) == Approx(tree.total_s(1.0)).epsilon(1e-12));
}

// 5 s of compute beside 2 s of traffic: the traffic sticks out once it takes longer than 2.5 times its time alone. At a
// stretch of 4 it takes 8 s.
TEST_CASE("traffic beside computation is hidden until it takes longer") {
  const PhaseTree tree = overlap_of({loop_of(1, {leaf(5.0, 0.0)}), loop_of(1, {leaf(0.0, 2.0)})});
  CHECK(tree.once_s(1.0) == Approx(5.0).epsilon(1e-12));
  CHECK(tree.once_s(2.5) == Approx(5.0).epsilon(1e-12));
  CHECK(tree.once_s(4.0) == Approx(8.0).epsilon(1e-12));
}

// Three and a half times a body of 2 s compute and 1 s traffic, whose traffic takes twice as long: 3.5 * (2 + 2) = 14
// s.
TEST_CASE("an idle phase lasts as many times its body as it says") {
  CHECK(idle_of(3.5, {leaf(2.0, 0.0), leaf(0.0, 1.0)}).once_s(2.0) == Approx(14.0).epsilon(1e-12));
}

TEST_CASE("the stretch that makes a tree take a given time is found with and without overlap") {
  RandomStream random(2, "stretch");
  for (int i = 0; i < 500; ++i) {
    const PhaseTree tree = random_tree(random, 1 + i % 3);
    const double stretch = random.uniform(1.0, 4.0);
    const double found = engine::stretch_that_takes(tree, tree.once_s(stretch));
    REQUIRE(tree.once_s(found) == Approx(tree.once_s(stretch)).epsilon(1e-9));
  }
}

TEST_CASE("positions and elapsed times are each other's inverse in nested loops") {
  RandomStream random(1, "phase tree");
  for (int i = 0; i < 2000; ++i) {
    const PhaseTree tree = random_tree(random, 1 + i % 3);
    const double stretch = random.uniform(1.0, 4.0);
    const double position = random.uniform(0.0, tree.total_s(1.0));
    const double there = engine::elapsed_at(tree, position, stretch);
    REQUIRE(there <= tree.total_s(stretch) * (1.0 + 1e-12));
    REQUIRE(engine::position_after(tree, there, stretch) == Approx(position).epsilon(1e-9).margin(1e-9));
  }
}

// 2 s of compute and 80 J, or 4 s and 20 J at the lower clock, beside 3 s of traffic and 20 J: 3 s and 100 J, or 4 s
// and 40 J. At 20 W a share x of both runs at the upper clock: 100 x + 40 (1 - x) = 20 (3 x + 4 (1 - x)), so x = 0.5.
// When the traffic takes twice as long, both clocks take 6 s, and 10 W are met with 100 x + 40 (1 - x) = 60: a third.
TEST_CASE("an overlap runs at one mix of clocks and hides them behind traffic") {
  PhaseTree compute = leaf(2.0, 0.0);
  compute.energy_j = 80.0;
  compute.slower = {{.fixed_s = 4.0, .saved = {.cpu_j = 0.0, .gpu_j = 60.0}}};
  PhaseTree traffic = leaf(0.0, 3.0);
  traffic.energy_j = 20.0;
  PhaseTree overlap = overlap_of({loop_of(1, {compute}), loop_of(1, {traffic})});
  overlap.energy_j = 100.0;
  const auto at_20_w = overlap.once({1.0, 1.0 / 20.0});
  CHECK(at_20_w.time_s == Approx(3.5).epsilon(1e-12));
  CHECK(at_20_w.saved.gpu_j == Approx(30.0).epsilon(1e-12));
  const auto stretched = overlap.once({2.0, 1.0 / 10.0});
  CHECK(stretched.time_s == Approx(6.0).epsilon(1e-12));
  CHECK(stretched.saved.gpu_j == Approx(40.0).epsilon(1e-12));
  CHECK(overlap.once({1.0, 0.0}).saved.sum_j() == 0.0);
  CHECK(engine::most_power_w(overlap) == Approx(100.0 / 3.0).epsilon(1e-12));
}

// Inside a loop each phase finds its own mix: 80 J in 2 s are 40 W and become 20 J in 4 s; at 20 W 80 x + 20 (1 - x) =
// 20 (2 x + 4 (1 - x)), x = 0.6: 2.8 s. The traffic of 20 J in 4 s draws 5 W and stays. Three times.
TEST_CASE("phases of a loop are slowed one by one and idleness saves nothing") {
  PhaseTree compute = leaf(2.0, 0.0);
  compute.energy_j = 80.0;
  compute.slower = {{.fixed_s = 4.0, .saved = {.cpu_j = 10.0, .gpu_j = 50.0}}};
  PhaseTree traffic = leaf(0.0, 4.0);
  traffic.energy_j = 20.0;
  const auto once = loop_of(1, {loop_of(3, {compute, traffic})}).once({1.0, 1.0 / 20.0});
  CHECK(once.time_s == Approx(3.0 * (2.8 + 4.0)).epsilon(1e-12));
  CHECK(once.saved.cpu_j == Approx(3.0 * 0.4 * 10.0).epsilon(1e-12));
  CHECK(once.saved.gpu_j == Approx(3.0 * 0.4 * 50.0).epsilon(1e-12));
  const auto idle = idle_of(2.0, {compute}).once({1.0, 1.0 / 20.0});
  CHECK(idle.time_s == Approx(5.6).epsilon(1e-12));
  CHECK(idle.saved.sum_j() == 0.0);
}

TEST_CASE("who may draw less takes longer and no more energy without a jump at any stretch") {
  RandomStream random(3, "clocks");
  for (int i = 0; i < 300; ++i) {
    const PhaseTree tree = random_tree_with_clocks(random, 1 + i % 3);
    const double stretch = random.uniform(1.0, 3.0), most_w = engine::most_power_w(tree);
    if (most_w <= 0.0) continue;
    auto before = tree.once({stretch, 0.0});
    for (double allowed_w = most_w * 1.01; allowed_w > 0.02 * most_w; allowed_w *= 0.99) {
      const auto once = tree.once({stretch, 1.0 / allowed_w});
      REQUIRE(once.time_s >= before.time_s * (1.0 - 1e-12));
      REQUIRE(once.time_s <= before.time_s * 1.0102);
      REQUIRE(once.saved.sum_j() >= before.saved.sum_j() - 1e-9);
      before = once;
    }
  }
}

TEST_CASE("positions and elapsed times are each other's inverse where a job is held back") {
  RandomStream random(4, "clocks");
  for (int i = 0; i < 500; ++i) {
    PhaseTree tree = random_tree_with_clocks(random, 1 + i % 3);
    tree.count = 1 + i % 7;
    const engine::Speed speed{random.uniform(1.0, 3.0), random.uniform(0.0, 0.1)};
    const double position = random.uniform(0.0, tree.total_s(1.0));
    const double there = engine::elapsed_at(tree, position, speed);
    REQUIRE(there <= tree.total_s(speed) * (1.0 + 1e-12));
    REQUIRE(engine::position_after(tree, there, speed) == Approx(position).epsilon(1e-9).margin(1e-9));
  }
}
