// zettasim collective: what a collective takes on a machine, by size.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/library.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/suggest.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/base/unit.hpp"
#include "zettasim/cost/algorithms.hpp"
#include "zettasim/cost/communication.hpp"
#include "zettasim/engine/messages.hpp"
#include "zettasim/engine/resolution.hpp"
#include "zettasim/platform/load.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::app {
namespace {

struct CollectiveArguments {
  std::string platform;
  std::vector<std::string> overlays;
  std::vector<std::string> settings;
  std::string operation = "all-reduce";
  std::string sizes = "8B..1GiB";
  std::int64_t ranks = 0;
  DeviceGroups groups;
  std::string algorithm;
  std::string protocol;
  std::string network = "patterns";
  bool json = false;
  bool list = false;

  platform::Machine load() const {
    platform::Changes changes{.overlays = {}, .settings = settings};
    for (const auto& overlay : overlays) changes.overlays.push_back(find_in_library(overlay, "platforms/overlays"));
    return platform::load_machine(find_in_library(platform, "platforms"), changes);
  }
};

CollectiveOperation read_operation(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& [name, operation] : collective_names()) {
    if (name == text) return operation;
    names.emplace_back(name);
  }
  throw InputError("--op", fmt::format("\"{}\" is not a collective operation{}; here are {}", text,
                                       suggestion(text, names), fmt::join(names, ", ")));
}

// "1 MiB", and "1MiB" as a shell likes it: the grammar of files with the blank left out.
DataSize read_size(std::string text) {
  const std::size_t unit = text.find_first_not_of("0123456789.eE+-");
  std::string spaced = text;
  if (unit != std::string::npos && unit > 0 && text[unit] != ' ') spaced.insert(unit, " ");
  const auto parsed = parse_in_si(spaced, DataSize::dimension);
  if (const auto* problem = std::get_if<UnitProblem>(&parsed)) {
    throw InputError("--size", fmt::format("found \"{}\": {}; expected {}, or a range such as 1MiB..1GiB", text,
                                           problem->reason, describe_expected(DataSize::dimension)));
  }
  const double size = std::get<double>(parsed);
  constexpr double most = 1e18;
  if (!(size >= 1.0) || size > most) {
    throw InputError("--size", fmt::format("found \"{}\", expected 1 B to 1 EB", text));
  }
  return bytes(size);
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// One size, or the powers of two from the first times: 1 KiB..1 GiB is 1 KiB, 2 KiB, ... 1 GiB.
std::vector<DataSize> read_sizes(const std::string& text) {
  const auto dots = text.find("..");
  if (dots == std::string::npos) return {read_size(trimmed(text))};
  const DataSize first = read_size(trimmed(text.substr(0, dots)));
  const DataSize last = read_size(trimmed(text.substr(dots + 2)));
  if (last < first) throw InputError("--size", fmt::format("found \"{}\", expected the smaller size first", text));
  std::vector<DataSize> sizes;
  for (DataSize size = first; size <= last; size *= 2) sizes.push_back(size);
  return sizes;
}

// Powers of two as people write message sizes; others in bytes.
std::string size_text(DataSize size) {
  static constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = in_bytes(size);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(units)) value /= 1024, ++unit;
  return fmt::format("{:.6g} {}", value, units[unit]);
}

// Bandwidths as nccl-tests define them: the algorithm's is size over time; the bus's is that times what an ideal
// algorithm moves over a rank's link for each byte, so that it can be held against the link.
double bus_factor(CollectiveOperation operation, double ranks) {
  switch (operation) {
    case CollectiveOperation::all_reduce:
      return 2 * (ranks - 1) / ranks;
    case CollectiveOperation::reduce_scatter:
    case CollectiveOperation::all_gather:
    case CollectiveOperation::all_to_all:
      return (ranks - 1) / ranks;
    case CollectiveOperation::broadcast:
    case CollectiveOperation::reduce:
      return 1.0;
    case CollectiveOperation::barrier:
      return 0.0;
  }
  return 0.0;
}

// Which nodes, and how many devices of each.
struct Ranks {
  std::vector<NodeId> nodes;
  std::int64_t count = 0;  // devices
  std::int64_t per_node = 1;
};

Ranks read_ranks(const platform::Machine& machine, std::int64_t wanted) {
  const std::int64_t devices = machine.node.gpus ? machine.node.gpus->count : 1;
  const std::int64_t most = machine.node_count * devices;
  const char* what = machine.node.gpus ? "GPUs" : "nodes";
  if (wanted < 0 || wanted > most) {
    throw InputError("--ranks",
                     fmt::format("found {}, expected 1 to {}, the {} of \"{}\"", wanted, most, what, machine.name));
  }
  Ranks ranks{.nodes = {}, .count = wanted == 0 ? most : wanted, .per_node = devices};
  ranks.per_node = std::min(devices, ranks.count);
  if (ranks.count % ranks.per_node != 0) {
    throw InputError(
        "--ranks",
        fmt::format("found {}, expected a multiple of the {} GPUs of a node, or fewer than that", wanted, devices));
  }
  for (std::int64_t i = 0; i < ranks.count / ranks.per_node; ++i) ranks.nodes.emplace_back(static_cast<std::size_t>(i));
  return ranks;
}

