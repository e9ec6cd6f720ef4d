// zettasim predict: one application alone on a machine.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/chosen_application.hpp"
#include "app/chosen_machine.hpp"
#include "app/commands.hpp"
#include "app/resolution_option.hpp"
#include "app/studied_program.hpp"
#include "app/uncertainty_option.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/engine/predict.hpp"
#include "zettasim/engine/simulate.hpp"
#include "zettasim/report/prediction.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::app {
namespace {

struct PredictArguments {
  ChosenMachine machine;
  std::string application;
  std::vector<std::string> parameters;
  std::optional<std::int64_t> nodes;
  engine::Resolution network = engine::Resolution::patterns;
  bool json = false;
  UncertaintyOption uncertainty;
  std::uint64_t seed = 1;
};

std::int64_t chosen_nodes(const PredictArguments& arguments, const platform::Machine& machine,
                          const workload::Application& application) {
  if (!arguments.nodes) return usual_nodes(machine, application);
  const std::int64_t nodes = *arguments.nodes;
  if (nodes >= 1 && nodes <= machine.node_count) return nodes;
  throw InputError("--nodes", fmt::format("found {}, expected 1 to {}, the nodes of \"{}\"", nodes, machine.node_count,
                                          machine.name));
}

std::vector<std::string> command_of(const PredictArguments& arguments) {
  std::vector<std::string> command = {"predict", arguments.machine.platform, arguments.application};
  command.insert(command.end(), arguments.parameters.begin(), arguments.parameters.end());
  if (arguments.nodes) command.insert(command.end(), {"--nodes", std::to_string(*arguments.nodes)});
  for (const auto& overlay : arguments.machine.overlays) command.insert(command.end(), {"--overlay", overlay});
  for (const auto& setting : arguments.machine.settings) command.insert(command.end(), {"--set", setting});
  if (arguments.network == engine::Resolution::messages) command.insert(command.end(), {"--network", "messages"});
  return command;
}

// A description with ranges is told with its interval, unless the result is for a program that did not ask for it.
std::optional<study::Uncertainty> uncertainty_of(const PredictArguments& arguments, const platform::Machine& machine) {
  const bool quick = arguments.network == engine::Resolution::patterns;
  const auto otherwise =
      quick && !arguments.json ? UncertaintyOption::Otherwise::usual : UncertaintyOption::Otherwise::none;
  const auto numbers = arguments.uncertainty.numbers_of(machine, otherwise);
  if (numbers.empty()) return std::nullopt;
  Progress progress("predictions");
  return study::uncertainty_of(command_of(arguments), numbers, arguments.uncertainty.draws(arguments.seed, progress),
                               studied_program());
}

void predict(const PredictArguments& arguments) {
  const auto machine = arguments.machine.load();
  const auto application = chosen_application(arguments.application, arguments.parameters);
  const auto nodes = chosen_nodes(arguments, machine, application);
  auto problems = misfits_of(machine, application, nodes);
  if (problems.empty() && arguments.network == engine::Resolution::messages) {
    problems = engine::find_message_misfits(machine, nodes);
  }
  if (!problems.empty()) throw InputError(std::move(problems));
  const auto network = topology::build_network(machine);
  const auto prediction = engine::predict(machine, *network, application, nodes, arguments.network);
  const report::Predicted predicted{machine, application, prediction, version(), command_of(arguments)};
  const auto uncertainty = uncertainty_of(arguments, machine);
  if (!arguments.json) {
    fmt::print("{}{}", report::prediction_screen(predicted),
               uncertainty ? study::uncertainty_text(*uncertainty) : std::string());
  } else if (!uncertainty) {
    fmt::print("{}", report::prediction_json(predicted));
  } else {
    auto result = nlohmann::ordered_json::parse(report::prediction_json(predicted));
    result["uncertainty"] = nlohmann::ordered_json::parse(study::uncertainty_json(*uncertainty));
    fmt::print("{}\n", result.dump(2));
  }
}

std::string model_names() {
  std::string names;
  for (const auto& model : workload::models()) names += fmt::format("{}{}", names.empty() ? "" : ", ", model.name);
  return names;
}

std::string parameter_list(const workload::ModelInfo& model) {
  std::string text = fmt::format("{}: {}\n", model.name, model.meaning);
  for (const auto& parameter : model.parameters) {
    std::string value = fmt::format("{}", parameter.default_value);
    if (parameter.dimension == Duration::dimension) value = exact_text(parameter.default_value, "s");
    if (!parameter.choices.empty())
      value = fmt::format("{} (of {})", parameter.choices[static_cast<std::size_t>(parameter.default_value)],
                          fmt::join(parameter.choices, ", "));
    text += fmt::format("  {:<22} {} [{}]\n", parameter.name, parameter.meaning, value);
  }
  return text;
}

}  // namespace

void add_predict(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("predict", "Time, FLOPS, power and energy of one application alone on a machine");
  auto arguments = std::make_shared<PredictArguments>();
  arguments->machine.add_options(*command);
  command
      ->add_option("application", arguments->application,
                   fmt::format("A model ({}), or a .json file with one application", model_names()))
      ->required();
  command->add_option("parameters", arguments->parameters, "Parameters of the model, as name=value");
  command->add_option(
      "--nodes", arguments->nodes,
      "On so many nodes, the first ones; without it on all, or up to 5 % less where it does not divide over all");
  add_resolution(*command, arguments->network);
  command->add_flag("--json", arguments->json, "Print the prediction as JSON");
  arguments->uncertainty.add_to(*command,
                                "So many draws of the numbers that carry a range, for the interval and what matters "
                                "most; 0: none. Without it 16, and none with --json or --network messages");
  command->add_option("--seed", arguments->seed, "Of the draws (1)");
  std::string footer =
      "Examples:\n"
      "  zettasim predict fugakunext hpl\n"
      "  zettasim predict frontier stencil cells_per_node=64e6 --nodes 1024\n"
      "  zettasim predict fugakunext llm-training --json\n"
      "  zettasim predict fugakunext hpcg --uncertainty 100 --seed 7\n\n"
      "Models, their parameters and [defaults]:\n\n";
  for (const auto& model : workload::models()) footer += parameter_list(model) + "\n";
  command->footer(footer);
  command->callback([arguments, &exit_code] {
    predict(*arguments);
    exit_code = success;
  });
}

}  // namespace zettasim::app
