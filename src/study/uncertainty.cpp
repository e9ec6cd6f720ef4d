// Draws, intervals and a tornado of sensitivities. See uncertainty.hpp.
#include "zettasim/study/uncertainty.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "zettasim/base/problem.hpp"
#include "zettasim/study/sampling.hpp"

namespace zettasim::study {
namespace {

using nlohmann::json;

constexpr double smallest_swing_shown = 5e-4;  // what would print as 0.0 %

// A run takes as long and as much as it does when it is not drawn.
const Limits no_limits{.time = seconds(std::numeric_limits<double>::infinity()), .memory = bytes(0x1p60)};

const std::vector<Figure>& prediction_figures() {
  static const std::vector<Figure> figures = {{"time_s", "s", "time"},
                                              {"flops", "FLOP/s", "FLOPS"},
                                              {"power_mean_w", "W", "power"},
                                              {"facility_power_w", "W", "facility"},
                                              {"flops_per_w", "FLOP/J", "FLOPS/W"}};
  return figures;
}
constexpr std::size_t flops_figure = 1, facility_figure = 3;

std::string pointer_to(const Figure& figure) {
  std::string pointer = "/" + figure.metric;
  std::ranges::replace(pointer, '.', '/');
  return pointer;
}

// "1.5 kW" or 0.8 as number and unit.
std::pair<double, std::string> split(const json& end) {
  if (end.is_number()) return {end.get<double>(), {}};
  const auto& text = end.get_ref<const std::string&>();
  double number = 0.0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  (void)error;  // the reader of the description has read it
  std::string unit(rest, text.data() + text.size());
  if (unit.starts_with(' ')) unit.erase(0, 1);
  return {number, unit};
}

// Both ends in the unit of the lower one; zero degrees Celsius are not zero kelvins.
Range range_of(const json& ends) {
  const auto [from, unit] = split(ends[0]);
  auto [to, other] = split(ends[1]);
  if (other != unit) {
    const double zero = parse_measure("0 " + unit)->si;
    to = (parse_measure(ends[1].get_ref<const std::string&>())->si - zero) / (parse_measure("1 " + unit)->si - zero);
  }
  return {.from = from, .to = to, .unit = unit};
}

void collect(const json& value, const std::string& pointer, std::vector<UncertainNumber>& numbers) {
  if (value.is_object() && value.contains("value") && value.contains("range")) {
    numbers.push_back({pointer, range_of(value["range"])});
    return;
  }
  if (!value.is_structured()) return;
  for (const auto& [key, member] : value.items()) {
    if (key.find_first_of("/~") == std::string::npos) collect(member, pointer + "/" + key, numbers);
  }
}

// The figures of each run, empty where it failed: the first as described, then the draws, then what else was asked for.
class Runs {
 public:
  Runs(std::vector<std::string> command, const std::vector<Figure>& figures,
       const std::vector<UncertainNumber>& numbers, const Draws& draws)
      : command_(std::move(command)), figures_(figures), numbers_(numbers), draws_(draws) {
    command_.insert(command_.end(), {"--json", "--uncertainty", "0"});
    ask(UnitPoint(numbers.size(), -1.0));
    for (const UnitPoint& draw : latin_hypercube(draws.count, numbers.size(), draws.seed)) ask(draw);
  }
  // Shares of the ranges, one for each number; a negative one leaves the number as described.
  void ask(const UnitPoint& shares) {
    auto command = command_;
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      if (shares[i] < 0.0) continue;
      command.insert(command.end(), {"--set", numbers_[i].pointer + "=" + numbers_[i].range.at(shares[i]).text});
    }
    commands_.push_back(std::move(command));
  }
  void run(const Program& program) {
    found_.resize(commands_.size());
    failures_.resize(commands_.size());
    WorkerPool pool(draws_.workers, no_limits);
    std::size_t done = 0;
    for (std::size_t next = 0; next < commands_.size() || !pool.is_idle();) {
      while (next < commands_.size() && pool.has_room()) {
        pool.start(next, [&program, &command = commands_[next]] { return program.run(command); });
        ++next;
      }
      for (const Ended& ended : pool.wait()) {
        take(ended);
        if (is_refused(ended)) return;
        if (draws_.on_progress) draws_.on_progress(++done, commands_.size());
      }
    }
  }
  const std::vector<double>& operator[](std::size_t at) const { return found_[at]; }
  const std::string& failure(std::size_t at) const { return failures_[at]; }
  Intervals intervals() const;

 private:
  void take(const Ended& ended) {
    std::string& failure = failures_[ended.ticket];
    failure = describe_failure(ended, no_limits);
    std::vector<double> found;
    for (const Figure& figure : figures_) {
      if (!failure.empty()) return;
      const Lookup lookup = look_up(ended.out, pointer_to(figure));
      failure = lookup.problem;
      found.push_back(lookup.number.value_or(0.0));
    }
    if (failure.empty()) found_[ended.ticket] = std::move(found);
  }
  // As described there is no result: draws are of no use then.
  bool is_refused(const Ended& ended) const { return ended.ticket == 0 && found_[0].empty(); }
  std::vector<double> drawn(std::size_t figure) const;  // sorted

  std::vector<std::string> command_;
  const std::vector<Figure>& figures_;
  const std::vector<UncertainNumber>& numbers_;
  const Draws& draws_;
  std::vector<std::vector<std::string>> commands_;
  std::vector<std::vector<double>> found_;
  std::vector<std::string> failures_;
};

// Between the two nearest of the sorted values.
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const double above = sorted[std::min(below + 1, sorted.size() - 1)];
  return sorted[below] + (above - sorted[below]) * (at - static_cast<double>(below));
}

