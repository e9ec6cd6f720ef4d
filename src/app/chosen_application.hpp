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

// On how many nodes the application runs when nobody says: all, or a few less where it does not divide over all of
// them (up to one in twenty, and 256; copies of a model need multiples). All where it fits on none of those.
std::int64_t usual_nodes(const platform::Machine& machine, const workload::Application& application);

}  // namespace zettasim::app
