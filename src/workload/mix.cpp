// Mixes: read from JSON, drawn for the jobs of a trace.
#include "zettasim/workload/mix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "applications.hpp"
#include "zettasim/base/random.hpp"

namespace zettasim::workload {
namespace {

std::size_t find_application(const Field& field, const std::vector<Application>& applications) {
  if (!field.is_string()) return field.text(), 0;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < applications.size(); ++i) {
    if (applications[i].name == field.text()) return i;
    names.push_back(applications[i].name);
  }
  field.problem(fmt::format("found {}, expected one of the mix's applications{}", field.found(),
                            suggestion(field.text(), names)));
  return 0;
}

MixRule read_rule(const Field& field, const std::vector<Application>& applications) {
  MixRule rule;
  const auto name = field["application"];
  rule.application = find_application(name, applications);
  if (rule.application < applications.size() && !repeats(applications[rule.application])) {
    name.problem(fmt::format(
        "application \"{}\" has no steps to repeat, so that the run time of a job cannot choose their number{}",
        applications[rule.application].name,
        applications[rule.application].model == "hpl" ? "; give it \"sections\": 0" : ""));
  }
  rule.share = field["share"].number(1e-6, 1e6);
  if (const auto least = field.optional("min_nodes")) rule.min_nodes = least->positive_count();
  if (const auto most = field.optional("max_nodes")) rule.max_nodes = most->positive_count();
  if (const auto least = field.optional("min_run_time")) rule.min_run_time = least->nonnegative<Duration>();
  if (const auto most = field.optional("max_run_time")) rule.max_run_time = most->positive<Duration>();
  if (rule.min_nodes > rule.max_nodes) field.problem("fits no job: min_nodes is above max_nodes");
  if (rule.min_run_time > rule.max_run_time) field.problem("fits no job: min_run_time is above max_run_time");
  return rule;
}

bool fits(const MixRule& rule, const Job& job) {
  const Duration time = job.run_time.value_or(job.requested_time);
  return job.nodes >= rule.min_nodes && job.nodes <= rule.max_nodes && time >= rule.min_run_time &&
         time <= rule.max_run_time;
}

// The rule drawn for a job, or null where none fits.
const MixRule* draw(const Mix& mix, const Job& job, std::uint64_t seed) {
  double shares = 0.0;
  for (const MixRule& rule : mix.rules) shares += fits(rule, job) ? rule.share : 0.0;
  if (shares <= 0.0) return nullptr;
  double left = RandomStream(seed, "mix", static_cast<std::uint64_t>(job.number)).uniform() * shares;
  const MixRule* last = nullptr;
  for (const MixRule& rule : mix.rules) {
    if (!fits(rule, job)) continue;
    last = &rule;
    if (left < rule.share) break;
    left -= rule.share;
  }
  return last;
}

}  // namespace

Application recorded_application() {
  for (const ModelInfo& model : models()) {
    if (model.name != "recorded") continue;
    Application application{.name = "recorded", .model = "recorded", .parameters = {}, .tier = {}, .program = {}};
    for (const ParameterInfo& info : model.parameters) {
      application.parameters[std::string(info.name)] = info.default_value;
    }
    return application;
  }
  return {};
}

Mix read_mix(Document document) {
  const Field root = document.root();
  check_format(root, "zettasim-mix", 1);
  Mix mix;
  mix.name = root["name"].text();
  if (const auto seed = root.optional("seed")) {
    mix.seed = static_cast<std::uint64_t>(seed->count(std::numeric_limits<std::int64_t>::max()));
  }
  mix.applications = read_applications(root["applications"]);
  const auto rules = root["rules"];
  for (const Field& rule : rules.items()) mix.rules.push_back(read_rule(rule, mix.applications));
  if (rules.is_array() && mix.rules.empty()) rules.problem("is empty; a mix needs at least one rule");
  document.finish();
  return mix;
}

Mix load_mix(const std::filesystem::path& file) { return read_mix(Document::load(file)); }

void apply_mix(Trace& trace, const Mix& mix, std::uint64_t seed) {
  std::vector<Application> applications = mix.applications;
  std::map<std::size_t, std::size_t> kept;  // application of the trace -> where it stands after the mix's
  std::int64_t without_rule = 0;
  for (Job& job : trace.jobs) {
    if (const MixRule* rule = draw(mix, job, seed)) {
      job.application = rule->application;
      continue;
    }
    ++without_rule;
    const auto [place, fresh] = kept.emplace(job.application, applications.size());
    if (fresh) {
      Application own = trace.applications.at(job.application);
      while (std::any_of(applications.begin(), applications.end(), [&](const auto& a) { return a.name == own.name; })) {
        own.name += "-of-the-log";
      }
      applications.push_back(std::move(own));
    }
    job.application = place->second;
  }
  trace.applications = std::move(applications);
  if (without_rule > 0)
    trace.notes.push_back({"jobs that no rule of the mix fits, which keep their own application", without_rule});
}

}  // namespace zettasim::workload
