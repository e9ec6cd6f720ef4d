// Tables for spreadsheets and scripts: a header line, SI units in the column names.
#include <fmt/format.h>

#include <iterator>

#include "zettasim/report/outputs.hpp"

namespace zettasim::report {
namespace {

const char* status_name(engine::JobStatus status) {
  switch (status) {
    case engine::JobStatus::finished:
      return "finished";
    case engine::JobStatus::timed_out:
      return "timed_out";
    case engine::JobStatus::refused:
      return "refused";
  }
  return "";
}

// RFC 4180: a field with a comma, a quote or a line break is quoted.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? std::string("\"\"") : std::string(1, c);
  return result + "\"";
}

FlopCount sum(const PerPrecision<FlopCount>& flops) {
  FlopCount total;
  for (const Precision p : all_precisions) total += flops[p];
  return total;
}

}  // namespace

std::string jobs_csv(const Run& run) {
  std::string text =
      "job,user,application,status,nodes,pieces,first_node,submit_s,start_s,end_s,wait_s,run_s,requested_s,"
      "backfilled,steps,"
      "kernel_s,collective_s,neighbours_s,storage_s,busy_s,idle_s,sharing_s,power_s,throttled_s,power_slowdown,flops,"
      "energy_j,carbon_g,cost\n";
  auto out = std::back_inserter(text);
  for (std::size_t i = 0; i < run.record.jobs.size(); ++i) {
    const workload::Job& job = run.trace.jobs[i];
    const engine::JobRecord& r = run.record.jobs[i];
    fmt::format_to(out, "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},", job.number, quoted(job.user),
                   quoted(run.trace.applications[job.application].name), status_name(r.status), job.nodes, r.pieces,
                   r.first_node.index(), job.submit.si(), r.start.si(), r.end.si(), (r.start - job.submit).si(),
                   (r.end - r.start).si(), job.requested_time.si(), r.backfilled ? 1 : 0, r.steps_planned);
    fmt::format_to(out, "{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", r.time.kernel.si(), r.time.collective.si(),
                   r.time.neighbours.si(), r.time.storage.si(), r.time.busy.si(), r.time.idle.si(), r.time.sharing.si(),
                   r.time.power.si(), r.throttled.si(), power_slowdown(r), sum(r.flops).si(), r.energy.sum().si(),
                   r.grid.carbon_g, r.grid.money);
  }
  return text;
}

std::string power_csv(const Run& run) {
  std::string text = "from_s,to_s,busy_nodes,facility_mean_w,facility_highest_w";
  for (const Component c : all_components) text += fmt::format(",{}_w", name_of(c));
  text += "\n";
  auto out = std::back_inserter(text);
  for (const PowerBin& bin : bin_power(run.record, 1440)) {
    fmt::format_to(out, "{},{},{:.6g},{:.9g},{:.9g}", bin.from.si(), bin.to.si(), bin.busy_nodes, bin.mean.sum().si(),
                   bin.highest.si());
    for (const Component c : all_components) fmt::format_to(out, ",{:.9g}", bin.mean[c].si());
    text += "\n";
  }
  return text;
}

}  // namespace zettasim::report
