// The commands of the program, one file each. Each adds itself to the command line; its work happens when that is
// parsed.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace zettasim::app {

// What the program exits with (docs/formats.md).
enum ExitCode { success = 0, regression = 1, bad_input = 2, simulated_failure = 3, interrupted_run = 130 };

// One command line, without the name of the program: the exit code. Studies call it in the children that they fork.
int run_command_line(const std::vector<std::string>& arguments);

// Each sets `exit_code` when its command ran.
void add_run(CLI::App& app, int& exit_code);
void add_platform(CLI::App& app, int& exit_code);
void add_workload(CLI::App& app, int& exit_code);
void add_collective(CLI::App& app, int& exit_code);
void add_topology(CLI::App& app, int& exit_code);
void add_predict(CLI::App& app, int& exit_code);
void add_power(CLI::App& app, int& exit_code);
void add_compare(CLI::App& app, int& exit_code);
void add_route(CLI::App& app, int& exit_code);
void add_replay(CLI::App& app, int& exit_code);
void add_check(CLI::App& app, int& exit_code);
void add_sweep(CLI::App& app, int& exit_code);
void add_validate(CLI::App& app, int& exit_code);

}  // namespace zettasim::app
