// Scenarios with the numbers they are expected to give, and how far they may be off: the gate of a repository.
// The format is docs/formats-study.md.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "zettasim/base/document.hpp"
#include "zettasim/study/evaluate.hpp"

namespace zettasim::study {

// Which way off is a regression. The other way is an improvement, to be noted and kept with --update.
enum class Worse { lower, higher, either };

struct Expectation {
  std::string metric;
  std::string pointer;  // into the JSON that the scenario's command prints
  std::string unit;
  std::optional<double> expected;  // nothing yet: --update writes it
  double relative = 0.0;           // allowed difference as a share of what is expected
  double absolute = 0.0;           // or in the unit of the metric, whichever is larger
  Worse worse = Worse::either;
};

struct Scenario {
  std::string name;
  std::vector<std::string> command;
  std::vector<Expectation> expectations;
};

struct Baseline {
  std::string name;
  std::vector<Scenario> scenarios;
  Limits limits;
};

// Throws InputError with all problems of the file.
Baseline read_baseline(Document document);

enum class Verdict {
  as_expected,
  improved,   // off by more than the tolerance, to the better side
  regressed,  // off by more than the tolerance, to the worse side
  unknown,    // nothing is expected yet
  failed,     // the scenario gave no number
};

struct Finding {
  std::string scenario;
  const Expectation* expectation;  // outlived by the baseline
  Verdict verdict;
  double value = 0.0;
  std::string reason;  // why it failed; empty otherwise
  double wall_s = 0.0;
};

// One expectation held against one number.
Verdict judge(const Expectation& expectation, double value);

// Runs all scenarios, so many at a time; findings in the order of the file whatever that number is.
std::vector<Finding> check_baseline(const Baseline& baseline, const Program& program, std::size_t workers);

// The text of the baseline file with the values found in the place of those expected; everything else as it was, in
// its order. Scenarios that failed keep their values.
std::string updated(const std::string& text, const std::vector<Finding>& findings);

}  // namespace zettasim::study