std::vector<double> Runs::drawn(std::size_t figure) const {
  std::vector<double> values;
  for (std::size_t i = 1; i <= draws_.count; ++i) {
    if (!found_[i].empty()) values.push_back(found_[i][figure]);
  }
  std::ranges::sort(values);
  return values;
}

Intervals Runs::intervals() const {
  Intervals result{.draws = draws_.count, .numbers = numbers_.size(), .seed = draws_.seed};
  for (const std::string& failure : failures_) {
    if (failure.empty()) continue;
    ++result.failed;
    if (result.first_failure.empty()) result.first_failure = failure;
  }
  for (std::size_t f = 0; f < figures_.size(); ++f) {
    const auto values = drawn(f);
    if (values.empty()) break;
    result.intervals.push_back(
        {figures_[f], found_[0][f], quantile(values, 0.05), quantile(values, 0.5), quantile(values, 0.95)});
  }
  return result;
}

double change(const std::vector<double>& figures_there, const std::vector<double>& described, std::size_t figure) {
  return figures_there.empty() || described[figure] == 0.0 ? 0.0 : figures_there[figure] / described[figure] - 1.0;
}

std::string ends_of(const Range& range) { return range.at(0.0).text + " to " + range.at(1.0).text; }

}  // namespace

std::vector<UncertainNumber> uncertain_numbers(const std::string& resolved) {
  std::vector<UncertainNumber> numbers;
  collect(json::parse(resolved), "", numbers);
  std::ranges::sort(numbers, {}, &UncertainNumber::pointer);
  return numbers;
}

double Swing::width() const { return std::abs(flops_high - flops_low) + std::abs(power_high - power_low); }

std::optional<Intervals> intervals_of(const std::vector<std::string>& command, const std::vector<Figure>& figures,
                                      const std::vector<UncertainNumber>& numbers, const Draws& draws,
                                      const Program& program) {
  Runs runs(command, figures, numbers, draws);
  runs.run(program);
  if (runs[0].empty()) return std::nullopt;
  return runs.intervals();
}

Uncertainty uncertainty_of(const std::vector<std::string>& command, const std::vector<UncertainNumber>& numbers,
                           const Draws& draws, const Program& program) {
  Runs runs(command, prediction_figures(), numbers, draws);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    for (const double end : {0.0, 1.0}) {
      UnitPoint alone(numbers.size(), -1.0);
      alone[i] = end;
      runs.ask(alone);
    }
  }
  runs.run(program);
  const auto& described = runs[0];
  if (described.empty()) throw InputError(command[0], runs.failure(0));
  Uncertainty result{.drawn = runs.intervals()};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto &low = runs[1 + draws.count + 2 * i], &high = runs[2 + draws.count + 2 * i];
    result.swings.push_back({numbers[i], change(low, described, flops_figure), change(high, described, flops_figure),
                             change(low, described, facility_figure), change(high, described, facility_figure)});
  }
  std::ranges::stable_sort(result.swings, std::ranges::greater{}, &Swing::width);
  return result;
}

std::string uncertainty_text(const Uncertainty& uncertainty) {
  const Intervals& drawn = uncertainty.drawn;
  std::string text =
      fmt::format("\n  how sure      {} draws of {} uncertain numbers (seed {}); nine in ten are between\n",
                  drawn.draws, drawn.numbers, drawn.seed);
  for (const Interval& interval : drawn.intervals) {
    const std::string& unit = interval.figure.unit;
    text += fmt::format("  {:<14}{} and {}, {} as described\n", interval.figure.name, shown(interval.low, unit),
                        shown(interval.high, unit), shown(interval.described, unit));
  }
  if (drawn.failed > 0)
    text += fmt::format("  {} runs gave no prediction; the first: {}\n", drawn.failed, drawn.first_failure);
  std::size_t width = 0;
  for (const Swing& swing : uncertainty.swings) width = std::max(width, swing.number.pointer.size());
  text += fmt::format("\n  {:<{}}  {:<26}  {:^17}  {:^17}\n", "what matters most, alone", width, "between", "FLOPS",
                      "facility power");
  for (const Swing& swing : uncertainty.swings) {
    if (swing.width() < smallest_swing_shown) break;  // the widest come first
    text += fmt::format("  {:<{}}  {:<26}  {:>+7.1f} % {:>+6.1f} %  {:>+7.1f} % {:>+6.1f} %\n", swing.number.pointer,
                        width, ends_of(swing.number.range), 100.0 * swing.flops_low, 100.0 * swing.flops_high,
                        100.0 * swing.power_low, 100.0 * swing.power_high);
  }
  return text;
}

std::string uncertainty_json(const Uncertainty& uncertainty) {
  auto result = nlohmann::ordered_json::parse(intervals_json(uncertainty.drawn));
  for (const Swing& swing : uncertainty.swings) {
    result["sensitivities"].push_back({{"pointer", swing.number.pointer},
                                       {"range", {swing.number.range.at(0.0).text, swing.number.range.at(1.0).text}},
                                       {"flops_change", {swing.flops_low, swing.flops_high}},
                                       {"facility_power_change", {swing.power_low, swing.power_high}}});
  }
  return result.dump();
}

}  // namespace zettasim::study
