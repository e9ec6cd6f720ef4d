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
}  // namespace zettasim::app

int main(int argc, char** argv) {
  using namespace zettasim;
  CLI::App app("zettasim: a simulator of hybrid CPU/GPU supercomputers");
  int exit_code = app::success;
  app.require_subcommand(1);
  app.set_version_flag("--version", app::version());
  app.footer(
      "Examples:\n"
      "  zettasim run fugakunext mixed-day --out out\n"
      "  zettasim platform show fugakunext\n"
      "  zettasim workload describe mixed-day\n"
      "Exit codes: 0 done, 2 bad input, 3 (with --strict) a simulated job did not finish.");
  app::add_run(app, exit_code);
  app::add_predict(app, exit_code);
  app::add_platform(app, exit_code);
  app::add_workload(app, exit_code);
  app::add_collective(app, exit_code);
  app::add_topology(app, exit_code);
  app::add_route(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (argc > 1 && error.get_name() == "RequiredError") app::suggest_command(app, argv[1]);
    return app.exit(error) == 0 ? app::success : app::bad_input;
  } catch (const InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return app::bad_input;
  }
  return exit_code;
}
