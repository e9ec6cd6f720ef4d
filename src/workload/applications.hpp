// The "applications" of a trace or a mix; private to workload.
#pragma once

#include <string>
#include <vector>

#include "zettasim/workload/application.hpp"

namespace zettasim::workload {

// In the order of their names.
std::vector<Application> read_applications(const Field& field);
// The members of "applications", one a line, in the order of their names.
std::string write_applications(const std::vector<Application>& applications);
// The text as a JSON string; bytes that are not UTF-8, which logs may hold, become the replacement character.
std::string quoted(const std::string& text);
// The application of jobs of which a log knows nothing but their time.
Application recorded_application();

}  // namespace zettasim::workload
