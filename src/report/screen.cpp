// The one screen a run ends in.
#include <fmt/format.h>

#include <algorithm>

#include "shown.hpp"
#include "sureness.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/report/outputs.hpp"

namespace zettasim::report {
namespace {

constexpr std::size_t most_lines = 40;
constexpr std::size_t most_columns = 110;
constexpr std::size_t most_notes = 4;  // lines; a log may have a dozen

std::string count(std::int64_t n) { return with_thousands(static_cast<unsigned long long>(n)); }

std::string machine_line(const platform::Machine& machine) {
  const auto& devices = machine.main_devices();
  return fmt::format("{}: {} nodes, {} {}, budget {}\n", shown(machine.name, 30), count(machine.node_count),
                     count(machine.node_count * devices.count), shown(devices.device.name, 24),
                     to_text(machine.facility.budget));
}

std::string job_lines(const Run& run) {
  const Summary& s = run.summary;
  const workload::Trace& trace = run.trace;
  std::string lines = fmt::format("{}: {} jobs: {} finished, {} out of time, {} refused\n", shown(trace.name, 36),
                                  count(s.jobs), count(s.finished), count(s.timed_out), count(s.refused));
  const std::size_t notes = trace.notes.size() <= most_notes ? trace.notes.size() : most_notes - 1;
  for (std::size_t i = 0; i < notes; ++i)
    lines += fmt::format("  note: {} {}\n", count(trace.notes[i].count), trace.notes[i].what);
  if (notes < trace.notes.size())
    lines += fmt::format("  and {} more notes in report.json\n", trace.notes.size() - notes);
  lines += fmt::format("\n  time          simulated {}, nodes in use {}\n",
                       with_interval(run, "time_s", to_text(s.end)), percent(s.utilisation));
  lines += fmt::format("  solution      mean {} from submission to result, bounded slowdown {:.2f}\n",
                       with_interval(run, "jobs.time_to_solution_mean_s", to_text(s.mean_time_to_solution)),
                       s.mean_bounded_slowdown);
  lines += fmt::format("  queue         wait mean {}, median {}, 95 % below {}; {} backfilled\n", to_text(s.mean_wait),
                       to_text(s.median_wait), to_text(s.p95_wait), count(s.backfilled));
  return lines;
}

std::string work_lines(const Run& run) {
  const Summary& s = run.summary;
  std::string lines = fmt::format("  FLOPS         sustained {} in all precisions\n",
                                  with_interval(run, "flops.sustained_flops_per_s", to_text(s.sustained_all)));
  for (const Precision p : all_precisions) {
    if (s.flops[p].si() <= 0.0) continue;
    const bool known = s.peak[p].si() > 0.0;
    lines +=
        fmt::format("    {:<12}{:>14} {:>9}\n", name_of(p), to_text(s.sustained[p]),
                    known ? fmt::format("{} of peak {}", percent(s.sustained[p] / s.peak[p]), to_text(s.peak[p])) : "");
  }
  return lines;
}

std::string activity_lines(const engine::TimeByActivity& time) {
  const double total = time.sum().si();
  if (total <= 0.0) return {};
  const auto share = [&](Duration part) { return percent(part.si() / total); };
  std::string line = fmt::format(
      "  jobs' time    compute {}, collectives {}, neighbours {}, storage {}, shared links {}", share(time.kernel),
      share(time.collective), share(time.neighbours), share(time.storage), share(time.sharing));
  std::string rest;
  if (time.idle.si() > 0.0) rest += fmt::format("pipeline idle {}", share(time.idle));
  if (time.power.si() > 0.0) rest += fmt::format("{}power budget {}", rest.empty() ? "" : ", ", share(time.power));
  if (time.busy.si() > 0.0) rest += fmt::format("{}recorded or hosts {}", rest.empty() ? "" : ", ", share(time.busy));
  if (rest.empty()) return line + "\n";
  const bool fits = line.size() + 2 + rest.size() <= most_columns;
  return line + (fits ? ", " : ",\n                ") + rest + "\n";
}

std::string latency_line(const char* name, const Quantiles& q) {
  if (q.count <= 0.0) return {};
  return fmt::format("  {:<14}median {}, 99 % below {}, longest {}\n", name, to_text(q.median), to_text(q.p99),
                     to_text(q.most));
}

// What the energy cost, where the machine says what that depends on.
std::string grid_line(const Run& run) {
  const platform::Facility& facility = run.machine.facility;
  std::string text;
  if (facility.grid) {
    text = fmt::format("{:.4g} t of CO2, {:.6g} {}", run.record.grid.carbon_g / 1e6, run.record.grid.money,
                       facility.grid->currency.empty() ? "in money" : shown(facility.grid->currency, 8));
  }
  if (facility.heat_reused > 0.0) {
    text += fmt::format("{}{} of heat reused", text.empty() ? "" : ", ", to_text(run.summary.heat_reused));
  }
  return text.empty() ? text : fmt::format("  grid          {}\n", text);
}

// The limit, or between which limits the signal moves it.
std::string budget_text(const platform::Facility& facility) {
  Power lowest = facility.budget, highest = facility.budget;
  for (const auto& step : facility.budget_signal) {
    lowest = std::min(lowest, step.limit);
    highest = std::max(highest, step.limit);
  }
  if (lowest == highest) return to_text(facility.budget);
  return fmt::format("its signal of {} to {}", to_text(lowest), to_text(highest));
}

std::string node_hours(Duration node_time) {
  return count(static_cast<std::int64_t>(std::min(in_hours(node_time), 1e18)));
}

// Which limits held jobs back, where any may.
std::string held_back_lines(const Run& run) {
  const Summary& s = run.summary;
  const platform::Facility& facility = run.machine.facility;
  const bool policy_acts = facility.budget_policy != platform::BudgetPolicy::report;
  if (!policy_acts && !has_several_limits(facility)) return "";
  std::string lines =
      fmt::format("    {}: {} node-hours held back, jobs {} longer on average, {} at most\n",
                  policy_acts ? name_of(facility.budget_policy) : "limits", node_hours(s.throttled_node_time),
                  percent(s.mean_power_slowdown - 1.0), percent(s.longest_power_slowdown - 1.0));
  if (!has_several_limits(facility)) return lines;
  std::string by;
  const auto add = [&](bool acts, std::string_view limit, Duration node_time) {
    if (acts) by += fmt::format("{}{} {}", by.empty() ? "" : ", ", limit, node_hours(node_time));
  };
  add(policy_acts, "facility", s.throttled_by.budget);
  add(facility.ramp.has_value(), "ramp", s.throttled_by.ramp);
  add(facility.rack_limit.has_value(), "racks", s.throttled_by.rack);
  add(facility.node_limit.has_value(), "nodes", s.throttled_by.node);
  return lines + fmt::format("    node-hours held back by limit: {}\n", by);
}

std::string outside_text(const platform::Cooling& cooling) {
  const auto [lowest, highest] = std::ranges::minmax(cooling.outside);
  if (lowest == highest) return fmt::format("{:.3g} degC", in_celsius(lowest));
  return fmt::format("{:.3g} to {:.3g} degC", in_celsius(lowest), in_celsius(highest));
}

// How far the weather moved the PUE, where it does.
std::string cooling_line(const Run& run) {
  const auto& cooling = run.machine.facility.cooling;
  if (!cooling) return {};
  const PueSummary& pue = run.summary.pue;
  return fmt::format("    PUE {:.3f} on average, {:.3f} to {:.3f}: {}, {} outside\n", pue.mean, pue.lowest, pue.highest,
                     name_of(cooling->kind), outside_text(*cooling));
}

std::string power_lines(const Run& run) {
  const Summary& s = run.summary;
  const auto& a = run.record.accounts;
  std::string lines =
      fmt::format("  power         mean {} ({} of the budget), peak {}\n",
                  with_interval(run, "power.mean_w", to_text(s.mean_power)), percent(s.mean_power / s.budget),
                  with_interval(run, "power.peak_w", to_text(s.peak_power)));
  lines += s.time_above_budget.si() > 0.0
               ? fmt::format("  budget        above {} for {} ({} of the time)\n", budget_text(run.machine.facility),
                             to_text(s.time_above_budget), percent(s.time_above_budget / s.end))
               : fmt::format("  budget        never above {}\n", budget_text(run.machine.facility));
  lines += held_back_lines(run);
  if (run.machine.facility.ramp) {
    const auto& ramp = run.record.ramp;
    lines += fmt::format("    ramp: jobs held back for {}, {} burned in {}\n", to_text(ramp.held_back),
                         to_text(ramp.burned), to_text(ramp.burning));
  }
  const auto efficiency = fmt::format("{:.4g} GFLOPS/W", s.flops_per_joule / 1e9);
  lines += fmt::format("  energy        {} at the facility meter, {}\n",
                       with_interval(run, "energy.facility_meter_j", to_text(s.energy)),
                       with_interval(run, "flops.flops_per_joule", efficiency));
  const auto share = [&](Energy part) { return s.energy.si() > 0.0 ? percent(part / s.energy) : percent(0.0); };
  lines += fmt::format("    jobs {}, idle nodes {}, network {}, storage {}, losses {}, cooling {}{}\n", share(a.jobs),
                       share(a.idle_nodes), share(a.network), share(a.storage), share(a.losses), share(a.cooling),
                       run.machine.facility.ramp ? ", burn " + share(a.burn) : "");
  return lines + cooling_line(run) + grid_line(run);
}

// A table of at most `room` lines, its heading included. Where a budget held jobs back, it says by how much each kind.
std::string application_lines(const Summary& s, std::size_t room) {
  const bool held_back = s.throttled_node_time > Duration();
  std::string lines =
      fmt::format("\n  {:<20}{:>7}{:>14}{:>12}{:>10}{:>10}{:>10}{}\n", "application", "jobs", "mean run", "node-hours",
                  "compute", "network", "energy", held_back ? "    slowed" : "");
  auto applications = s.applications;
  std::stable_sort(applications.begin(), applications.end(),
                   [](const auto& a, const auto& b) { return a.energy > b.energy; });
  constexpr std::size_t heading = 2;
  const std::size_t fit = room - heading;
  const std::size_t listed = applications.size() <= fit ? applications.size() : fit - 1;
  for (std::size_t i = 0; i < listed; ++i) {
    const auto& app = applications[i];
    const double total = app.time.sum().si();
    const auto share = [&](Duration part) { return total > 0.0 ? percent(part.si() / total) : std::string("-"); };
    const std::string slowed = held_back ? fmt::format("{:>10}", percent(app.power_slowdown - 1.0)) : std::string();
    lines += fmt::format(
        "  {:<20}{:>7}{:>14}{:>12}{:>10}{:>10}{:>10}{}\n", shown(app.name, 19), app.jobs, to_text(app.mean_run_time),
        count(static_cast<std::int64_t>(std::min(in_hours(app.node_time), 1e18))),
        share(app.time.kernel + app.time.busy), share(app.time.collective + app.time.neighbours + app.time.sharing),
        to_text(app.energy), slowed);
  }
  if (listed < applications.size())
    lines += fmt::format("  ... and {} more in report.json\n", applications.size() - listed);
  return lines;
}

// Cuts what is wider than the screen: only numbers beyond any machine make a line so long.
std::string cut_to_columns(const std::string& text) {
  std::string result;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = text.find('\n', from);
    result += shown(std::string_view(text).substr(from, end - from), most_columns) + "\n";
    from = end + 1;
  }
  return result;
}

}  // namespace

std::string screen(const Run& run) {
  const Summary& s = run.summary;
  const std::string above = machine_line(run.machine) + job_lines(run) + work_lines(run) + activity_lines(s.time) +
                            latency_line("collectives", s.collectives) + latency_line("messages", s.messages) +
                            power_lines(run) + sureness_lines(run);
  const auto used = static_cast<std::size_t>(std::count(above.begin(), above.end(), '\n'));
  return cut_to_columns(above + application_lines(s, most_lines - used));
}

}  // namespace zettasim::report
