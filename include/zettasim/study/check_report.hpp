// What a check found, for a terminal, a CI server, a pull request and a page of trends.
#pragma once

#include <string>
#include <vector>

#include "zettasim/study/baseline.hpp"

namespace zettasim::study {

// One line per metric, what is wrong last, then a verdict in one line.
std::string check_text(const Baseline& baseline, const std::vector<Finding>& findings);

// JUnit XML: a suite per scenario, a case per metric.
std::string check_junit(const Baseline& baseline, const std::vector<Finding>& findings);

// A table of GitHub's Markdown; what is as expected folds away.
std::string check_markdown(const Baseline& baseline, const std::vector<Finding>& findings);

// [{"name", "unit", "value"}] of the metrics of one sense, as github-action-benchmark reads with the tools
// customBiggerIsBetter (those of which lower is worse) and customSmallerIsBetter (the others).
std::string check_values(const std::vector<Finding>& findings, Worse worse);

bool has_regressed(const std::vector<Finding>& findings);

}  // namespace zettasim::study