// Ranks that a collective joins: those of a group, or all.
double members(const Ranks& ranks, const DeviceGroups& groups) {
  return static_cast<double>(groups.size > 0 ? std::min(groups.size, ranks.count) : ranks.count);
}

void check_groups(const DeviceGroups& groups, const Ranks& ranks) {
  if (groups.size < 0 || groups.size > ranks.count) {
    throw InputError("--group-size",
                     fmt::format("found {}, expected 1 to {}, the ranks there are", groups.size, ranks.count));
  }
  if (groups.stride < 1 || (groups.size > 0 && groups.stride > ranks.count / groups.size)) {
    throw InputError(
        "--group-stride",
        fmt::format("found {}, expected 1 to {}: {} ranks that are so far apart have to fit into {}", groups.stride,
                    groups.size > 0 ? ranks.count / groups.size : 1, groups.size, ranks.count));
  }
}

struct Row {
  DataSize size;
  cost::CommunicationCost cost;
  Bandwidth algorithm_bandwidth;
  Bandwidth bus_bandwidth;
};

using engine::Resolution;

Resolution read_resolution(const std::string& text) {
  if (text == "patterns") return Resolution::patterns;
  if (text == "messages") return Resolution::messages;
  throw InputError("--network",
                   fmt::format("found \"{}\", expected patterns (fast) or messages (each message simulated, "
                               "up to a few thousand nodes)",
                               text));
}

// What only patterns can answer.
void check_messages(const platform::Machine& machine) {
  if (machine.node.domain_nodes() > 1) {
    throw InputError("--network", fmt::format("found messages, expected patterns: GPU links of \"{}\" join several "
                                              "nodes, which only patterns know",
                                              machine.name));
  }
}

std::vector<cost::CommunicationCost> costs_of(const platform::Machine& machine, const topology::Network& network,
                                              CollectiveOperation operation, const std::vector<DataSize>& sizes,
                                              const Ranks& ranks, const cost::CollectiveChoice& choice,
                                              Resolution resolution) {
  std::vector<cost::CommunicationCost> costs;
  if (resolution == Resolution::messages) {
    for (auto& simulated : engine::simulate_collectives(machine, network, operation, choice, sizes, ranks.nodes)) {
      costs.push_back(std::move(simulated.patterns));
      costs.back().time = simulated.time;
    }
    return costs;
  }
  cost::CommunicationModel model(machine, network);
  for (const DataSize size : sizes) costs.push_back(model.collective(operation, size, ranks.nodes, choice));
  return costs;
}

