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

// Of the phase or overlap that draws most.
double most_w(const PhaseTree& tree, double PhaseTree::*energy_j) {
  const double alone_s = tree.once_s({});
  if (tree.shape == PhaseTree::Shape::phase || tree.shape == PhaseTree::Shape::overlap)
    return alone_s > 0.0 ? tree.*energy_j / alone_s : 0.0;
  double most = 0.0;
  for (const PhaseTree& child : tree.children) most = std::max(most, most_w(child, energy_j));
  return most;
}

}  // namespace

void PhaseTree::close() {
  const bool steady = std::none_of(children.begin(), children.end(), [](const PhaseTree& c) { return c.stretches(); });
  linear = shape == Shape::overlap
               ? steady
               : std::all_of(children.begin(), children.end(), [](const PhaseTree& c) { return c.linear; });
  sum_up_states();
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

// Where the tree is not linear, its times depend on the stretch, and at_state_s asks the children.
void PhaseTree::sum_up_states() {
  std::size_t states = 0;
  for (const PhaseTree& child : children) states = std::max(states, child.slower.size());
  slower.assign(states, {});
  for (std::size_t i = 0; i < states; ++i) {
    Slower& sum = slower[i];
    for (const PhaseTree& child : children) {
      const auto executions = static_cast<double>(child.count);
      const double child_s = linear ? executions * child.at_state_s(i + 1, 0.0) : 0.0;
      sum.fixed_s = shape == Shape::overlap ? std::max(sum.fixed_s, child_s) : sum.fixed_s + child_s;
      if (shape == Shape::idle || child.slower.empty()) continue;
      sum.saved += child.slower[std::min(i, child.slower.size() - 1)].saved * executions;
    }
    sum.fixed_s *= times;
  }
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

// With all devices inside at a clock state: 0 is the one they run at unhindered. A device with fewer states than
// another stays at its lowest.
double PhaseTree::at_state_s(std::size_t state, double stretch) const {
  if (state == 0 || slower.empty()) return once_s(stretch);
  if (linear) return slower[std::min(state, slower.size()) - 1].fixed_s + stretch * shared_s;
  double sum = 0.0, longest = 0.0;
  for (const PhaseTree& child : children) {
    const double child_s = static_cast<double>(child.count) * child.at_state_s(state, stretch);
    sum += child_s;
    longest = std::max(longest, child_s);
  }
  return shape == Shape::overlap ? longest : times * sum;
}

PhaseTree::Owed PhaseTree::owed_by(const Execution& execution, Speed speed) const {
  const double saved_j = execution.saved.sum_j();
  return {(energy_j - saved_j) * speed.slowness - execution.time_s,
          (inside_j - saved_j) * speed.inside_slowness - execution.time_s};
}

// A phase or an overlap, of which all parts slow down together: the device alternates between the two neighbouring
// clock states around what it may draw. Of times t and energies e at both, the share x of the work at the upper one
// makes x e + (1-x) e' = P (x t + (1-x) t'). Below the lowest state, and where there are none, it takes as long as the
// energy lasts at P: the power roof. Of what it may draw in all and inside of its nodes, that counts which is less.
PhaseTree::Execution PhaseTree::unit_held_back(Speed speed) const {
  const auto share = [](double owed_s, double spare_s) { return owed_s > 0.0 ? spare_s / (spare_s + owed_s) : 1.0; };
  Execution upper{once_s(speed.stretch), {}};
  Owed owed = owed_by(upper, speed);
  if (owed.most_s() <= 0.0) return upper;
  for (std::size_t state = 1; state <= slower.size(); ++state) {
    const Execution lower{at_state_s(state, speed.stretch), slower[state - 1].saved};
    const Owed below = owed_by(lower, speed);
    if (below.most_s() <= 0.0) {
      const double x = std::min(share(owed.in_all_s, -below.in_all_s), share(owed.inside_s, -below.inside_s));
      Execution mixed{x * upper.time_s + (1.0 - x) * lower.time_s, upper.saved * x};
      mixed.saved += lower.saved * (1.0 - x);
      return mixed;
    }
    upper = lower;
    owed = below;
  }
  upper.time_s += owed.most_s();
  return upper;
}

PhaseTree::Execution PhaseTree::held_back(Speed speed) const {
  if (shape == Shape::phase || shape == Shape::overlap) return unit_held_back(speed);
  Execution sum;
  for (const PhaseTree& child : children) {
    const Execution once = child.held_back(speed);
    sum.time_s += static_cast<double>(child.count) * once.time_s;
    sum.saved += once.saved * static_cast<double>(child.count);
  }
  sum.time_s *= times;
  return shape == Shape::idle ? Execution{sum.time_s, {}} : sum;
}

double most_power_w(const PhaseTree& tree) { return most_w(tree, &PhaseTree::energy_j); }
double most_inside_w(const PhaseTree& tree) { return most_w(tree, &PhaseTree::inside_j); }

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
