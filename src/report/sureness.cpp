#include "sureness.hpp"

#include <fmt/format.h>

#include "shown.hpp"
#include "zettasim/base/text.hpp"

namespace zettasim::report {
namespace {

// Behind a number; empty for times of several units such as "1 d 08 h".
std::string_view unit_of(std::string_view text) {
  const auto space = text.find(' ');
  return space == text.rfind(' ') && space != text.npos ? text.substr(space) : std::string_view();
}

}  // namespace

const std::vector<Figure>& headlines() {
  static const std::vector<Figure> figures = {{"time_s", "s", "simulated time"},
                                              {"jobs.time_to_solution_mean_s", "s", "mean time to solution"},
                                              {"flops.sustained_flops_per_s", "FLOP/s", "sustained FLOPS"},
                                              {"power.mean_w", "W", "mean power"},
                                              {"power.peak_w", "W", "peak power"},
                                              {"energy.facility_meter_j", "J", "energy"},
                                              {"flops.flops_per_joule", "FLOP/J", "FLOPS per watt"}};
  return figures;
}

std::string in_unit(const Figure& figure, double si) {
  if (figure.unit == "s") return to_text(seconds(si));
  if (figure.unit == "W") return to_text(watts(si));
  if (figure.unit == "J") return to_text(joules(si));
  if (figure.unit == "FLOP/s") return to_text(flops_per_second(si));
  return fmt::format("{:.4g} GFLOPS/W", si / 1e9);
}

std::string with_interval(const Run& run, std::string_view metric, const std::string& stands) {
  const Interval* interval = run.sureness ? run.sureness->find(metric) : nullptr;
  if (!interval) return stands;
  std::string low = in_unit(interval->figure, interval->low), high = in_unit(interval->figure, interval->high);
  if (low == stands && high == stands) return stands + " [the same]";
  const auto unit = unit_of(stands);
  if (!unit.empty() && unit_of(low) == unit && unit_of(high) == unit) {
    low.erase(low.find(' '));
    high.erase(high.find(' '));
  }
  return fmt::format("{} [{} to {}]", stands, low, high);
}

std::string sureness_lines(const Run& run) {
  if (!run.sureness) return {};
  const Intervals& drawn = *run.sureness;
  std::string lines = fmt::format("  how sure      [ ] holds nine in ten of {} draws of {} uncertain numbers\n",
                                  drawn.draws, drawn.numbers);
  if (drawn.failed > 0)
    lines += fmt::format("    {} without a result, the first: {}\n", drawn.failed, shown(drawn.first_failure, 70));
  return lines;
}

}  // namespace zettasim::report
