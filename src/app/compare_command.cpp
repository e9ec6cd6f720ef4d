// zettasim compare: the same applications alone on several machines, side by side.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/chosen_application.hpp"
#include "app/commands.hpp"
#include "app/library.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/engine/predict.hpp"
#include "zettasim/platform/load.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::app {
namespace {

using nlohmann::ordered_json;

struct CompareArguments {
  std::vector<std::string> platforms;
  std::vector<std::string> applications = {"hpl"};
  bool json = false;
};

// One application on one machine, or why it does not run there.
struct Row {
  std::string platform;
  std::string application;
  std::int64_t nodes = 0;
  engine::Prediction prediction;
  std::string misfit;

  FlopRate speed() const { return prediction.outcome.flops / prediction.time; }
  Power power() const { return prediction.total_energy() / prediction.time; }
};

Row compare_one(const platform::Machine& machine, const topology::Network& network,
                const workload::Application& application) {
  Row row{machine.name, application.name, usual_nodes(machine, application), {}, {}};
  const auto problems = misfits_of(machine, application, row.nodes);
  if (!problems.empty()) {
    row.misfit = problems.front().text;
    return row;
  }
  row.prediction = engine::predict(machine, network, application, row.nodes);
  if (row.prediction.time <= Duration()) row.misfit = "nothing in it takes time";
  return row;
}

// A machine as named, or one with overlays behind plus signs: "fugakunext+pec-2".
platform::Machine load_named(const std::string& named) {
  const auto plus = named.find('+');
  std::error_code ignored;
  if (plus == std::string::npos || std::filesystem::exists(named, ignored)) {
    return platform::load_machine(find_in_library(named, "platforms"), {});
  }
  platform::Changes changes;
  for (std::size_t from = plus; from != std::string::npos;) {
    const auto end = named.find('+', from + 1);
    const std::string overlay = named.substr(from + 1, end == std::string::npos ? end : end - from - 1);
    changes.overlays.push_back(find_in_library(overlay, "platforms/overlays"));
    from = end;
  }
  auto machine = platform::load_machine(find_in_library(named.substr(0, plus), "platforms"), changes);
  machine.name += named.substr(plus);
  return machine;
}

// By application, then in the order in which the machines were named.
std::vector<Row> compare(const CompareArguments& arguments) {
  std::vector<workload::Application> applications;
  for (const auto& name : arguments.applications) applications.push_back(chosen_application(name, {}));
  std::vector<std::vector<Row>> by_application(applications.size());
  for (const auto& platform : arguments.platforms) {
    const auto machine = load_named(platform);
    const auto network = topology::build_network(machine);
    for (std::size_t i = 0; i < applications.size(); ++i)
      by_application[i].push_back(compare_one(machine, *network, applications[i]));
  }
  std::vector<Row> rows;
  for (const auto& part : by_application) rows.insert(rows.end(), part.begin(), part.end());
  return rows;
}

std::string table(const std::vector<Row>& rows) {
  std::string text;
  std::string application;
  for (const Row& row : rows) {
    if (row.application != application) {
      application = row.application;
      text += fmt::format("{}{:<32}{:>9}{:>15}{:>11}{:>13}{:>11}{:>15}\n", text.empty() ? "" : "\n", application,
                          "nodes", "speed", "power", "GFLOP/s/W", "facility", "time");
    }
    text += fmt::format("  {:<30}{:>9}", row.platform, row.nodes);
    if (!row.misfit.empty()) {
      text += fmt::format("   {}\n", row.misfit);
    } else {
      text += fmt::format("{:>15}{:>11}{:>13.4g}{:>11}{:>15}\n", to_text(row.speed()), to_text(row.power()),
                          row.speed().si() / row.power().si() / 1e9, to_text(row.prediction.facility_power),
                          to_text(row.prediction.time));
    }
  }
  return text;
}

std::string json_rows(const std::vector<Row>& rows) {
  ordered_json list = ordered_json::array();
  for (const Row& row : rows) {
    ordered_json one = {{"application", row.application}, {"platform", row.platform}, {"nodes", row.nodes}};
    if (!row.misfit.empty()) {
      one["misfit"] = row.misfit;
    } else {
      one["flops"] = row.speed().si();
      one["power_mean_w"] = row.power().si();
      one["facility_power_w"] = row.prediction.facility_power.si();
      one["flops_per_w"] = row.speed().si() / row.power().si();
      one["time_s"] = row.prediction.time.si();
      one["energy_j"] = row.prediction.total_energy().si();
    }
    list.push_back(std::move(one));
  }
  return ordered_json{{"rows", list}}.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

void add_compare(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("compare", "The same applications alone on several machines, side by side");
  auto arguments = std::make_shared<CompareArguments>();
  command
      ->add_option("platforms", arguments->platforms,
                   "Machines: files, or names of the library; overlays follow behind plus signs")
      ->required();
  command
      ->add_option("--app", arguments->applications,
                   "Models with their defaults, or .json files with one application; separated by commas")
      ->delimiter(',');
  command->add_flag("--json", arguments->json, "Print the rows as JSON");
  command->footer(
      "Examples:\n"
      "  zettasim compare fugakunext frontier jupiter\n"
      "  zettasim compare fugakunext fugaku --app hpl,stencil\n"
      "  zettasim compare fugakunext+pluggable-optics fugakunext+pec-2 --app fft3d\n"
      "  zettasim compare fugakunext+cooling-air fugakunext+cooling-cold-plate\n"
      "Power is that of the nodes and their share of the network; the facility's adds storage, cooling and nodes at "
      "rest.");
  command->callback([arguments, &exit_code] {
    const auto rows = compare(*arguments);
    fmt::print("{}", arguments->json ? json_rows(rows) : table(rows));
    exit_code = success;
  });
}

}  // namespace zettasim::app
