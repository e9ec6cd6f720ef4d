#include "zettasim/report/summary.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace zettasim::report {
namespace {

using engine::JobRecord;
using engine::JobStatus;

// The smallest value with at least this share of the sorted values at or below it.
double quantile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0.0;
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(1.0, rank)) - 1];
}

Quantiles weighted_quantiles(const std::vector<engine::LatencySample>& sorted) {
  Quantiles result;
  for (const auto& sample : sorted) result.count += sample.count;
  if (result.count <= 0.0) return result;
  const auto at = [&](double share) {
    double seen = 0.0;
    for (const auto& sample : sorted) {
      seen += sample.count;
      if (seen >= share * result.count) return sample.latency;
    }
    return sorted.back().latency;
  };
  result.median = at(0.5);
  result.p99 = at(0.99);
  result.most = sorted.back().latency;
  return result;
}

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return values.empty() ? 0.0 : sum / static_cast<double>(values.size());
}

void summarize_jobs(const workload::Trace& trace, const engine::RunRecord& record, Summary& summary) {
  std::vector<double> waits, slowdowns, solutions, held_back;
  for (std::size_t i = 0; i < record.jobs.size(); ++i) {
    const JobRecord& job = record.jobs[i];
    ++summary.jobs;
    summary.refused += job.status == JobStatus::refused;
    summary.finished += job.status == JobStatus::finished;
    summary.timed_out += job.status == JobStatus::timed_out;
    summary.backfilled += job.backfilled;
    if (job.status == JobStatus::refused) continue;
    const double wait = (job.start - trace.jobs[i].submit).si();
    const double run = (job.end - job.start).si();
    waits.push_back(wait);
    slowdowns.push_back(std::max(1.0, (wait + run) / std::max(run, 10.0)));
    if (job.status == JobStatus::finished) solutions.push_back(wait + run);
    held_back.push_back(power_slowdown(job));
    summary.throttled_node_time += job.throttled * static_cast<double>(trace.jobs[i].nodes);
    summary.throttled_by += job.throttled_by * static_cast<double>(trace.jobs[i].nodes);
    summary.longest_power_slowdown = std::max(summary.longest_power_slowdown, held_back.back());
    summary.time += job.time * static_cast<double>(trace.jobs[i].nodes);
    for (const Precision p : all_precisions) summary.flops[p] += job.flops[p];
  }
  std::sort(waits.begin(), waits.end());
  summary.mean_wait = seconds(mean(waits));
  summary.median_wait = seconds(quantile(waits, 0.5));
  summary.p95_wait = seconds(quantile(waits, 0.95));
  summary.mean_bounded_slowdown = mean(slowdowns);
  if (!held_back.empty()) summary.mean_power_slowdown = mean(held_back);
  summary.mean_time_to_solution = seconds(mean(solutions));
}

double slowdown(Duration run, Duration held_back) {
  return held_back > Duration() && run > held_back ? run / (run - held_back) : 1.0;
}

void summarize_applications(const workload::Trace& trace, const engine::RunRecord& record, Summary& summary) {
  std::map<std::string, ApplicationSummary> by_name;
  std::map<std::string, std::int64_t> ran;
  for (std::size_t i = 0; i < record.jobs.size(); ++i) {
    const workload::Application& application = trace.applications[trace.jobs[i].application];
    ApplicationSummary& of = by_name[application.name];
    of.name = application.name;
    of.model = application.model;
    ++of.jobs;
    const JobRecord& job = record.jobs[i];
    of.finished += job.status == JobStatus::finished;
    ran[application.name] += job.status != JobStatus::refused;
    of.mean_run_time += job.end - job.start;
    of.node_time += (job.end - job.start) * static_cast<double>(trace.jobs[i].nodes);
    of.time += job.time;
    for (const Precision p : all_precisions) of.flops[p] += job.flops[p];
    of.energy += job.energy.sum();
  }
  for (auto& [name, application] : by_name) {
    application.power_slowdown = slowdown(application.time.sum(), application.time.power);
    if (ran[name] > 0) application.mean_run_time = application.mean_run_time / static_cast<double>(ran[name]);
    summary.applications.push_back(std::move(application));
  }
}

