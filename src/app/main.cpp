// The table of contents of the program.
#include <fmt/format.h>

#include <algorithm>

#include "app/commands.hpp"
#include "app/version.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/suggest.hpp"

namespace zettasim::app {
namespace {

// What CLI11 leaves out of "A subcommand is required": which word it did not know, and the nearest that it does.
void suggest_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), word) == names.end()) {
    fmt::print(stderr, "\"{}\" is not a command{}\n", word, suggestion(word, names));
  }
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments) {
  CLI::App app("zettasim: a simulator of hybrid CPU/GPU supercomputers", "zettasim");
  int exit_code = success;
  app.require_subcommand(1);
  app.set_version_flag("--version", version());
  app.footer(
      "Examples:\n"
      "  zettasim run fugakunext mixed-day --out out\n"
      "  zettasim platform show fugakunext\n"
      "  zettasim workload describe mixed-day\n"
      "Exit codes: 0 done, 1 (check, validate) a regression, 2 bad input, 3 (with --strict) a simulated job did not "
      "finish.");
  add_run(app, exit_code);
  add_predict(app, exit_code);
  add_power(app, exit_code);
  add_compare(app, exit_code);
  add_platform(app, exit_code);
  add_workload(app, exit_code);
  add_collective(app, exit_code);
  add_topology(app, exit_code);
  add_route(app, exit_code);
  add_replay(app, exit_code);
  add_check(app, exit_code);
  add_sweep(app, exit_code);
  add_validate(app, exit_code);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them last one first
  } catch (const CLI::ParseError& error) {
    if (!arguments.empty() && error.get_name() == "RequiredError") suggest_command(app, arguments[0]);
    return app.exit(error) == 0 ? success : bad_input;
  } catch (const InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return bad_input;
  }
  return exit_code;
}

}  // namespace zettasim::app

int main(int argc, char** argv) { return zettasim::app::run_command_line({argv + 1, argv + argc}); }
