// Sobol's sample, then COBYLA from its best points. See search.hpp.
#include "zettasim/study/search.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <nlohmann/json.hpp>
#include <nlopt.hpp>

#include "zettasim/base/problem.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/study/sampling.hpp"
#include "zettasim/study/table.hpp"

namespace zettasim::study {
namespace {

constexpr double first_step = 0.1;      // of each range
constexpr double smallest_step = 1e-4;  // of each range: beyond what a description knows
constexpr std::size_t smallest_sample = 8;

struct Stopped {};

// Positions in Sweep::parameters.
std::vector<std::size_t> free_parameters(const Sweep& sweep) {
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < sweep.parameters.size(); ++i) {
    if (sweep.parameters[i].range) free.push_back(i);
  }
  return free;
}

bool is_free(const Sweep& sweep, const Axis& axis) {
  return std::ranges::any_of(axis.parameters, [&](std::size_t p) { return sweep.parameters[p].range.has_value(); });
}

std::uint64_t combinations(const Sweep& sweep) {
  std::uint64_t product = 1;
  for (const Axis& axis : sweep.axes) {
    if (!is_free(sweep, axis)) product *= axis.rows.size();
    if (product * sweep.search->evaluations > most_points)
      throw InputError(sweep.name, fmt::format("its lists and evaluations multiply to more than {}", most_points));
  }
  return product;
}

// What a row says to the search.
struct Judged {
  bool answered = false;
  double loss = 0.0;           // of the objective, to be minimised
  std::vector<double> excess;  // of each condition; zero or less: kept
  bool feasible() const {
    return answered && std::ranges::all_of(excess, [](double e) { return e <= 0.0; });
  }
};

Judged judge(const Sweep& sweep, const Point& point, const Row& row) {
  const auto metrics = read_metrics(row.metrics);
  const auto lookup = [&](const std::string& name) -> std::optional<Value> {
    for (const Metric& metric : sweep.metrics) {
      if (metric.name == name && metrics.contains(name))
        return Value{{}, {}, Measure{metrics.at(name), metric.dimension}};
    }
    return value_of(sweep, point, name);
  };
  Judged result;
  const Objective& objective = sweep.search->objective;
  if (row.status != Status::done || !metrics.contains(objective.metric)) return result;
  result.answered = true;
  result.loss = metrics.at(objective.metric) * (objective.sense == Sense::maximise ? -1.0 : 1.0);
  for (const Expression& condition : sweep.search->subject_to) {
    try {
      result.excess.push_back(condition.excess(lookup));
    } catch (const ExpressionError& error) {
      throw InputError(fmt::format("{}, condition \"{}\"", sweep.name, condition.text()), error.what());
    }
  }
  return result;
}

// The parameters of a row as they were.
Point point_of(const Sweep& sweep, const Row& row) {
  Point point{.id = row.id, .values = {}, .seed = row.seed};
  const auto parameters = nlohmann::json::parse(row.parameters);
  for (const Parameter& parameter : sweep.parameters) {
    const auto& value = parameters.at(parameter.name);
    point.values.push_back(value.is_string()   ? make_word(value.get<std::string>())
                           : value.is_number() ? make_number(value.get<double>())
                                               : Value{value.dump(), value.dump(), std::nullopt});
  }
  return point;
}

// All conditions kept first, then the better objective, then the earlier one.
bool is_better(const Judged& a, const Judged& b) {
  if (a.feasible() != b.feasible()) return a.feasible();
  if (a.answered != b.answered) return a.answered;
  if (!a.answered) return false;
  if (a.feasible()) return a.loss < b.loss;
  const auto worst = [](const Judged& j) { return *std::ranges::max_element(j.excess); };
  return worst(a) < worst(b);
}

// One combination of the lists: its evaluations have the numbers from `first` on.
class OneSearch {
 public:
  OneSearch(const Sweep& sweep, const Program& program, Store& store, const SweepOptions& options,
            SweepOutcome& outcome)
      : sweep_(sweep),
        program_(program),
        store_(store),
        options_(options),
        outcome_(outcome),
        free_(free_parameters(sweep)),
        condition_scales_(sweep.search->subject_to.size(), 1.0) {}

