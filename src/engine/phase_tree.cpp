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

double elapsed_at(const PhaseTree& tree, double position_s, double stretch) {
  const auto [iterations, rest_in_tree] = split(position_s, tree.once_s(1.0), tree.count);
  double elapsed = iterations * tree.once_s(stretch);
  double rest = rest_in_tree;
  if (iterations >= static_cast<double>(tree.count)) return elapsed;
  if (tree.children.empty()) {
    const double alone = tree.once_s(1.0);
    return elapsed + (alone > 0.0 ? rest / alone * tree.once_s(stretch) : 0.0);
  }
  for (const PhaseTree& child : tree.children) {
    const double whole = child.total_s(1.0);
    if (rest <= whole) return elapsed + elapsed_at(child, rest, stretch);
    rest -= whole;
    elapsed += child.total_s(stretch);
  }
  return elapsed;
}

double position_after(const PhaseTree& tree, double elapsed_s, double stretch) {
  const auto [iterations, rest_in_tree] = split(elapsed_s, tree.once_s(stretch), tree.count);
  double position = iterations * tree.once_s(1.0);
  double rest = rest_in_tree;
  if (iterations >= static_cast<double>(tree.count)) return position;
  if (tree.children.empty()) {
    const double stretched = tree.once_s(stretch);
    return position + (stretched > 0.0 ? rest / stretched * tree.once_s(1.0) : 0.0);
  }
  for (const PhaseTree& child : tree.children) {
    const double whole = child.total_s(stretch);
    if (rest <= whole) return position + position_after(child, rest, stretch);
    rest -= whole;
    position += child.total_s(1.0);
  }
  return position;
}

}  // namespace zettasim::engine
