#include "engine/power_budget.hpp"

#include <algorithm>

namespace zettasim::engine {
namespace {

using platform::BudgetPolicy;

// By how much of what there is a level may stay below it. Closer costs steps, and no meter sees it.
constexpr double close_enough = 1e-10;

// An x at which the increasing function f has just reached 1, on the side where it has; f(low) is less. Illinois'
// variant of the false position (Dowell and Jarratt 1971) with halving in between: few steps, for what is asked here
// consists of nearly straight pieces.
template <class Function>
double first_at_one(const Function& f, double low) {
  double high = low, below = f(low) - 1.0, above = below;
  for (; above < 0.0 && high < 1e200; above = f(high) - 1.0) high *= 2.0;
  double weight_low = below, weight_high = above;
  int side = 0;  // that moved last
  for (int i = 0; i < 200 && above > close_enough; ++i) {
    double middle = (low * weight_high - high * weight_low) / (weight_high - weight_low);
    if (i % 3 == 2 || !(middle > low && middle < high)) middle = low + (high - low) / 2.0;
    if (!(middle > low && middle < high)) break;
    const double value = f(middle) - 1.0;
    if (value < 0.0) {
      low = middle, weight_low = value;
      if (side < 0) weight_high /= 2.0;
      side = -1;
    } else {
      high = middle, above = weight_high = value;
      if (side > 0) weight_low /= 2.0;
      side = 1;
    }
  }
  return high;
}

// At which an iteration takes `factor` times what it takes with all the power it likes.
double slowness_that_slows(const Draw& draw, double factor) {
  if (draw.most_w <= 0.0) return 0.0;
  const double once_s = draw.tree->once_s({draw.stretch, 0.0}) * factor;
  return first_at_one(
      [&](double slowness) {
        return draw.tree->once_s({draw.stretch, slowness}) / once_s;
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
  const PhaseTree::Execution once = tree->once({stretch, slowness});
  return once.time_s > 0.0 ? (facility_j - saved_j * once.saved.sum_j()) / once.time_s : 0.0;
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
