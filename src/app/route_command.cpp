// zettasim route: the links between two nodes of a machine, with their shares and latencies.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/chosen_machine.hpp"
#include "app/commands.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::app {
namespace {

using nlohmann::json;

struct RouteArguments {
  ChosenMachine machine;
  std::int64_t from = 0;
  std::int64_t to = 0;
  bool json = false;
};

NodeId read_node(const char* which, std::int64_t node, const platform::Machine& machine) {
  if (node < 0 || node >= machine.node_count) {
    throw InputError(which, fmt::format("found node {}, expected 0 to {}, the nodes of \"{}\"", node,
                                        machine.node_count - 1, machine.name));
  }
  return NodeId(static_cast<std::size_t>(node));
}

void show(const RouteArguments& arguments) {
  const auto machine = arguments.machine.load();
  const auto network = topology::build_network(machine);
  const NodeId from = read_node("FROM", arguments.from, machine), to = read_node("TO", arguments.to, machine);
  if (from == to) throw InputError("TO", "is the node the message starts from; nothing crosses the network");
  std::vector<topology::RoutedLink> route;
  const Duration hops = network->append_route(from, to, route);
  const Duration software = machine.network.message_latency;
  if (arguments.json) {
    json links = json::array();
    for (const auto& step : route) {
      const auto link = network->link(step.link);
      links.push_back({{"link", network->link_name(step.link)},
                       {"share", step.share},
                       {"latency_s", in_seconds(link.latency)},
                       {"bandwidth_bytes_per_s", in_bytes_per_second(link.bandwidth)},
                       {"cables", link.cables},
                       {"medium", std::string(name_of(link.medium))}});
    }
    fmt::print("{}\n", json{{"platform", machine.name},
                            {"topology", network->describe()},
                            {"from", arguments.from},
                            {"to", arguments.to},
                            {"message_latency_s", in_seconds(software)},
                            {"hops_latency_s", in_seconds(hops)},
                            {"links", links}}
                           .dump(2));
    return;
  }
  fmt::print("{}: {}\nnode {} to node {}: {} = {} of software and interfaces + {} of hops on the longest way\n",
             machine.name, network->describe(), arguments.from, arguments.to, to_text(software + hops),
             to_text(software), to_text(hops));
  fmt::print("{:<52} {:>9} {:>9} {:>11}\n", "link", "share", "latency", "bandwidth");
  constexpr std::size_t most_shown = 60;
  for (std::size_t i = 0; i < std::min(route.size(), most_shown); ++i) {
    const auto link = network->link(route[i].link);
    fmt::print("{:<52} {:>9} {:>9} {:>11}\n", network->link_name(route[i].link), percent(route[i].share),
               to_text(link.latency), to_text(link.bandwidth));
  }
  if (route.size() > most_shown) fmt::print("and {} more; --json has all\n", route.size() - most_shown);
}

}  // namespace

void add_route(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("route", "The way of a message between two nodes, link by link");
  auto arguments = std::make_shared<RouteArguments>();
  arguments->machine.add_options(*command);
  command->add_option("from", arguments->from, "Number of the node that sends")->required();
  command->add_option("to", arguments->to, "Number of the node that receives")->required();
  command->add_flag("--json", arguments->json, "JSON instead of a table");
  command->callback([arguments, &exit_code] { show(*arguments), exit_code = success; });
  command->footer(
      "Examples:\n  zettasim route fugaku 0 4711\n  zettasim route fugakunext 0 100 --overlay fat-tree-quad-rail");
}

}  // namespace zettasim::app
