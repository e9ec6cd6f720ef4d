// Arithmetic on positions inside a stage: what makes striding exact. See job_plan.hpp.
#include <algorithm>
#include <cmath>

#include "engine/job_plan.hpp"

namespace zettasim::engine {
namespace {

// Splits an amount that grows by `once` per iteration into whole iterations (at most `count`) and a rest.
struct Split {
  double iterations;
  double rest;
};
Split split(double amount, double once, std::int64_t count) {
  if (once <= 0.0) return {0.0, 0.0};
  const double whole = std::clamp(std::floor(amount / once), 0.0, static_cast<double>(count));
  return {whole, std::max(0.0, amount - whole * once)};
}

}  // namespace

void PhaseTree::close() {
  const bool steady = std::none_of(children.begin(), children.end(), [](const PhaseTree& c) { return c.stretches(); });
  linear = shape == Shape::overlap
               ? steady
               : std::all_of(children.begin(), children.end(), [](const PhaseTree& c) { return c.linear; });
  fixed_s = shared_s = 0.0;
  if (!linear) return;
  for (const PhaseTree& child : children) {
    const auto executions = static_cast<double>(child.count);
    fixed_s = shape == Shape::overlap ? std::max(fixed_s, child.total_s(1.0)) : fixed_s + executions * child.fixed_s;
    shared_s += executions * child.shared_s;
  }
  fixed_s *= times;
  shared_s *= times;
}

double PhaseTree::branching_s(double stretch) const {
  double sum = 0.0, longest = 0.0;
  for (const PhaseTree& child : children) {
    const double child_s = child.total_s(stretch);
    sum += child_s;
    longest = std::max(longest, child_s);
  }
  return shape == Shape::overlap ? longest : times * sum;
}

// A phase that may not draw what it would takes as long as its energy lasts at what it may: the power roof. Phases side
// by side share what they may draw.
double PhaseTree::powered_s(Speed speed) const {
  if (shape == Shape::phase) return std::max(fixed_s + speed.stretch * shared_s, energy_j * speed.slowness);
  double sum = 0.0, longest = 0.0;
  for (const PhaseTree& child : children) {
    const double child_s = child.total_s(speed);
    sum += child_s;
    longest = std::max(longest, child_s);
  }
  if (shape == Shape::overlap) return std::max(longest, energy_j * speed.slowness);
  return times * sum;
}

double most_power_w(const PhaseTree& tree) {
  const double alone_s = tree.once_s({});
  const bool draws = tree.shape == PhaseTree::Shape::phase || tree.shape == PhaseTree::Shape::overlap;
  double most_w = draws && alone_s > 0.0 ? tree.energy_j / alone_s : 0.0;
  for (const PhaseTree& child : tree.children) most_w = std::max(most_w, most_power_w(child));
  return most_w;
}

// The time grows with the stretch along straight pieces; where branches overlap, the stretch is found by halving.
double stretch_that_takes(const PhaseTree& tree, double once_s) {
  const double alone_s = tree.once_s(1.0);
  if (tree.linear) return tree.shared_s > 0.0 ? 1.0 + (once_s - alone_s) / tree.shared_s : 1.0;
  if (once_s <= alone_s) return 1.0;
  constexpr double most_stretch = 1e18;
  double low = 1.0, high = 2.0;
  while (tree.once_s(high) < once_s && high < most_stretch) high *= 2.0;
  for (int i = 0; i < 200 && low < high; ++i) {
    const double middle = low + (high - low) / 2.0;
    if (middle <= low || middle >= high) break;
    (tree.once_s(middle) < once_s ? low : high) = middle;
  }
  return high;
}

double elapsed_at(const PhaseTree& tree, double position_s, Speed speed) {
  const auto [iterations, rest_in_tree] = split(position_s, tree.once_s(1.0), tree.count);
  double elapsed = iterations * tree.once_s(speed);
  double rest = rest_in_tree;
  if (iterations >= static_cast<double>(tree.count)) return elapsed;
  if (tree.shape != PhaseTree::Shape::loop) {
    const double alone = tree.once_s(1.0);
    return elapsed + (alone > 0.0 ? rest / alone * tree.once_s(speed) : 0.0);
  }
  for (const PhaseTree& child : tree.children) {
    const double whole = child.total_s(1.0);
    if (rest <= whole) return elapsed + elapsed_at(child, rest, speed);
    rest -= whole;
    elapsed += child.total_s(speed);
  }
  return elapsed;
}

double position_after(const PhaseTree& tree, double elapsed_s, Speed speed) {
  const auto [iterations, rest_in_tree] = split(elapsed_s, tree.once_s(speed), tree.count);
  double position = iterations * tree.once_s(1.0);
  double rest = rest_in_tree;
  if (iterations >= static_cast<double>(tree.count)) return position;
  if (tree.shape != PhaseTree::Shape::loop) {
    const double stretched = tree.once_s(speed);
    return position + (stretched > 0.0 ? rest / stretched * tree.once_s(1.0) : 0.0);
  }
  for (const PhaseTree& child : tree.children) {
    const double whole = child.total_s(speed);
    if (rest <= whole) return position + position_after(child, rest, speed);
    rest -= whole;
    position += child.total_s(1.0);
  }
  return position;
}

}  // namespace zettasim::engine
