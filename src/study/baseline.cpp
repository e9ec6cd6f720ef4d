#include "zettasim/study/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "zettasim/base/field.hpp"

namespace zettasim::study {
namespace {

const Choices<Worse>& worse_names() {
  static const Choices<Worse> names = {{"lower", Worse::lower}, {"higher", Worse::higher}, {"either", Worse::either}};
  return names;
}

Expectation read_expectation(const std::string& name, const Field& field) {
  Expectation result;
  result.metric = name;
  result.pointer = field["at"].text();
  if (field["at"].is_string() && !result.pointer.starts_with('/')) {
    field["at"].problem(fmt::format("found {}, expected a JSON pointer such as /flops", field["at"].found()));
  }
  if (const auto unit = field.optional("unit")) {
    result.unit = unit->text();
    const auto one = parse_measure("1 " + result.unit);
    if (unit->is_string() && (!one || one->si != 1.0)) {
      unit->problem(
          fmt::format("found {}, expected a unit of results: s, B, B/s, FLOP, FLOP/s, J, W, FLOP/J", unit->found()));
    }
  }
  if (const auto expected = field.optional("expected")) result.expected = expected->number(-1e30, 1e30);
  const auto relative = field.optional("relative"), absolute = field.optional("absolute");
  if (relative) result.relative = relative->fraction();
  if (absolute) result.absolute = absolute->number(0.0, 1e30);
  if (field.is_object() && !relative && !absolute) {
    field.problem(
        "has no tolerance; expected \"relative\": 0.01 (a hundredth), \"absolute\" in the unit of the metric, or both");
  }
  result.worse = field["worse"].choice(worse_names());
  return result;
}

Scenario read_scenario(const std::string& name, const Field& field) {
  Scenario scenario{.name = name, .command = read_command(field["run"]), .expectations = {}};
  const Field metrics = field["metrics"];
  for (const auto& [metric, expectation] : metrics.members()) {
    scenario.expectations.push_back(read_expectation(metric, expectation));
  }
  if (metrics.is_object() && scenario.expectations.empty()) metrics.problem("is empty; expected at least one metric");
  return scenario;
}

std::vector<Finding> findings_of(const Scenario& scenario, const Ended& ended, const Limits& limits) {
  std::vector<Finding> findings;
  for (const Expectation& expectation : scenario.expectations) {
    Finding finding{.scenario = scenario.name,
                    .expectation = &expectation,
                    .verdict = Verdict::failed,
                    .reason = describe_failure(ended, limits),
                    .wall_s = ended.wall_s};
    if (finding.reason.empty()) {
      const Lookup found = look_up(ended.out, expectation.pointer);
      finding.reason = found.problem;
      finding.value = found.number.value_or(0.0);
      if (found.number) finding.verdict = judge(expectation, *found.number);
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

Baseline read_baseline(Document document) {
  Baseline baseline;
  const Field root = document.root();
  check_format(root, "zettasim-baseline", 1);
  if (document.has_problems()) throw InputError(document.problems());
  baseline.name = root["name"].text();
  const Field scenarios = root["scenarios"];
  for (const auto& [name, scenario] : scenarios.members()) baseline.scenarios.push_back(read_scenario(name, scenario));
  if (scenarios.is_object() && baseline.scenarios.empty())
    scenarios.problem("is empty; expected at least one scenario");
  if (const auto limits = root.optional("limits")) baseline.limits = read_limits(*limits);
  document.finish();
  return baseline;
}

Verdict judge(const Expectation& expectation, double value) {
  if (!expectation.expected) return Verdict::unknown;
  const double off = value - *expectation.expected;
  const double allowed = std::max(expectation.absolute, expectation.relative * std::abs(*expectation.expected));
  if (std::abs(off) <= allowed) return Verdict::as_expected;
  if (expectation.worse == Worse::either) return Verdict::regressed;
  return (off < 0.0) == (expectation.worse == Worse::lower) ? Verdict::regressed : Verdict::improved;
}

std::vector<Finding> check_baseline(const Baseline& baseline, const Program& program, std::size_t workers) {
  std::map<std::size_t, std::vector<Finding>> by_scenario;
  WorkerPool pool(workers, baseline.limits);
  for (std::size_t next = 0; next < baseline.scenarios.size() || !pool.is_idle();) {
    while (next < baseline.scenarios.size() && pool.has_room()) {
      auto command = baseline.scenarios[next].command;
      command.emplace_back("--json");
      pool.start(next++, [&program, command] { return program.run(command); });
    }
    for (const Ended& ended : pool.wait()) {
      by_scenario[ended.ticket] = findings_of(baseline.scenarios[ended.ticket], ended, baseline.limits);
    }
  }
  std::vector<Finding> findings;
  for (const auto& [scenario, those] : by_scenario) findings.insert(findings.end(), those.begin(), those.end());
  return findings;
}

std::string updated(const std::string& text, const std::vector<Finding>& findings) {
  auto baseline = nlohmann::ordered_json::parse(text);
  for (const Finding& finding : findings) {
    if (finding.verdict == Verdict::failed) continue;
    baseline["scenarios"][finding.scenario]["metrics"][finding.expectation->metric]["expected"] = finding.value;
  }
  return baseline.dump(2) + "\n";
}

}  // namespace zettasim::study
