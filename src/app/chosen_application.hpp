// The application that a command line names, with its parameters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zettasim/base/problem.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/workload/application.hpp"

namespace zettasim::app {

// A model of ours by its name, or the application that a .json file describes; either with parameters as name=value.
// Throws InputError with all that is wrong with them.
workload::Application chosen_application(const std::string& name, const std::vector<std::string>& parameters);

// Why the application does not run on so many nodes of the machine; empty: it does.
std::vector<Problem> misfits_of(const platform::Machine& machine, const workload::Application& application,
                                std::int64_t nodes);

}  // namespace zettasim::app
