// zettasim power: the bill of watts of a machine, from its devices to its facility, against the budget.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>

#include "app/chosen_application.hpp"
#include "app/chosen_machine.hpp"
#include "app/commands.hpp"
#include "app/version.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/unit.hpp"
#include "zettasim/engine/power_bill.hpp"
#include "zettasim/report/power_bill.hpp"

namespace zettasim::app {
namespace {

struct PowerArguments {
  ChosenMachine machine;
  std::string load = "idle";
  std::vector<std::string> parameters;
  std::vector<std::string> beside;
  std::optional<std::string> outside;  // temperature; nothing: as described
  bool json = false;
};

// Applications that are loads, and the models behind them.
struct ApplicationLoad {
  const char* name;
  const char* model;
};
constexpr std::array application_loads = {ApplicationLoad{"hpl", "hpl"}, ApplicationLoad{"hpcg", "hpcg"},
                                          ApplicationLoad{"llm", "llm-training"}};

// The model on all nodes, or as many as it divides over.
engine::Prediction predict(const platform::Machine& machine, const topology::Network& network,
                           const PowerArguments& arguments) {
  const auto* found = std::find_if(application_loads.begin(), application_loads.end(),
                                   [&](const auto& candidate) { return candidate.name == arguments.load; });
  const auto application = chosen_application(found->model, arguments.parameters);
  const auto nodes = usual_nodes(machine, application);
  if (auto problems = misfits_of(machine, application, nodes); !problems.empty()) {
    throw InputError(std::move(problems));
  }
  return engine::predict(machine, network, application, nodes);
}

std::vector<std::string> command_of(const PowerArguments& arguments) {
  std::vector<std::string> command = {"power", arguments.machine.platform, "--load", arguments.load};
  command.insert(command.end(), arguments.parameters.begin(), arguments.parameters.end());
  for (const auto& overlay : arguments.machine.overlays) command.insert(command.end(), {"--overlay", overlay});
  for (const auto& setting : arguments.machine.settings) command.insert(command.end(), {"--set", setting});
  for (const auto& overlay : arguments.beside) command.insert(command.end(), {"--beside", overlay});
  if (arguments.outside) command.insert(command.end(), {"--outside", *arguments.outside});
  return command;
}

report::PowerBill make_bill(const PowerArguments& arguments, const platform::Machine& machine, std::string variant) {
  const auto network = topology::build_network(machine);
  report::PowerBill bill{machine, std::move(variant), arguments.load, {}, {}, version(), command_of(arguments)};
  if (arguments.load == "idle") {
    bill.power = engine::power_at_rest(machine, *network);
  } else if (arguments.load == "peak") {
    bill.power = engine::power_at_peak(machine, *network);
  } else {
    const auto prediction = predict(machine, *network, arguments);
    bill.power = engine::power_during(machine, *network, prediction);
    bill.time = prediction.time;
  }
  return bill;
}

// The machine at the outside temperature that is asked for, where its cooling depends on one.
platform::Machine load_at(ChosenMachine chosen, const std::optional<std::string>& outside) {
  auto machine = chosen.load();
  if (!outside || !machine.facility.cooling) return machine;
  chosen.settings.push_back("/facility/cooling/outside=" + *outside);
  return chosen.load();
}

void expect_temperature(const std::string& outside) {
  const auto parsed = parse_in_si(outside, Temperature::dimension);
  if (const auto* wrong = std::get_if<UnitProblem>(&parsed)) {
    throw InputError("--outside", fmt::format("found \"{}\", expected {} ({})", outside,
                                              describe_expected(Temperature::dimension), wrong->reason));
  }
}

void expect_weather_matters(const std::string& outside, const std::deque<platform::Machine>& machines) {
  if (std::ranges::any_of(machines, [](const auto& machine) { return machine.facility.cooling.has_value(); })) return;
  throw InputError(
      "--outside",
      fmt::format("found \"{}\", but \"{}\" has a fixed PUE of {}, whatever the weather; give it a model of "
                  "its cooling, as with --overlay cooling-cold-plate, or leave --outside out",
                  outside, machines.front().name, machines.front().facility.pue));
}

// The machine as it is, and with each overlay to compare it with.
std::vector<report::PowerBill> make_bills(const PowerArguments& arguments, std::deque<platform::Machine>& machines) {
  std::vector<report::PowerBill> bills;
  machines.push_back(load_at(arguments.machine, arguments.outside));
  bills.push_back(make_bill(arguments, machines.back(), "as it is"));
  for (const auto& overlay : arguments.beside) {
    ChosenMachine other = arguments.machine;
    other.overlays.push_back(overlay);
    machines.push_back(load_at(other, arguments.outside));
    bills.push_back(make_bill(arguments, machines.back(), std::filesystem::path(overlay).stem().string()));
  }
  return bills;
}

void print_bills(const PowerArguments& arguments) {
  const bool runs = arguments.load != "idle" && arguments.load != "peak";
  if (!runs && !arguments.parameters.empty()) {
    throw InputError("power", fmt::format("found \"{}\", but the load \"{}\" is no application and has no parameters",
                                          arguments.parameters.front(), arguments.load));
  }
  if (arguments.outside) expect_temperature(*arguments.outside);
  std::deque<platform::Machine> machines;
  const auto bills = make_bills(arguments, machines);
  if (arguments.outside) expect_weather_matters(*arguments.outside, machines);
  if (bills.size() == 1) {
    fmt::print("{}", arguments.json ? report::power_bill_json(bills[0]) : report::power_bill_screen(bills[0]));
  } else {
    fmt::print("{}", arguments.json ? report::power_bills_json(bills) : report::power_bills_screen(bills));
  }
}

}  // namespace

void add_power(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("power", "What a machine draws by component, from device to facility");
  auto arguments = std::make_shared<PowerArguments>();
  arguments->machine.add_options(*command);
  command
      ->add_option(
          "--load", arguments->load,
          "idle: all at rest; peak: all parts at their rates at once; else the mean of an application on all nodes, "
          "losses and cooling included")
      ->check(CLI::IsMember({"idle", "peak", "hpl", "hpcg", "llm"}))
      ->capture_default_str();
  command->add_option("parameters", arguments->parameters, "Parameters of the application, as name=value");
  command
      ->add_option("--beside", arguments->beside,
                   "Print the bill of the machine with this overlay beside its own; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--outside", arguments->outside,
                      "Outside temperature, as in \"30 degC\", for machines whose cooling depends on it; else that of "
                      "the first hour of their descriptions");
  command->add_flag("--json", arguments->json, "Print the bill as JSON");
  command->footer(
      "Examples:\n"
      "  zettasim power fugakunext --load peak\n"
      "  zettasim power frontier --load hpl --json\n"
      "  zettasim power fugakunext --load hpl --overlay thirty-megawatts\n"
      "  zettasim power jupiter --load llm tp=8 pp=16 recompute=full\n"
      "  zettasim power fugakunext --load peak --beside pluggable-optics --beside pec-2\n"
      "  zettasim power fugakunext --load hpl --beside cooling-air --beside cooling-cold-plate --outside \"24 degC\"\n"
      "The bill says what the machine would draw, and how much of the budget that is: nothing here slows down to fit.");
  command->callback([arguments, &exit_code] {
    print_bills(*arguments);
    exit_code = success;
  });
}

}  // namespace zettasim::app
