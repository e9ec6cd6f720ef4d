// zettasim validate: predictions beside published measurements.
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <thread>

#include "app/commands.hpp"
#include "app/studied_program.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/study/published.hpp"

namespace zettasim::app {
namespace {

constexpr const char* folder = "workloads/published";

struct ValidateArguments {
  std::vector<std::string> tables;
  std::string data;
  std::size_t jobs = std::max(1U, std::thread::hardware_concurrency());
  bool json = false;
};

std::vector<study::PublishedTable> chosen_tables(const std::vector<std::string>& names) {
  std::vector<std::filesystem::path> files;
  for (const auto& name : names) files.push_back(find_in_library(name, folder));
  if (names.empty()) files = list_library(folder);
  if (files.empty()) throw InputError(folder, "the library has no published runs; name a file with --table");
  std::vector<study::PublishedTable> tables;
  for (const auto& file : files) tables.push_back(study::read_published(file.stem().string(), Document::load(file)));
  return tables;
}

int validate(const ValidateArguments& arguments) {
  if (arguments.jobs < 1 || arguments.jobs > 1024)
    throw InputError("--jobs", fmt::format("found {}, expected 1 to 1024", arguments.jobs));
  const auto tables = chosen_tables(arguments.tables);
  const auto validated = study::validate(tables, studied_program(), arguments.data, arguments.jobs);
  fmt::print("{}", arguments.json ? study::validation_json(validated, version()) : study::validation_text(validated));
  for (const auto& table : validated) {
    if (!table.holds()) return regression;
  }
  return success;
}

}  // namespace

void add_validate(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("validate", "Predictions beside published measurements, with their errors");
  auto arguments = std::make_shared<ValidateArguments>();
  command
      ->add_option(
          "--table", arguments->tables,
          "hpl, hpl-time, hpcg, mxp, power, node-power, training, collectives, batch, or a file; all without it")
      ->delimiter(',');
  command->add_option("--data", arguments->data,
                      "Folder of logs that some rows need and that cannot come with the program; rows without their "
                      "log are left out, and named");
  command->add_option("--jobs", arguments->jobs, "Predictions at a time; without it, as many as there are cores");
  command->add_flag("--json", arguments->json, "Print the tables as JSON");
  command->footer(
      "Examples:\n  zettasim validate --table hpcg\n  zettasim validate --json\n"
      "Exit codes: 0 all tables within their bounds, 1 one is not or has a row without prediction, 2 bad input.");
  command->callback([arguments, &exit_code] { exit_code = validate(*arguments); });
}

}  // namespace zettasim::app
