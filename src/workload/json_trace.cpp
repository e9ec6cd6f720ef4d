// Our own JSON traces, "zettasim-workload" version 1: in and out.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "applications.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/workload/read_trace.hpp"

namespace zettasim::workload {
namespace {

constexpr std::int64_t largest_number = std::numeric_limits<std::int64_t>::max();

// The application that a job names; a problem, and the first one, when there is none of that name.
std::size_t read_application_name(const Field& field, const std::vector<Application>& applications) {
  if (!field.is_string()) return field.text(), 0;
  const std::string name = field.text();
  const auto it = std::lower_bound(applications.begin(), applications.end(), name,
                                   [](const Application& a, const std::string& n) { return a.name < n; });
  if (it != applications.end() && it->name == name) return static_cast<std::size_t>(it - applications.begin());
  if (name.empty()) return 0;
  std::vector<std::string> names;
  for (const Application& application : applications) names.push_back(application.name);
  field.problem(
      fmt::format("found {}, expected one of the trace's applications{}", field.found(), suggestion(name, names)));
  return 0;
}

Job read_job(const Field& field, const std::vector<Application>& applications) {
  Job job;
  job.number = field["id"].count(largest_number);
  job.submit = field["submit"].nonnegative<Duration>();
  job.nodes = field["nodes"].positive_count();
  job.requested_time = field["requested_time"].positive<Duration>();
  if (const auto user = field.optional("user")) job.user = user->found() == "\"\"" ? "" : user->text();
  job.application = read_application_name(field["application"], applications);
  if (const auto run_time = field.optional("run_time")) {
    job.run_time = run_time->positive<Duration>();
    const bool known = job.application < applications.size();
    if (known && !repeats(applications[job.application])) {
      run_time->problem(
          fmt::format("application \"{}\" has no steps to repeat, so that a run time cannot choose their number; leave "
                      "run_time out{}",
                      applications[job.application].name,
                      applications[job.application].model == "hpl" ? ", or give the application \"sections\": 0" : ""));
    }
  }
  return job;
}

std::vector<Job> read_jobs(const Field& field, const std::vector<Application>& applications) {
  std::vector<Job> jobs;
  std::unordered_map<std::int64_t, std::size_t> seen;
  const auto items = field.items();
  jobs.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    jobs.push_back(read_job(items[i], applications));
    jobs.back().position = i;
    if (!items[i].is_object()) continue;
    const auto [first, fresh] = seen.emplace(jobs.back().number, i);
    if (!fresh && items[i]["id"].exists()) {
      items[i]["id"].problem(fmt::format("found {}, the id of /jobs/{} already", jobs.back().number, first->second));
    }
  }
  if (field.is_array() && items.empty()) field.problem("is empty; there is nothing to run");
  return jobs;
}

std::string write_job(const Trace& trace, const Job& job) {
  std::string line = fmt::format(R"({{"id": {}, "submit": "{}", "nodes": {}, "requested_time": "{}")", job.number,
                                 exact_text(job.submit.si(), "s"), job.nodes, exact_text(job.requested_time.si(), "s"));
  if (!job.user.empty()) line += fmt::format(", \"user\": {}", quoted(job.user));
  line += fmt::format(", \"application\": {}", quoted(trace.applications.at(job.application).name));
  if (job.run_time) line += fmt::format(", \"run_time\": \"{}\"", exact_text(job.run_time->si(), "s"));
  return line + "}";
}

}  // namespace

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<Application> read_applications(const Field& field) {
  std::vector<Application> applications;
  for (const auto& [name, member] : field.members()) applications.push_back(read_application(name, member));
  if (field.exists() && applications.empty() && field.is_object())
    field.problem("is empty; expected at least one application");
  return applications;
}

std::string write_applications(const std::vector<Application>& applications) {
  std::vector<const Application*> sorted;
  for (const Application& application : applications) sorted.push_back(&application);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  std::string text;
  for (const Application* application : sorted) {
    text += fmt::format("{}    {}", text.empty() ? "" : ",\n", write_application(*application));
  }
  return text;
}

Trace read_json_trace(Document document) {
  const Field root = document.root();
  check_format(root, "zettasim-workload", 1);
  Trace trace;
  trace.name = root["name"].text();
  if (const auto description = root.optional("description"); description && description->is_string()) {
    trace.description = description->found() == "\"\"" ? "" : description->text();
  }
  if (const auto seed = root.optional("seed")) trace.seed = static_cast<std::uint64_t>(seed->count(largest_number));
  if (const auto nodes = root.optional("machine_nodes")) trace.machine_nodes = nodes->positive_count();
  if (const auto recorded = root.optional("recorded")) trace.recorded = recorded->boolean();
  trace.applications = read_applications(root["applications"]);
  trace.jobs = read_jobs(root["jobs"], trace.applications);
  document.finish();
  std::stable_sort(trace.jobs.begin(), trace.jobs.end(),
                   [](const Job& a, const Job& b) { return a.submit < b.submit; });
  return trace;
}

std::string write_json_trace(const Trace& trace) {
  std::string text = "{\n  \"format\": \"zettasim-workload\",\n  \"version\": 1,\n";
  text += fmt::format("  \"name\": {},\n", quoted(trace.name));
  if (!trace.description.empty()) text += fmt::format("  \"description\": {},\n", quoted(trace.description));
  text += fmt::format("  \"seed\": {},\n", trace.seed);
  if (trace.machine_nodes) text += fmt::format("  \"machine_nodes\": {},\n", *trace.machine_nodes);
  if (trace.recorded) text += "  \"recorded\": true,\n";
  text += fmt::format("  \"applications\": {{\n{}\n  }},\n  \"jobs\": [\n", write_applications(trace.applications));
  for (std::size_t i = 0; i < trace.jobs.size(); ++i) {
    text += "    " + write_job(trace, trace.jobs[i]) + (i + 1 < trace.jobs.size() ? ",\n" : "\n");
  }
  return text + "  ]\n}\n";
}

}  // namespace zettasim::workload
