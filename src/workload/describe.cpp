// Counts what a trace holds. See describe.hpp.
#include "zettasim/workload/describe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>

#include "zettasim/base/text.hpp"

namespace zettasim::workload {
namespace {

double node_hours(const Job& job) {
  return static_cast<double>(job.nodes) * in_hours(job.run_time.value_or(job.requested_time));
}

// The lower of the two middle ones where their number is even.
template <class T>
T median(std::vector<T> values) {
  if (values.empty()) return T{};
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void add_size(std::vector<SizeClass>& sizes, const Job& job) {
  const auto place = static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(job.nodes)) - 1);
  while (sizes.size() <= place) {
    const std::int64_t least = std::int64_t{1} << sizes.size();
    sizes.push_back({.least = least, .most = 2 * least - 1, .jobs = 0, .node_hours = 0.0});
  }
  ++sizes[place].jobs;
  sizes[place].node_hours += node_hours(job);
}

std::vector<ApplicationShare> share_by_application(const Trace& trace) {
  std::vector<ApplicationShare> shares;
  for (const Application& application : trace.applications)
    shares.push_back({application.name, application.model, 0, 0.0});
  for (const Job& job : trace.jobs) {
    ++shares.at(job.application).jobs;
    shares[job.application].node_hours += node_hours(job);
  }
  std::erase_if(shares, [](const ApplicationShare& share) { return share.jobs == 0; });
  std::stable_sort(shares.begin(), shares.end(),
                   [](const auto& a, const auto& b) { return a.node_hours > b.node_hours; });
  return shares;
}

}  // namespace

TraceDescription describe(const Trace& trace, std::optional<std::int64_t> machine_nodes) {
  TraceDescription result;
  result.name = trace.name;
  result.jobs = static_cast<std::int64_t>(trace.jobs.size());
  result.notes = trace.notes;
  result.machine_nodes = machine_nodes ? machine_nodes : trace.machine_nodes;
  if (trace.jobs.empty()) return result;
  std::vector<std::int64_t> nodes;
  std::vector<Duration> run_times;
  std::set<std::string> users;
  for (const Job& job : trace.jobs) {
    nodes.push_back(job.nodes);
    if (job.run_time) run_times.push_back(*job.run_time);
    if (!job.user.empty()) users.insert(job.user);
    result.node_hours += node_hours(job);
    result.mean_nodes += static_cast<double>(job.nodes) / static_cast<double>(trace.jobs.size());
    result.most_nodes = std::max(result.most_nodes, job.nodes);
    add_size(result.sizes, job);
  }
  for (const Duration time : run_times) result.mean_run_time += time / static_cast<double>(run_times.size());
  result.jobs_without_run_time = result.jobs - static_cast<std::int64_t>(run_times.size());
  result.median_nodes = median(nodes);
  result.median_run_time = median(run_times);
  result.users = static_cast<std::int64_t>(users.size());
  result.span = trace.jobs.back().submit - trace.jobs.front().submit;
  result.applications = share_by_application(trace);
  if (result.machine_nodes && result.span.si() > 0.0) {
    result.offered_load = result.node_hours / (static_cast<double>(*result.machine_nodes) * in_hours(result.span));
  }
  return result;
}

std::string to_text(const TraceDescription& d) {
  std::string text =
      fmt::format("{}: {} jobs over {}, {:.4g} node-hours", d.name, d.jobs, zettasim::to_text(d.span), d.node_hours);
  if (d.offered_load) text += fmt::format(", {} of {} nodes", percent(*d.offered_load), *d.machine_nodes);
  text += fmt::format("\nnodes: mean {:.4g}, median {}, most {}; run time: mean {}, median {}; users: {}\n",
                      d.mean_nodes, d.median_nodes, d.most_nodes, zettasim::to_text(d.mean_run_time),
                      zettasim::to_text(d.median_run_time), d.users);
  if (d.jobs_without_run_time > 0) {
    text += fmt::format("{} jobs give no run time; their requested time is counted\n", d.jobs_without_run_time);
  }
  const double all = d.node_hours > 0.0 ? d.node_hours : 1.0;
  for (const ApplicationShare& a : d.applications) {
    text += fmt::format("  {:<24} {:<14} {:>8} jobs {:>8} of the node-hours\n", a.name, a.model, a.jobs,
                        percent(a.node_hours / all));
  }
  for (const SizeClass& s : d.sizes) {
    if (s.jobs == 0) continue;
    text += fmt::format("  {:>6} to {:>6} nodes {:>8} jobs {:>8} of the node-hours\n", s.least, s.most, s.jobs,
                        percent(s.node_hours / all));
  }
  for (const TraceNote& note : d.notes) text += fmt::format("  note: {} {}\n", note.count, note.what);
  return text;
}

}  // namespace zettasim::workload
