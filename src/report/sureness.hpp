// Intervals beside the figures of a run's screen and page. Private to report.
#pragma once

#include <string>
#include <string_view>

#include "zettasim/report/outputs.hpp"

namespace zettasim::report {

std::string in_unit(const Figure& figure, double si);

// "13.6 MW [13.1 to 14.2]" of a figure that stands as 13.6 MW; as it stands where it was not drawn. Ends that are in
// another unit say so.
std::string with_interval(const Run& run, std::string_view metric, const std::string& stands);

// What the brackets mean, and how many draws gave no result; nothing where nothing was drawn.
std::string sureness_lines(const Run& run);

}  // namespace zettasim::report