// All-to-all: a size is what one rank sends, as in nccl-tests; without groups the model asks for what a node sends.
std::vector<Row> cost_rows(const platform::Machine& machine, const topology::Network& network,
                           CollectiveOperation operation, const std::vector<DataSize>& sizes, const Ranks& ranks,
                           const cost::CollectiveChoice& choice, Resolution resolution) {
  const bool all_to_all = operation == CollectiveOperation::all_to_all;
  std::vector<DataSize> per_node;
  for (const DataSize size : sizes) {
    per_node.push_back(all_to_all && choice.groups.size == 0 ? size * static_cast<double>(ranks.per_node) : size);
  }
  const auto costs = costs_of(machine, network, operation, per_node, ranks, choice, resolution);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const DataSize size = sizes[i];
    Row row;
    row.size = size;
    row.cost = costs[i];
    if (row.cost.time > Duration{} && operation != CollectiveOperation::barrier) {
      row.algorithm_bandwidth = size / row.cost.time;
      row.bus_bandwidth = row.algorithm_bandwidth * bus_factor(operation, members(ranks, choice.groups));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

void print_table(const platform::Machine& machine, const topology::Network& network, CollectiveOperation operation,
                 const Ranks& ranks, const DeviceGroups& groups, const std::vector<Row>& rows) {
  fmt::print("{} on {}: {} {} of {} nodes, {}\n", name_of(operation), machine.name,
             with_thousands(static_cast<unsigned long long>(ranks.count)), machine.node.gpus ? "GPUs" : "ranks",
             with_thousands(ranks.nodes.size()), network.describe());
  if (groups.size > 0) {
    fmt::print("all groups of {} at once, {} apart\n", with_thousands(static_cast<unsigned long long>(groups.size)),
               with_thousands(static_cast<unsigned long long>(groups.stride)));
  }
  fmt::print("\n");
  fmt::print("{:>12} {:>12} {:>12} {:>12}  {:<9} {}\n", "size", "time", "algorithm", "bus", "protocol", "algorithm");
  for (const Row& row : rows) {
    fmt::print("{:>12} {:>12} {:>12} {:>12}  {:<9} {}\n", size_text(row.size), to_text(row.cost.time),
               to_text(row.algorithm_bandwidth), to_text(row.bus_bandwidth),
               row.cost.protocol.empty() ? "-" : row.cost.protocol, row.cost.algorithm);
  }
}

void print_json(const platform::Machine& machine, const topology::Network& network, CollectiveOperation operation,
                const Ranks& ranks, const DeviceGroups& groups, const std::vector<Row>& rows) {
  nlohmann::ordered_json result = {{"platform", machine.name},        {"network", network.describe()},
                                   {"operation", name_of(operation)}, {"ranks", ranks.count},
                                   {"nodes", ranks.nodes.size()},     {"rows", nlohmann::ordered_json::array()}};
  if (groups.size > 0) result["groups"] = {{"size", groups.size}, {"stride", groups.stride}};
  for (const Row& row : rows) {
    result["rows"].push_back({{"size_bytes", in_bytes(row.size)},
                              {"time_s", in_seconds(row.cost.time)},
                              {"latency_s", in_seconds(row.cost.latency)},
                              {"algorithm", row.cost.algorithm},
                              {"protocol", row.cost.protocol},
                              {"algorithm_bandwidth_bytes_per_s", in_bytes_per_second(row.algorithm_bandwidth)},
                              {"bus_bandwidth_bytes_per_s", in_bytes_per_second(row.bus_bandwidth)}});
  }
  fmt::print("{}\n", result.dump(2));
}

// What the names mean, and which of them work here.
void list_algorithms(cost::CommunicationModel& model, CollectiveOperation operation, DataSize size, const Ranks& ranks,
                     const DeviceGroups& groups) {
  fmt::print("p nodes, n bytes, L latency of a round, B bandwidth, k blocks, D dimensions of extent e\n\n");
  const auto applicable = model.applicable_algorithms(operation, ranks.nodes, size, groups);
  for (const auto& algorithm : cost::collective_algorithms()) {
    if (std::ranges::count(algorithm.operations, operation) == 0) continue;
    const bool works = std::ranges::count(applicable, algorithm.name) > 0;
    fmt::print("{}{}\n  {}\n", algorithm.name, works ? "" : "  (not here)", algorithm.time);
    if (!algorithm.where.empty()) fmt::print("  needs {}\n", algorithm.where);
    fmt::print("  source: {}\n", algorithm.source);
  }
}

void collective(const CollectiveArguments& arguments) {
  const CollectiveOperation operation = read_operation(arguments.operation);
  const auto sizes = operation == CollectiveOperation::barrier ? std::vector{bytes(0)} : read_sizes(arguments.sizes);
  const Resolution resolution = read_resolution(arguments.network);
  const auto machine = arguments.load();
  const Ranks ranks = read_ranks(machine, arguments.ranks);
  check_groups(arguments.groups, ranks);
  if (resolution == Resolution::messages) check_messages(machine);
  const auto network = topology::build_network(machine);
  if (arguments.list) {
    cost::CommunicationModel model(machine, *network);
    return list_algorithms(model, operation, sizes.front(), ranks, arguments.groups);
  }
  const cost::CollectiveChoice choice{.algorithm = arguments.algorithm,
                                      .protocol = arguments.protocol,
                                      .gpus_per_node = ranks.per_node,
                                      .groups = arguments.groups,
                                      .loads = cost::Loads::left_out};
  const auto rows = cost_rows(machine, *network, operation, sizes, ranks, choice, resolution);
  (arguments.json ? print_json : print_table)(machine, *network, operation, ranks, arguments.groups, rows);
}

}  // namespace

void add_collective(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("collective", "What a collective takes on a machine, by size");
  auto arguments = std::make_shared<CollectiveArguments>();
  command->add_option("platform", arguments->platform, "A file, or a name of the library")->required();
  command->add_option("--op", arguments->operation, "all-reduce, reduce-scatter, all-gather, broadcast, ...");
  command->add_option("--size", arguments->sizes, "1MiB, or powers of two such as 1KiB..1GiB; of all-to-all: a rank's");
  command->add_option("--ranks", arguments->ranks, "GPUs, or nodes where there are none, nodes filled in order; all");
  command->add_option("--group-size", arguments->groups.size,
                      "All groups of so many ranks at once, not all ranks as one");
  command->add_option("--group-stride", arguments->groups.stride, "Distance of the ranks of a group; 1");
  command->add_option("--algorithm", arguments->algorithm, "Take this one and no other between the nodes");
  command->add_option("--protocol", arguments->protocol, "Take this protocol of the GPU library");
  command->add_option("--network", arguments->network, "patterns, or messages: each message simulated");
  command->add_flag("--algorithms", arguments->list, "List the algorithms of the operation with formula and source");
  command->add_flag("--json", arguments->json, "As JSON, in seconds and bytes per second");
  command->add_option("--overlay", arguments->overlays, "Merge patch on the machine; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--set", arguments->settings, "Change one value, as in /node/gpus/count=8; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->callback([arguments, &exit_code] { collective(*arguments), exit_code = success; });
  command->footer(
      "Examples:\n  zettasim collective fugaku --op all-reduce --size 1KiB..1MiB --ranks 4608\n  zettasim collective "
      "frontier --size 1GiB --algorithm double-binary-tree\n  zettasim collective frontier --group-size 64 "
      "--group-stride 8 --size 1MiB");
}

}  // namespace zettasim::app
