// Expectations, verdicts and the files that CI reads.
#include "zettasim/study/baseline.hpp"

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <sstream>

#include "support/catch.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/study/check_report.hpp"

using namespace zettasim;
using namespace zettasim::study;

namespace {

Expectation expecting(double expected, double relative, Worse worse, double absolute = 0.0) {
  return {.metric = "rate",
          .pointer = "/flops",
          .unit = "FLOP/s",
          .expected = expected,
          .relative = relative,
          .absolute = absolute,
          .worse = worse};
}

const std::string text = R"({
  "format": "zettasim-baseline",
  "version": 1,
  "name": "two",
  "scenarios": {
    "z-first": {"run": ["predict", "fugakunext", "hpl"], "metrics": {"rate": {"at": "/flops", "unit": "FLOP/s", "expected": 2e18, "relative": 0.01, "worse": "lower"}}},
    "a-last": {"run": ["predict", "frontier", "hpl"], "metrics": {"power": {"at": "/power", "unit": "W", "relative": 0.01, "worse": "higher"}}}
  }
})";

Baseline two() { return read_baseline(Document::parse("two.json", text)); }

std::vector<Finding> found(const Baseline& baseline, double power, double rate) {
  std::vector<Finding> findings;
  for (const Scenario& scenario : baseline.scenarios) {
    const Expectation& expectation = scenario.expectations[0];
    const double value = scenario.name == "a-last" ? power : rate;
    findings.push_back({.scenario = scenario.name,
                        .expectation = &expectation,
                        .verdict = judge(expectation, value),
                        .value = value,
                        .reason = "",
                        .wall_s = 0.1});
  }
  return findings;
}

bool has(const std::string& whole, const std::string& part) { return whole.find(part) != std::string::npos; }

}  // namespace

// 1 % of 100 is 1: 99 is still as expected, 98.9 is not.
TEST_CASE("a metric within its tolerance is as expected and outside it is not", "[study]") {
  const auto rate = expecting(100, 0.01, Worse::lower);
  CHECK(judge(rate, 99.0) == Verdict::as_expected);
  CHECK(judge(rate, 98.9) == Verdict::regressed);
  CHECK(judge(rate, 101.1) == Verdict::improved);
}

TEST_CASE("a longer time is a regression and a shorter one an improvement when higher is worse", "[study]") {
  const auto time = expecting(100, 0.01, Worse::higher);
  CHECK(judge(time, 102) == Verdict::regressed);
  CHECK(judge(time, 98) == Verdict::improved);
  CHECK(judge(expecting(100, 0.01, Worse::either), 98) == Verdict::regressed);
}

// Of -100 a hundredth is 1 as well; of zero only an absolute tolerance allows anything.
TEST_CASE("tolerances hold for negative and zero expectations", "[study]") {
  CHECK(judge(expecting(-100, 0.01, Worse::lower), -100.9) == Verdict::as_expected);
  CHECK(judge(expecting(-100, 0.01, Worse::lower), -101.1) == Verdict::regressed);
  CHECK(judge(expecting(0, 0.01, Worse::higher), 1e-9) == Verdict::regressed);
  CHECK(judge(expecting(0, 0.0, Worse::higher, 1.0), 0.9) == Verdict::as_expected);
}

TEST_CASE("a metric without an expectation asks for an update and regresses nothing", "[study]") {
  const Baseline baseline = two();
  const auto findings = found(baseline, 5, 2e18);
  CHECK_FALSE(has_regressed(findings));
  CHECK(has(check_text(baseline, findings), "run zettasim check --update to expect this"));
}

TEST_CASE("an update writes the numbers found and nothing else in the order of the file", "[study]") {
  const Baseline baseline = two();
  const std::string after = updated(text, found(baseline, 5.25, 1.9e18));
  CHECK(after.find("z-first") < after.find("a-last"));
  CHECK(after.find("\"format\"") < after.find("\"version\""));
  const Baseline again = read_baseline(Document::parse("two.json", after));
  CHECK(again.scenarios[0].expectations[0].expected == 5.25);
  CHECK(again.scenarios[1].expectations[0].expected == 1.9e18);
  CHECK(updated(after, found(again, 5.25, 1.9e18)) == after);
}

// 1.9 is 5 % below 2.
TEST_CASE("a regression is told with both numbers, the change and what was allowed", "[study]") {
  const Baseline baseline = two();
  const auto findings = found(baseline, 5, 1.9e18);
  CHECK(has_regressed(findings));
  CHECK(has(check_text(baseline, findings),
            "REGRESSED    1.90 EFLOP/s, -5.00 % from the expected 2.00 EFLOP/s; 1 % is allowed (lower is worse)"));
  CHECK(has(check_markdown(baseline, findings),
            "| z-first | rate | 2.00 EFLOP/s | 1.90 EFLOP/s | -5.00 % | REGRESSED |"));
}

TEST_CASE("the report for CI servers is well formed XML whatever a scenario is called and says", "[study]") {
  Baseline baseline = two();
  baseline.name = "a \"quote\" & <tags>";
  auto findings = found(baseline, 5, 1.9e18);
  findings[0].verdict = Verdict::failed;
  findings[0].reason = "line\nwith <angle> & \x01 control";
  std::istringstream stream(check_junit(baseline, findings));
  boost::property_tree::ptree tree;
  REQUIRE_NOTHROW(boost::property_tree::read_xml(stream, tree));
  std::size_t failures = 0, errors = 0;
  for (const auto& [name, suite] : tree.get_child("testsuites")) {
    if (name != "testsuite") continue;
    failures += suite.get<std::size_t>("<xmlattr>.failures");
    errors += suite.get<std::size_t>("<xmlattr>.errors");
  }
  CHECK(failures == 1);
  CHECK(errors == 1);
}

TEST_CASE("values for trends are split by what is better", "[study]") {
  const Baseline baseline = two();
  const auto findings = found(baseline, 5, 2e18);
  CHECK(has(check_values(findings, Worse::lower), "\"z-first, rate\""));
  CHECK_FALSE(has(check_values(findings, Worse::lower), "a-last"));
  CHECK(has(check_values(findings, Worse::higher), "\"a-last, power\""));
}
