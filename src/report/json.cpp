// JSON for machines: SI numbers under names that say their unit. The names are part of the interface (docs/formats.md).
#include <nlohmann/json.hpp>

#include "zettasim/report/outputs.hpp"
#include "zettasim/workload/read_trace.hpp"

namespace zettasim::report {
namespace {

using json = nlohmann::ordered_json;

json by_precision(const PerPrecision<FlopCount>& flops) {
  json result = json::object();
  for (const Precision p : all_precisions) {
    if (flops[p].si() > 0.0) result[std::string(name_of(p))] = flops[p].si();
  }
  return result;
}

json by_component(const PerComponent<Energy>& energy) {
  json result = json::object();
  for (const Component c : all_components) result[std::string(name_of(c))] = energy[c].si();
  return result;
}

json by_activity(const engine::TimeByActivity& time) {
  return {{"kernel", time.kernel.si()},
          {"collective", time.collective.si()},
          {"neighbours", time.neighbours.si()},
          {"storage", time.storage.si()},
          {"busy", time.busy.si()},
          {"idle", time.idle.si()},
          {"sharing", time.sharing.si()},
          {"power", time.power.si()}};
}

json quantiles(const Quantiles& q) {
  return {{"count", q.count}, {"median_s", q.median.si()}, {"p99_s", q.p99.si()}, {"longest_s", q.most.si()}};
}

json flops_json(const Summary& s) {
  json result = {{"sustained_flops_per_s", s.sustained_all.si()},
                 {"flops_per_joule", s.flops_per_joule},
                 {"by_precision", json::object()}};
  for (const Precision p : all_precisions) {
    if (s.flops[p].si() <= 0.0) continue;
    json& entry = result["by_precision"][std::string(name_of(p))];
    entry = {{"flops", s.flops[p].si()},
             {"sustained_flops_per_s", s.sustained[p].si()},
             {"peak_flops_per_s", s.peak[p].si()}};
    if (s.peak[p].si() > 0.0) entry["share_of_peak"] = s.sustained[p] / s.peak[p];
  }
  return result;
}

json power_json(const Run& run) {
  const Summary& s = run.summary;
  json result = {{"mean_w", s.mean_power.si()},
                 {"peak_w", s.peak_power.si()},
                 {"budget_w", s.budget.si()},
                 {"policy", name_of(run.machine.facility.budget_policy)},
                 {"time_above_budget_s", s.time_above_budget.si()},
                 {"throttled_node_seconds", s.throttled_node_time.si()},
                 {"slowdown_mean", s.mean_power_slowdown},
                 {"slowdown_longest", s.longest_power_slowdown}};
  if (has_several_limits(run.machine.facility)) {
    result["throttled_node_seconds_by"] = {{"budget", s.throttled_by.budget.si()},
                                           {"ramp", s.throttled_by.ramp.si()},
                                           {"rack", s.throttled_by.rack.si()},
                                           {"node", s.throttled_by.node.si()}};
  }
  if (run.machine.facility.ramp) {
    const auto& ramp = run.record.ramp;
    result["ramp"] = {
        {"held_back_s", ramp.held_back.si()}, {"burning_s", ramp.burning.si()}, {"burned_j", ramp.burned.si()}};
  }
  if (run.machine.facility.cooling) {
    const PueSummary& pue = run.summary.pue;
    result["pue"] = {{"mean", pue.mean}, {"lowest", pue.lowest}, {"highest", pue.highest}};
  }
  return result;
}

json energy_json(const Run& run) {
  const auto& a = run.record.accounts;
  json result = {{"facility_meter_j", run.record.meter.si()},
                 {"accounts_j",
                  {{"jobs", a.jobs.si()},
                   {"idle_nodes", a.idle_nodes.si()},
                   {"network", a.network.si()},
                   {"storage", a.storage.si()},
                   {"losses", a.losses.si()},
                   {"cooling", a.cooling.si()}}},
                 {"components_j", by_component(run.record.components)}};
  if (run.machine.facility.ramp) result["accounts_j"]["burn"] = a.burn.si();
  if (run.machine.facility.heat_reused > 0.0) result["heat_reused_j"] = run.summary.heat_reused.si();
  if (const auto& grid = run.machine.facility.grid) {
    result["carbon_g"] = run.record.grid.carbon_g;
    result["cost"] = run.record.grid.money;
    result["currency"] = grid->currency;
  }
  return result;
}

json applications_json(const Summary& s) {
  json result = json::array();
  for (const auto& app : s.applications) {
    result.push_back({{"name", app.name},
                      {"model", app.model},
                      {"jobs", app.jobs},
                      {"finished", app.finished},
                      {"mean_run_time_s", app.mean_run_time.si()},
                      {"node_seconds", app.node_time.si()},
                      {"time_by_activity_s", by_activity(app.time)},
                      {"flops", by_precision(app.flops)},
                      {"energy_j", app.energy.si()},
                      {"power_slowdown", app.power_slowdown}});
  }
  return result;
}

json summary_value(const Run& run) {
  const Summary& s = run.summary;
  return {{"jobs",
           {{"total", s.jobs},
            {"finished", s.finished},
            {"timed_out", s.timed_out},
            {"refused", s.refused},
            {"backfilled", s.backfilled},
            {"wait_mean_s", s.mean_wait.si()},
            {"wait_median_s", s.median_wait.si()},
            {"wait_p95_s", s.p95_wait.si()},
            {"bounded_slowdown_mean", s.mean_bounded_slowdown},
            {"time_to_solution_mean_s", s.mean_time_to_solution.si()}}},
          {"time_s", s.end.si()},
          {"utilisation", s.utilisation},
          {"node_seconds_by_activity", by_activity(s.time)},
          {"flops", flops_json(s)},
          {"collectives", quantiles(s.collectives)},
          {"messages", quantiles(s.messages)},
          {"power", power_json(run)},
          {"energy", energy_json(run)},
          {"applications", applications_json(s)}};
}

json links_json(const engine::RunRecord& record) {
  json result = json::array();
  for (const auto& link : record.busiest_links) {
    result.push_back({{"link", link.name}, {"bytes", link.bytes.si()}, {"utilisation", link.utilisation}});
  }
  return result;
}

json notes_json(const workload::Trace& trace) {
  json result = json::array();
  for (const auto& note : trace.notes) result.push_back({{"what", note.what}, {"count", note.count}});
  return result;
}

// As text; a file name or an option of the command line may hold bytes that are not UTF-8.
std::string written(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string summary_json(const Run& run) {
  json value = summary_value(run);
  if (run.sureness) value["uncertainty"] = json::parse(intervals_json(*run.sureness));
  return written(value, 2);
}

std::string report_json(const Run& run) {
  json settings = json::object();
  for (const auto& [name, value] : run.record.settings) settings[name] = value;
  json report = {{"format", "zettasim-report"},  {"version", 1},           {"zettasim", run.version},
                 {"command", run.command},       {"seed", run.trace.seed}, {"settings", settings},
                 {"summary", summary_value(run)}};
  if (run.sureness) report["uncertainty"] = json::parse(intervals_json(*run.sureness));
  report.update({{"busiest_links", links_json(run.record)},
                 {"notes", notes_json(run.trace)},
                 {"platform", json::parse(run.machine.resolved)},
                 {"workload", json::parse(workload::write_json_trace(run.trace))}});
  return written(report, 1);
}

}  // namespace zettasim::report
