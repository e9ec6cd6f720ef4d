// zettasim platform list | show | check.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/commands.hpp"
#include "app/library.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/platform/load.hpp"
#include "zettasim/topology/export_graph.hpp"
#include "zettasim/topology/export_xml.hpp"
#include "zettasim/topology/metrics.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::app {
namespace {

using nlohmann::json;

struct PlatformArguments {
  std::vector<std::string> files;
  std::vector<std::string> overlays;
  std::vector<std::string> settings;
  bool json = false;
  std::string format = "simgrid";
  std::optional<std::string> out;

  platform::Machine load(const std::string& name) const {
    platform::Changes changes{.overlays = {}, .settings = settings};
    for (const auto& overlay : overlays) changes.overlays.push_back(find_in_library(overlay, "platforms/overlays"));
    return platform::load_machine(find_in_library(name, "platforms"), changes);
  }
};

std::string one_line(const platform::Machine& machine) {
  return fmt::format("{:>9} nodes {:>9} GPUs {:>13} FP64 {:>13} FP8 {:>9}",
                     with_thousands(static_cast<unsigned long long>(machine.node_count)),
                     with_thousands(static_cast<unsigned long long>(machine.gpu_count())),
                     to_text(std::max(machine.peak(Precision::fp64), machine.peak(Precision::fp64_matrix))),
                     to_text(machine.peak(Precision::fp8)), to_text(machine.facility.budget));
}

void list() {
  for (const auto& file : list_library("platforms")) {
    try {
      fmt::print("{:<14} {}\n", file.stem().string(), one_line(platform::load_machine(file)));
    } catch (const InputError& error) {
      fmt::print("{:<14} cannot be read: {}\n", file.stem().string(), to_text(error.problems().front()));
    }
  }
}

// One line per value with its status and source; a block's origin is told once, where it stands.
void show_values(const json& value, const std::string& path) {
  if (value.is_object() && value.contains("value")) {
    fmt::print("{:<52} {:<18} {:<8} {}\n", path,
               value["value"].is_string() ? value["value"].get<std::string>() : value["value"].dump(),
               value.value("status", ""), value.value("source", ""));
  } else if (value.is_object()) {
    if (value.contains("origin")) {
      fmt::print("{:<52} {:<18} {:<8} {}\n", path.empty() ? "/" : path, "(unless told)",
                 value["origin"].value("status", ""), value["origin"].value("source", ""));
    }
    for (const auto& [key, member] : value.items()) {
      if (key != "origin") show_values(member, path + "/" + key);
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) show_values(value[i], path + "/" + std::to_string(i));
  } else {
    fmt::print("{:<52} {}\n", path, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

void show(const PlatformArguments& arguments) {
  for (const auto& file : arguments.files) {
    const auto machine = arguments.load(file);
    const json resolved = json::parse(machine.resolved);
    if (arguments.json) {
      fmt::print("{}\n", resolved.dump(2));
    } else {
      fmt::print("{}\n{}\n{}\n\n", machine.name, machine.description, one_line(machine));
      show_values(resolved, "");
    }
  }
}

void check(const PlatformArguments& arguments) {
  std::vector<Problem> problems;
  for (const auto& file : arguments.files) {
    try {
      const auto machine = arguments.load(file);
      const auto network = topology::build_network(machine);
      if (!topology::is_connected(topology::to_graph(*network))) {
        problems.push_back({file, fmt::format("the network ({}) does not connect all nodes", network->describe())});
        continue;
      }
      fmt::print("{}: fine; {}, {} directed links\n", file, network->describe(), with_thousands(network->link_count()));
    } catch (const InputError& error) {
      problems.insert(problems.end(), error.problems().begin(), error.problems().end());
    }
  }
  if (!problems.empty()) throw InputError(std::move(problems));
}

std::string exported(const platform::Machine& machine, const std::string& format) {
  const auto network = topology::build_network(machine);
  if (format == "graphml") return topology::export_graph(*network, topology::GraphFormat::graphml);
  if (format == "dot") return topology::export_graph(*network, topology::GraphFormat::dot);
  return topology::export_simgrid_xml(machine, *network);
}

void export_network(const PlatformArguments& arguments) {
  if (arguments.files.size() != 1) throw InputError("platform export", "takes one machine at a time");
  const std::string text = exported(arguments.load(arguments.files.front()), arguments.format);
  if (arguments.out) {
    write_whole(*arguments.out, text);
  } else {
    fmt::print("{}", text);
  }
}

}  // namespace

void add_platform(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("platform", "Look at machine descriptions");
  command->require_subcommand(1);
  auto arguments = std::make_shared<PlatformArguments>();
  const auto add_changes = [&](CLI::App* sub) {
    sub->add_option("platform", arguments->files, "Files, or names of the library")->required();
    sub->add_option("--overlay", arguments->overlays, "Merge patch on the machine; may be repeated")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    sub->add_option("--set", arguments->settings, "Change one value, as in /node/gpus/count=8; may be repeated")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  command->add_subcommand("list", "The machines of the library, a line each")->callback([&exit_code] {
    list(), exit_code = success;
  });
  auto* show_command = command->add_subcommand("show", "Every value of a machine with its status and source");
  add_changes(show_command);
  show_command->add_flag("--json", arguments->json, "The resolved description as JSON");
  show_command->callback([arguments, &exit_code] { show(*arguments), exit_code = success; });
  auto* check_command =
      command->add_subcommand("check", "Read machines and their networks, and tell all that is wrong");
  add_changes(check_command);
  check_command->callback([arguments, &exit_code] { check(*arguments), exit_code = success; });
  auto* export_command = command->add_subcommand("export", "The network as a file for SimGrid or for graph tools");
  add_changes(export_command);
  export_command->add_option("--format", arguments->format, "simgrid (default; up to 1,024 nodes), graphml or dot")
      ->check(CLI::IsMember({"simgrid", "graphml", "dot"}));
  export_command->add_option("--out", arguments->out, "File to write; without it, standard output");
  export_command->callback([arguments, &exit_code] { export_network(*arguments), exit_code = success; });
  command->footer(
      "Examples:\n  zettasim platform list\n  zettasim platform show fugakunext --overlay thirty-megawatts\n  zettasim "
      "platform check my-machine.json\n  zettasim platform export two-nodes --format dot");
}

}  // namespace zettasim::app
