#include "engine/power_budget.hpp"

#include <algorithm>

#include "engine/first_at_one.hpp"

namespace zettasim::engine {
namespace {

using platform::BudgetPolicy;

// At which an iteration takes `factor` times what it takes with all the power it likes.
double slowness_that_slows(const Draw& draw, double factor) {
  if (draw.most_w <= 0.0) return 0.0;
  const double once_s = draw.tree->once_s({draw.stretch, 0.0, draw.inside_slowness}) * factor;
  return first_at_one(
      [&](double slowness) {
        return draw.tree->once_s({draw.stretch, slowness, draw.inside_slowness}) / once_s;
      },
      1.0 / draw.most_w);
}

// All take `factor` times as long; less than `most` is enough where slowing down saves energy.
std::vector<double> fair_slownesses(const std::vector<Draw>& draws, double available_w, double most) {
  const auto slowed = [&](double factor) {
    std::vector<double> result;
    for (const Draw& draw : draws) result.push_back(slowness_that_slows(draw, factor));
    return result;
  };
  const auto reached = [&](double factor) {
    const std::vector<double> candidate = slowed(factor);
    double drawn_w = 0.0;
    for (std::size_t i = 0; i < draws.size(); ++i) drawn_w += draws[i].mean_w(candidate[i]);
    return available_w / drawn_w;
  };
  constexpr double rounding = 1e-9;
  if (reached(most) <= 1.0 + rounding) return slowed(most);
  return slowed(first_at_one(reached, 1.0));
}

// What a policy gives a job at a level, which is 1 where nobody is held back, and grows.
class Levels {
 public:
  Levels(BudgetPolicy policy, const std::vector<Draw>& draws) : policy_(policy) {
    for (const Draw& draw : draws) most_per_node_w_ = std::max(most_per_node_w_, draw.most_w / draw.nodes);
  }
  double slowness(const Draw& draw, double level) const {
    if (draw.most_w <= 0.0) return 0.0;
    if (policy_ == BudgetPolicy::uniform) return level / (most_per_node_w_ * draw.nodes);
    return level / draw.most_w;
  }

 private:
  BudgetPolicy policy_;
  double most_per_node_w_ = 0.0;
};

}  // namespace

double Draw::mean_w(double slowness) const {
  const PhaseTree::Execution once = tree->once({stretch, slowness, inside_slowness});
  return once.time_s > 0.0 ? (facility_j - saved_j * once.saved.sum_j()) / once.time_s : 0.0;
}

double Draw::mean_inside_w(double slowness) const {
  const PhaseTree::Execution once = tree->once({stretch, 0.0, slowness});
  return once.time_s > 0.0 ? (inside_j - once.saved.sum_j()) / once.time_s : 0.0;
}

double wanted_w(const std::vector<Draw>& draws) {
  double sum_w = 0.0;
  for (const Draw& draw : draws) sum_w += draw.mean_w();
  return sum_w;
}

std::vector<double> slownesses(BudgetPolicy policy, const std::vector<Draw>& draws, double available_w) {
  std::vector<double> result(draws.size(), 0.0);
  const double wanted_w = engine::wanted_w(draws);
  if (wanted_w <= available_w || policy == BudgetPolicy::report) return result;
  if (policy == BudgetPolicy::job_fair) {
    return fair_slownesses(draws, available_w, wanted_w / available_w);
  }
  const Levels levels(policy, draws);
  const double level = first_at_one(
      [&](double candidate) {
        double drawn_w = 0.0;
        for (const Draw& draw : draws) drawn_w += draw.mean_w(levels.slowness(draw, candidate));
        return available_w / drawn_w;
      },
      1.0);
  for (std::size_t i = 0; i < draws.size(); ++i) {
    const double slowness = levels.slowness(draws[i], level);
    if (slowness * draws[i].most_w > 1.0) result[i] = slowness;  // else none of its phases is held back
  }
  return result;
}

}  // namespace zettasim::engine
