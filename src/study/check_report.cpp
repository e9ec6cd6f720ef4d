#include "zettasim/study/check_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace zettasim::study {
namespace {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::as_expected:
      return "as expected";
    case Verdict::improved:
      return "better";
    case Verdict::regressed:
      return "REGRESSED";
    case Verdict::unknown:
      return "nothing expected yet";
    case Verdict::failed:
      return "FAILED";
  }
  return {};
}

bool is_wrong(const Finding& finding) {
  return finding.verdict == Verdict::regressed || finding.verdict == Verdict::failed;
}

std::string tolerance_of(const Expectation& e) {
  const std::string relative = fmt::format("{:.3g} %", e.relative * 100);
  if (e.absolute <= 0.0) return relative;
  const std::string absolute = shown(e.absolute, e.unit);
  return e.relative <= 0.0 ? absolute : fmt::format("{} or {}", relative, absolute);
}

// "+1.25 %"; of something expected to be zero, the difference itself.
std::string change_of(const Finding& finding) {
  if (!finding.expectation->expected) return "-";
  const double expected = *finding.expectation->expected;
  if (expected == 0.0) return (finding.value < 0.0 ? "" : "+") + shown(finding.value, finding.expectation->unit);
  return fmt::format("{:+.2f} %", 100.0 * (finding.value - expected) / std::abs(expected));
}

// "1.80 EFLOP/s, 4.92 % below the expected 1.90 EFLOP/s; at most 2 % is allowed (lower is worse)".
std::string sentence_of(const Finding& finding) {
  const Expectation& e = *finding.expectation;
  if (finding.verdict == Verdict::failed) return finding.reason;
  if (!e.expected) return fmt::format("{}; run zettasim check --update to expect this", shown(finding.value, e.unit));
  if (finding.verdict == Verdict::as_expected)
    return fmt::format("{} ({})", shown(finding.value, e.unit), change_of(finding));
  const char* worse = e.worse == Worse::lower    ? "lower is worse"
                      : e.worse == Worse::higher ? "higher is worse"
                                                 : "any difference is";
  std::string text = fmt::format("{}, {} from the expected {}; {} is allowed ({})", shown(finding.value, e.unit),
                                 change_of(finding), shown(*e.expected, e.unit), tolerance_of(e), worse);
  if (finding.verdict == Verdict::improved) text += "; --update keeps it";
  return text;
}

std::size_t count(const std::vector<Finding>& findings, Verdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(findings, verdict, &Finding::verdict));
}

std::string verdict_line(const Baseline& baseline, const std::vector<Finding>& findings) {
  std::string text =
      fmt::format("{}: {} metrics of {} scenarios", baseline.name, findings.size(), baseline.scenarios.size());
  const std::pair<Verdict, const char*> words[] = {{Verdict::as_expected, "as expected"},
                                                   {Verdict::improved, "better"},
                                                   {Verdict::unknown, "not expected yet"},
                                                   {Verdict::regressed, "regressed"},
                                                   {Verdict::failed, "failed"}};
  const char* before = ": ";
  for (const auto& [verdict, word] : words) {
    if (const auto number = count(findings, verdict); number > 0)
      text += fmt::format("{}{} {}", std::exchange(before, ", "), number, word);
  }
  return text;
}

std::string xml(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else if (c == '\n')
      result += "&#10;";
    else if (byte >= 0x20 || c == '\t')
      result += c;  // other control characters cannot stand in XML at all
  }
  return result;
}

// A table cell: no line breaks, no column marks.
std::string cell(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  std::string result;
  for (const char c : text) result += c == '|' ? std::string("\\|") : std::string(1, c);
  return result;
}

}  // namespace

bool has_regressed(const std::vector<Finding>& findings) { return std::ranges::any_of(findings, is_wrong); }

std::string check_text(const Baseline& baseline, const std::vector<Finding>& findings) {
  std::size_t width = 0;
  for (const Finding& finding : findings)
    width = std::max(width, finding.scenario.size() + finding.expectation->metric.size() + 2);
  std::string text;
  const auto add = [&](const Finding& finding) {
    text += fmt::format("{:<{}}  {:<11}  {}\n", finding.scenario + ", " + finding.expectation->metric, width,
                        name_of(finding.verdict), sentence_of(finding));
  };
  for (const Finding& finding : findings) {
    if (!is_wrong(finding)) add(finding);
  }
  for (const Finding& finding : findings) {
    if (is_wrong(finding)) add(finding);
  }
  return text + "\n" + verdict_line(baseline, findings) + "\n";
}

std::string check_junit(const Baseline& baseline, const std::vector<Finding>& findings) {
  std::string text =
      fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\">\n", xml(baseline.name));
  for (const Scenario& scenario : baseline.scenarios) {
    std::string cases;
    std::size_t tests = 0, failures = 0, errors = 0;
    double time = 0.0;
    for (const Finding& finding : findings) {
      if (finding.scenario != scenario.name) continue;
      ++tests;
      time = finding.wall_s;
      const bool regressed = finding.verdict == Verdict::regressed, failed = finding.verdict == Verdict::failed;
      failures += regressed ? 1 : 0, errors += failed ? 1 : 0;
      const std::string opening = fmt::format("    <testcase classname=\"{}\" name=\"{}\"", xml(scenario.name),
                                              xml(finding.expectation->metric));
      const std::string message = xml(sentence_of(finding));
      if (regressed || failed)
        cases += fmt::format("{}>\n      <{} message=\"{}\"/>\n    </testcase>\n", opening,
                             regressed ? "failure" : "error", message);
      else
        cases += fmt::format("{}>\n      <system-out>{}</system-out>\n    </testcase>\n", opening, message);
    }
    text += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n{}  </testsuite>\n",
        xml(scenario.name), tests, failures, errors, time, cases);
  }
  return text + "</testsuites>\n";
}

std::string check_markdown(const Baseline& baseline, const std::vector<Finding>& findings) {
  const auto table = [&](bool wrong_ones) {
    std::string rows;
    for (const Finding& finding : findings) {
      const bool noteworthy = finding.verdict != Verdict::as_expected;
      if (noteworthy != wrong_ones) continue;
      const Expectation& e = *finding.expectation;
      rows += fmt::format("| {} | {} | {} | {} | {} | {} |\n", cell(finding.scenario), cell(e.metric),
                          e.expected ? shown(*e.expected, e.unit) : "-",
                          finding.verdict == Verdict::failed ? cell(finding.reason) : shown(finding.value, e.unit),
                          finding.verdict == Verdict::failed ? "-" : change_of(finding), name_of(finding.verdict));
    }
    return rows.empty() ? rows
                        : "| scenario | metric | expected | found | change | |\n|---|---|---|---|---|---|\n" + rows;
  };
  std::string text = fmt::format("### {}\n\n{}", cell(verdict_line(baseline, findings)), table(true));
  if (const std::string rest = table(false); !rest.empty())
    text += fmt::format("\n<details><summary>As expected</summary>\n\n{}\n</details>\n", rest);
  return text;
}

std::string check_values(const std::vector<Finding>& findings, Worse worse) {
  auto values = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    const bool bigger_is_better = finding.expectation->worse == Worse::lower;
    if (finding.verdict == Verdict::failed || bigger_is_better != (worse == Worse::lower)) continue;
    values.push_back({{"name", finding.scenario + ", " + finding.expectation->metric},
                      {"unit", finding.expectation->unit},
                      {"value", finding.value}});
  }
  return values.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace zettasim::study
