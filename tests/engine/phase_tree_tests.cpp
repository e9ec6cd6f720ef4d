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