  void run(std::uint64_t first, std::vector<Value> fixed) {
    first_ = next_ = first;
    fixed_ = std::move(fixed);
    const std::size_t all = sweep_.search->evaluations;
    const auto sample = sobol(std::min(all, std::max(smallest_sample, all / 4)), free_.size());
    evaluate(sample);
    set_scales();
    std::vector<std::size_t> order(sample.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return is_better(judged_[a], judged_[b]); });
    const std::size_t starts = std::min(sweep_.search->starts, order.size());
    for (std::size_t s = 0; s < starts && left() > 0; ++s) {
      climb(sample[order[s]], std::max<std::size_t>(1, left() / (starts - s)));
    }
  }

 private:
  std::size_t left() const { return sweep_.search->evaluations - static_cast<std::size_t>(next_ - first_); }

  Point point_at(std::uint64_t id, const UnitPoint& at) const {
    Point point{.id = id, .values = fixed_, .seed = sweep_.seed};
    for (std::size_t i = 0; i < free_.size(); ++i) {
      point.values[free_[i]] = sweep_.parameters[free_[i]].range->at(std::clamp(at[i], 0.0, 1.0));
    }
    return point;
  }
  // Those that have no row yet, several at a time. The rows come in any order, what is made of them does not.
  void evaluate(const std::vector<UnitPoint>& at) {
    std::vector<Point> points;
    for (const UnitPoint& one : at) points.push_back(point_at(next_++, one));
    Evaluator evaluator(sweep_, program_, options_.workers);
    auto next = points.begin();
    const auto skip = [&] {
      while (next != points.end() && store_.find(next->id)) ++next;
    };
    for (skip(); next != points.end() || !evaluator.is_idle(); skip()) {
      while (next != points.end() && evaluator.has_room()) {
        evaluator.start(*next++);
        skip();
      }
      for (const Row& row : evaluator.wait()) {
        store_.add(row);
        ++outcome_.done, ++outcome_.fresh;
        if (options_.on_progress) options_.on_progress(outcome_.done, outcome_.total, outcome_.fresh);
      }
      if (options_.stop && options_.stop()) throw Stopped{};
    }
    for (const Point& point : points) judged_.push_back(judge(sweep_, point, *store_.find(point.id)));
  }
  // So that all that COBYLA sees is about 1.
  void set_scales() {
    loss_scale_ = 0.0;
    for (double& scale : condition_scales_) scale = 0.0;
    for (const Judged& one : judged_) {
      if (!one.answered) continue;
      loss_scale_ = std::max(loss_scale_, std::abs(one.loss));
      for (std::size_t i = 0; i < one.excess.size(); ++i)
        condition_scales_[i] = std::max(condition_scales_[i], std::abs(one.excess[i]));
    }
    if (loss_scale_ <= 0.0) loss_scale_ = 1.0;
    for (double& scale : condition_scales_) scale = scale > 0.0 ? scale : 1.0;
  }
  // NLopt asks for the objective and each condition at one place separately: one evaluation answers all. It forgets
  // which exception passed through it, so that is kept here.
  const Judged& at(const std::vector<double>& x) {
    if (last_ != x) {
      if (left() == 0) throw nlopt::forced_stop();
      try {
        evaluate({x});
      } catch (...) {
        problem_ = std::current_exception();
        throw nlopt::forced_stop();
      }
      last_ = x;
    }
    return judged_.back();
  }
  void climb(const UnitPoint& from, std::size_t evaluations) {
    struct Condition {
      OneSearch* search;
      std::size_t index;
    };
    std::vector<Condition> conditions;
    nlopt::opt optimiser(nlopt::LN_COBYLA, static_cast<unsigned>(free_.size()));
    optimiser.set_lower_bounds(0.0);
    optimiser.set_upper_bounds(1.0);
    optimiser.set_initial_step(first_step);
    optimiser.set_xtol_abs(smallest_step);
    optimiser.set_maxeval(static_cast<int>(evaluations));
    optimiser.set_min_objective(
        [](const std::vector<double>& x, std::vector<double>&, void* data) {
          auto& search = *static_cast<OneSearch*>(data);
          const Judged& judged = search.at(x);
          return judged.answered ? judged.loss / search.loss_scale_ : 1.0;  // where there is none: as bad as can be
        },
        this);
    for (std::size_t i = 0; i < sweep_.search->subject_to.size(); ++i) conditions.push_back({this, i});
    for (Condition& condition : conditions) {
      optimiser.add_inequality_constraint(
          [](const std::vector<double>& x, std::vector<double>&, void* data) {
            const auto& [search, index] = *static_cast<Condition*>(data);
            const Judged& judged = search->at(x);
            return judged.answered ? judged.excess[index] / search->condition_scales_[index] : 1.0;
          },
          &condition);
    }
    last_.clear();
    std::vector<double> x = from;
    double best = 0.0;
    try {
      optimiser.optimize(x, best);
    } catch (const nlopt::roundoff_limited&) {  // as near as doubles get
    } catch (const nlopt::forced_stop&) {       // no evaluations left
    } catch (const std::runtime_error&) {       // COBYLA found no way on from here: the other starts may
    }
    if (problem_) std::rethrow_exception(problem_);
  }

