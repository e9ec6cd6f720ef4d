// The commands of the program, one file each. Each adds itself to the command line; its work happens when that is
// parsed.
#pragma once

#include <CLI/CLI.hpp>

namespace zettasim::app {

// What the program exits with (docs/formats.md).
enum ExitCode { success = 0, bad_input = 2, simulated_failure = 3 };

// Each sets `exit_code` when its command ran.
void add_run(CLI::App& app, int& exit_code);
void add_platform(CLI::App& app, int& exit_code);
void add_workload(CLI::App& app, int& exit_code);
void add_collective(CLI::App& app, int& exit_code);
void add_topology(CLI::App& app, int& exit_code);
void add_predict(CLI::App& app, int& exit_code);
void add_route(CLI::App& app, int& exit_code);

}  // namespace zettasim::app