// For how much of the time from `from` until `until` the power is above the budget, whose limit may move.
Duration time_above_budget(const platform::Facility& facility, Power power, Duration from, Duration until) {
  Duration above, since = from;
  const auto count_until = [&](Duration to) {
    if (to > since && power > budget_at(facility, since)) above += to - since;
    since = std::max(since, to);
  };
  for (const auto& step : facility.budget_signal) count_until(std::min(step.from, until));
  count_until(until);
  return above;
}

double pue_of(double facility, double cooling) { return facility > cooling ? facility / (facility - cooling) : 1.0; }

void summarize_power(const platform::Machine& machine, const engine::RunRecord& record, Summary& summary) {
  summary.budget = machine.facility.budget;
  summary.energy = record.meter;
  summary.heat_reused = record.meter * machine.facility.heat_reused;
  summary.pue.mean = pue_of(record.meter.si(), record.accounts.cooling.si());
  summary.pue.lowest = summary.pue.highest = summary.pue.mean;
  summary.mean_power = record.end.si() > 0.0 ? record.meter / record.end : Power();
  for (std::size_t i = 0; i < record.power.size(); ++i) {
    const Duration until = i + 1 < record.power.size() ? record.power[i + 1].time : record.end;
    if (until <= record.power[i].time) continue;
    const Power power = record.power[i].power.sum();
    summary.peak_power = std::max(summary.peak_power, power);
    const double pue = pue_of(power.si(), record.power[i].power[Component::cooling].si());
    summary.pue.lowest = std::min(summary.pue.lowest, pue);
    summary.pue.highest = std::max(summary.pue.highest, pue);
    summary.time_above_budget += time_above_budget(machine.facility, power, record.power[i].time, until);
  }
}

}  // namespace

Power budget_at(const platform::Facility& facility, Duration time) {
  Power limit = facility.budget;
  for (const auto& step : facility.budget_signal) {
    if (step.from <= time) limit = step.limit;
  }
  return limit;
}

bool has_several_limits(const platform::Facility& facility) {
  return facility.ramp || facility.rack_limit || facility.node_limit;
}

double power_slowdown(const JobRecord& job) { return slowdown(job.end - job.start, job.time.power); }

Summary summarize(const platform::Machine& machine, const workload::Trace& trace, const engine::RunRecord& record) {
  Summary summary;
  summary.end = record.end;
  summarize_jobs(trace, record, summary);
  summarize_applications(trace, record, summary);
  summarize_power(machine, record, summary);
  const bool ran = record.end.si() > 0.0;
  summary.utilisation = ran ? record.node_time / (record.end * static_cast<double>(machine.node_count)) : 0.0;
  FlopCount all;
  for (const Precision p : all_precisions) {
    all += summary.flops[p];
    summary.peak[p] = machine.peak(p);
    if (ran) summary.sustained[p] = summary.flops[p] / record.end;
  }
  if (ran) summary.sustained_all = all / record.end;
  if (record.meter.si() > 0.0) summary.flops_per_joule = all.si() / record.meter.si();
  summary.collectives = weighted_quantiles(record.collectives);
  summary.messages = weighted_quantiles(record.messages);
  return summary;
}

std::vector<PowerBin> bin_power(const engine::RunRecord& record, std::size_t bins) {
  std::vector<PowerBin> result;
  if (record.end.si() <= 0.0 || record.power.empty()) return result;
  const Duration width = record.end / static_cast<double>(bins);
  std::size_t step = 0;
  for (std::size_t b = 0; b < bins; ++b) {
    PowerBin bin{
        .from = width * static_cast<double>(b), .to = width * static_cast<double>(b + 1), .mean = {}, .highest = {}};
    if (b + 1 == bins) bin.to = record.end;
    const auto holds_until = [&] { return step + 1 < record.power.size() ? record.power[step + 1].time : record.end; };
    while (true) {
      const Duration from = std::max(bin.from, record.power[step].time);
      const Duration to = std::min(bin.to, holds_until());
      if (to > from) {
        const double share = (to - from) / (bin.to - bin.from);
        bin.mean += record.power[step].power * share;
        bin.highest = std::max(bin.highest, record.power[step].power.sum());
        bin.busy_nodes += static_cast<double>(record.power[step].busy_nodes) * share;
      }
      if (holds_until() > bin.to || step + 1 >= record.power.size()) break;
      ++step;
    }
    result.push_back(bin);
  }
  return result;
}

}  // namespace zettasim::report