  const Sweep& sweep_;
  const Program& program_;
  Store& store_;
  const SweepOptions& options_;
  SweepOutcome& outcome_;
  std::vector<std::size_t> free_;
  std::vector<double> condition_scales_;
  double loss_scale_ = 1.0;
  std::uint64_t first_ = 0;
  std::uint64_t next_ = 0;
  std::vector<Value> fixed_;
  std::vector<Judged> judged_;  // in the order of evaluations
  std::vector<double> last_;
  std::exception_ptr problem_;
};

// The values of the lists in combination `index`; ranges are left as they come.
std::vector<Value> fixed_values(const Sweep& sweep, std::uint64_t index) {
  std::vector<Value> values(sweep.parameters.size());
  for (auto axis = sweep.axes.rbegin(); axis != sweep.axes.rend(); ++axis) {
    const bool free = is_free(sweep, *axis);
    const auto& row = axis->rows[free ? 0 : index % axis->rows.size()];
    if (!free) index /= axis->rows.size();
    for (std::size_t i = 0; i < row.size(); ++i) values[axis->parameters[i]] = row[i];
  }
  return values;
}

}  // namespace

std::uint64_t most_evaluations(const Sweep& sweep) {
  if (!sweep.search) throw InputError(sweep.name, "has no \"search\", which --optimize needs");
  return combinations(sweep) * sweep.search->evaluations;
}

SweepOutcome run_search(const Sweep& sweep, const Program& program, Store& store, const SweepOptions& options) {
  const auto began = std::chrono::steady_clock::now();
  SweepOutcome outcome{.total = static_cast<std::size_t>(most_evaluations(sweep)), .done = store.row_count()};
  if (outcome.done > 0 && !options.resume) {
    throw InputError(sweep.name, fmt::format("its store holds {} evaluations already; go on with --resume, or choose "
                                             "another --out",
                                             outcome.done));
  }
  store.forget(Status::killed);
  outcome.done = store.row_count();
  try {
    for (std::uint64_t i = 0; i < combinations(sweep); ++i) {
      OneSearch(sweep, program, store, options, outcome).run(i * sweep.search->evaluations, fixed_values(sweep, i));
    }
  } catch (const Stopped&) {
    outcome.stopped = true;
  }
  store.for_each([&](const Row& row) { outcome.unsuccessful += row.status == Status::done ? 0 : 1; });
  outcome.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return outcome;
}

std::string search_table(const Store& store, const Sweep& sweep) {
  std::vector<Row> improvements;
  std::optional<Judged> best;
  std::size_t rows = 0;
  store.for_each([&](const Row& row) {
    ++rows;
    Judged judged = judge(sweep, point_of(sweep, row), row);
    if (!judged.feasible() || (best && !is_better(judged, *best))) return;
    best = std::move(judged);
    improvements.push_back(row);
  });
  const Search& search = *sweep.search;
  std::vector<std::string> conditions;
  for (const Expression& condition : search.subject_to) conditions.push_back(condition.text());
  std::string title =
      fmt::format("{} {}", search.objective.sense == Sense::maximise ? "highest" : "lowest", search.objective.metric);
  if (!conditions.empty()) title += fmt::format(" with {}", fmt::join(conditions, " and "));
  if (improvements.empty())
    return fmt::format("{}: none of {} evaluations keeps to that\n", title, with_thousands(rows));
  return fmt::format("{}: how {} evaluations came to it, the best last\n\n{}", title, with_thousands(rows),
                     rows_table(improvements, sweep));
}

}  // namespace zettasim::study
