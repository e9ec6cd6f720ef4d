// zettasim check: the scenarios of a baseline, held against what they are expected to give.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <thread>

#include "app/commands.hpp"
#include "app/studied_program.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/study/baseline.hpp"
#include "zettasim/study/check_report.hpp"

namespace zettasim::app {
namespace {

struct CheckArguments {
  std::string file;
  std::optional<std::string> junit;
  std::optional<std::string> markdown;
  std::optional<std::string> bigger;
  std::optional<std::string> smaller;
  std::size_t jobs = std::max(1U, std::thread::hardware_concurrency());
  bool update = false;
};

void update(const std::string& file, const std::vector<study::Finding>& findings) {
  for (const study::Finding& finding : findings) {
    if (finding.verdict == study::Verdict::failed) {
      throw InputError(file, fmt::format("is left as it was: {}, {} gave no number: {}", finding.scenario,
                                         finding.expectation->metric, finding.reason));
    }
  }
  write_whole(file, study::updated(read_text(file), findings));
  fmt::print("\n{} now expects what was found\n", file);
}

int check(const CheckArguments& arguments) {
  if (arguments.jobs < 1 || arguments.jobs > 1024)
    throw InputError("--jobs", fmt::format("found {}, expected 1 to 1024", arguments.jobs));
  const auto baseline = study::read_baseline(Document::load(arguments.file));
  const auto findings = study::check_baseline(baseline, studied_program(), arguments.jobs);
  fmt::print("{}", study::check_text(baseline, findings));
  if (arguments.junit) write_whole(*arguments.junit, study::check_junit(baseline, findings));
  if (arguments.markdown) write_whole(*arguments.markdown, study::check_markdown(baseline, findings));
  if (arguments.bigger) write_whole(*arguments.bigger, study::check_values(findings, study::Worse::lower));
  if (arguments.smaller) write_whole(*arguments.smaller, study::check_values(findings, study::Worse::higher));
  if (arguments.update) return update(arguments.file, findings), success;
  return study::has_regressed(findings) ? regression : success;
}

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("check", "Hold projected performance against a baseline: the gate for CI");
  auto arguments = std::make_shared<CheckArguments>();
  command->add_option("baseline", arguments->file, "A file of scenarios and what they are expected to give")
      ->required();
  command->add_flag("--update", arguments->update, "Write what was found into the baseline");
  command->add_option("--junit", arguments->junit, "Write JUnit XML into this file");
  command->add_option("--markdown", arguments->markdown, "Write a table for a pull request into this file");
  command->add_option("--bigger-is-better", arguments->bigger,
                      "Write values of which lower is worse, for github-action-benchmark's customBiggerIsBetter");
  command->add_option("--smaller-is-better", arguments->smaller,
                      "Write all other values, for its customSmallerIsBetter");
  command->add_option("--jobs", arguments->jobs, "Scenarios at a time; without it, as many as there are cores");
  command->footer(
      "Examples:\n  zettasim check tests/baselines/fugakunext.json --junit check.xml\n"
      "  zettasim check tests/baselines/fugakunext.json --update\n"
      "Exit codes: 0 no regression, 1 a regression or a scenario without result, 2 bad input.");
  command->callback([arguments, &exit_code] { exit_code = check(*arguments); });
}

}  // namespace zettasim::app
