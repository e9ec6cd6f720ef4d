// zettasim topology: what a network is built of, how far and how wide it is, and what a pattern of traffic takes on it.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/chosen_machine.hpp"
#include "app/commands.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/suggest.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/base/unit.hpp"
#include "zettasim/cost/communication.hpp"
#include "zettasim/topology/metrics.hpp"
#include "zettasim/topology/pattern.hpp"

namespace zettasim::app {
namespace {

using nlohmann::json;

struct TopologyArguments {
  ChosenMachine machine;
  std::string pattern;
  std::string size = "1MiB";
  std::int64_t ranks = 0;
  int dimensions = 3;
  int step = 0;
  std::uint64_t seed = 1;
  std::string traffic;
  bool json = false;
};

struct Measures {
  topology::Parts parts;
  topology::Distances distances;
  topology::Cut cut;
  topology::Diversity diversity;
  Bandwidth injection;
};

struct HeavyLink {
  std::string name;
  DataSize load;
  Duration time;
};

struct Phase {
  topology::PatternLoad load;
  std::vector<HeavyLink> heaviest;
};

topology::PatternKind read_kind(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& [name, kind] : topology::pattern_names()) {
    if (name == text) return kind;
    names.emplace_back(name);
  }
  throw InputError("--pattern", fmt::format("\"{}\" is not a pattern{}; here are {}", text, suggestion(text, names),
                                            fmt::join(names, ", ")));
}

// "1 MiB", and "1MiB" as a shell likes it.
DataSize read_size(std::string text) {
  const std::size_t unit = text.find_first_not_of("0123456789.eE+-");
  if (unit != std::string::npos && unit > 0 && text[unit] != ' ') text.insert(unit, " ");
  const auto parsed = parse_in_si(text, DataSize::dimension);
  if (const auto* problem = std::get_if<UnitProblem>(&parsed)) {
    throw InputError("--size", fmt::format("found \"{}\": {}; expected {}", text, problem->reason,
                                           describe_expected(DataSize::dimension)));
  }
  const double size = std::get<double>(parsed);
  if (!(size >= 0.0) || size > 1e18) {
    throw InputError("--size", fmt::format("found \"{}\", expected 0 B to 1 EB", text));
  }
  return bytes(size);
}

topology::Pattern read_pattern(const TopologyArguments& arguments, std::int64_t ranks) {
  topology::Pattern pattern{.kind = read_kind(arguments.pattern), .size = read_size(arguments.size)};
  pattern.step = arguments.step;
  pattern.seed = arguments.seed;
  if (pattern.kind == topology::PatternKind::neighbours) {
    pattern.extents = cost::grid_extents(ranks, arguments.dimensions);
  }
  if (pattern.kind == topology::PatternKind::transpose) pattern.extents = cost::grid_extents(ranks, 2);
  if (pattern.kind == topology::PatternKind::matrix) {
    if (arguments.traffic.empty()) {
      throw InputError("--pattern", "matrix needs a file of messages; write --traffic FILE");
    }
    pattern.messages = topology::load_traffic(arguments.traffic);
  }
  return pattern;
}

Measures measure(const topology::Network& network) {
  constexpr std::uint64_t seed = 1;
  return {.parts = topology::count_parts(network),
          .distances = topology::measure_distances(network),
          .cut = topology::bisect(network),
          .diversity = topology::measure_diversity(network, seed),
          .injection = topology::injection_bandwidth(network)};
}

Phase run_phase(const TopologyArguments& arguments, const platform::Machine& machine,
                const topology::Network& network) {
  constexpr std::size_t shown = 5;
  const std::int64_t ranks = arguments.ranks == 0 ? machine.node_count : arguments.ranks;
  if (ranks < 1 || ranks > machine.node_count) {
    throw InputError("--ranks", fmt::format("found {}, expected 1 to {}, the nodes of \"{}\"", ranks,
                                            machine.node_count, machine.name));
  }
  std::vector<NodeId> nodes;
  for (std::int64_t i = 0; i < ranks; ++i) nodes.emplace_back(static_cast<std::size_t>(i));
  topology::LinkLoads loads(network.link_count());
  Phase phase{.load = add_pattern(network, read_pattern(arguments, ranks), nodes, loads), .heaviest = {}};
  auto all = loads.sorted();
  const auto time = [&](const topology::LinkLoad& load) { return bytes(load.bytes) / network.bandwidth(load.link); };
  const std::size_t kept = std::min(shown, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(),
                    [&](const auto& a, const auto& b) {
                      const Duration ta = time(a), tb = time(b);
                      return ta != tb ? ta > tb : a.link < b.link;
                    });
  all.resize(kept);
  for (const auto& load : all) phase.heaviest.push_back({network.link_name(load.link), bytes(load.bytes), time(load)});
  return phase;
}

json to_json(const platform::Machine& machine, const topology::Network& network, const Measures& m) {
  json result = {{"platform", machine.name},
                 {"topology", network.describe()},
                 {"nodes", network.node_count()},
                 {"switches", network.switch_count()},
                 {"directed_links", network.link_count()},
                 {"cables",
                  {{"fabric", m.parts.fabric_cables},
                   {"host", m.parts.host_cables},
                   {"electrical", m.parts.electrical},
                   {"optical", m.parts.optical},
                   {"linear", m.parts.linear},
                   {"co_packaged", m.parts.co_packaged},
                   {"in_package", m.parts.in_package},
                   {"unstated", m.parts.unstated},
                   {"length_m", m.parts.metres},
                   {"transceivers", m.parts.transceivers()},
                   {"optical_engines", m.parts.optical_engines()}}},
                 {"diameter", m.distances.diameter},
                 {"mean_distance", m.distances.mean},
                 {"distances_from_nodes", m.distances.starts},
                 {"distances_exact", m.distances.exact},
                 {"bisection",
                  {{"cut", m.cut.how},
                   {"cables", m.cut.cables},
                   {"bandwidth_bytes_per_s", in_bytes_per_second(m.cut.bandwidth)},
                   {"per_node_bytes_per_s", in_bytes_per_second(m.cut.bandwidth) /
                                                std::max(1.0, 0.5 * static_cast<double>(network.node_count()))}}},
                 {"injection_per_node_bytes_per_s", in_bytes_per_second(m.injection)},
                 {"scale_up_domain_nodes", machine.node.domain_nodes()},
                 {"path_diversity",
                  {{"pairs", m.diversity.pairs},
                   {"least", m.diversity.least},
                   {"mean", m.diversity.mean},
                   {"most", m.diversity.most}}}};
  if (m.cut.least) result["bisection"]["min_cut_bytes_per_s"] = in_bytes_per_second(*m.cut.least);
  return result;
}

json to_json(const TopologyArguments& arguments, const platform::Machine& machine, const Phase& phase) {
  json links = json::array();
  for (const auto& heavy : phase.heaviest) {
    links.push_back({{"link", heavy.name}, {"bytes", in_bytes(heavy.load)}, {"time_s", in_seconds(heavy.time)}});
  }
  return {{"name", arguments.pattern},
          {"messages", phase.load.messages},
          {"time_s", in_seconds(machine.network.message_latency + phase.load.time())},
          {"slowest_link_s", in_seconds(phase.load.transfer)},
          {"hops_s", in_seconds(phase.load.latency)},
          {"heaviest_links", links}};
}

void line(const char* name, const std::string& text) { fmt::print("{:<22}{}\n", name, text); }

std::string count_text(double count) { return with_thousands(static_cast<unsigned long long>(count + 0.5)); }

std::string media_text(const topology::Parts& parts) {
  std::vector<std::string> media;
  const auto add = [&](double count, const char* what) {
    if (count > 0.0) media.push_back(fmt::format("{} {}", count_text(count), what));
  };
  add(parts.electrical, "electrical");
  add(parts.optical, "optical");
  add(parts.linear, "linear optical");
  add(parts.co_packaged, "co-packaged optical");
  add(parts.in_package, "in-package optical");
  add(parts.unstated, "of a medium not stated");
  return fmt::format("{}", fmt::join(media, ", "));
}

void print(const platform::Machine& machine, const topology::Network& network, const Measures& m) {
  const double half = std::max(1.0, 0.5 * static_cast<double>(network.node_count()));
  fmt::print("{}: {}\n", machine.name, network.describe());
  line("nodes", with_thousands(network.node_count()));
  line("switches", with_thousands(network.switch_count()));
  line("cables", fmt::format("{} between switches, {} to nodes ({})", count_text(m.parts.fabric_cables),
                             count_text(m.parts.host_cables), media_text(m.parts)));
  line("optics", fmt::format("{} transceivers, {} optical engines; {} km of cable of stated length",
                             count_text(m.parts.transceivers()), count_text(m.parts.optical_engines()),
                             fmt::format("{:.1f}", m.parts.metres / 1000.0)));
  line("diameter", fmt::format("{}{} links", m.distances.exact ? "" : "at least ", m.distances.diameter));
  line("mean distance",
       fmt::format("{:.3f} links, {}", m.distances.mean,
                   m.distances.exact ? "exact" : fmt::format("from {} of the nodes", m.distances.starts)));
  line("injection", fmt::format("{} a node", to_text(m.injection)));
  if (machine.node.gpus && machine.node.gpu_gpu) {
    const std::int64_t gpus = std::max(machine.node.gpu_domain, machine.node.gpus->count);
    line("scale-up domain", fmt::format("{} GPUs on {} node{}, {} each ({}), beside this network", gpus,
                                        machine.node.domain_nodes(), machine.node.domain_nodes() == 1 ? "" : "s",
                                        to_text(machine.node.gpu_gpu->bandwidth), machine.node.gpu_gpu->kind));
  }
  line("bisection", fmt::format("{} one way over {} cables, {} a node; between {}", to_text(m.cut.bandwidth),
                                count_text(m.cut.cables), to_text(m.cut.bandwidth / half), m.cut.how));
  line("  by min-cut", m.cut.least ? to_text(*m.cut.least) : "not computed for so many links");
  line("path diversity", fmt::format("{:.0f} to {:.0f} edge-disjoint shortest ways, {:.1f} on average of {} pairs",
                                     m.diversity.least, m.diversity.most, m.diversity.mean, m.diversity.pairs));
}

void print(const TopologyArguments& arguments, const platform::Machine& machine, const Phase& phase) {
  fmt::print("\n{}, {} messages{}: {} = {} + {} of hops + {} on the slowest link\n", arguments.pattern,
             count_text(phase.load.messages),
             arguments.pattern == "matrix" ? "" : fmt::format(", size {}", arguments.size),
             to_text(machine.network.message_latency + phase.load.time()), to_text(machine.network.message_latency),
             to_text(phase.load.latency), to_text(phase.load.transfer));
  for (const auto& heavy : phase.heaviest) {
    fmt::print("  {:<52} {:>10} {:>10}\n", heavy.name, to_text(heavy.load), to_text(heavy.time));
  }
}

void show(const TopologyArguments& arguments) {
  const auto machine = arguments.machine.load();
  const auto network = topology::build_network(machine);
  std::optional<Phase> phase;
  if (!arguments.pattern.empty()) phase = run_phase(arguments, machine, *network);
  const Measures measures = measure(*network);
  if (arguments.json) {
    json result = to_json(machine, *network, measures);
    if (phase) result["pattern"] = to_json(arguments, machine, *phase);
    fmt::print("{}\n", result.dump(2));
    return;
  }
  print(machine, *network, measures);
  if (phase) print(arguments, machine, *phase);
}

}  // namespace

void add_topology(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("topology", "What a network is built of, how far and how wide it is");
  auto arguments = std::make_shared<TopologyArguments>();
  arguments->machine.add_options(*command);
  std::vector<std::string> names;
  for (const auto& [name, kind] : topology::pattern_names()) names.emplace_back(name);
  command->add_option("--pattern", arguments->pattern, fmt::format("Route one of {}", fmt::join(names, ", ")));
  command->add_option("--size", arguments->size, "Of each message; uniform: of all that a rank sends")
      ->capture_default_str();
  command->add_option("--ranks", arguments->ranks, "The first nodes of the machine, one rank each; 0 is all");
  command->add_option("--dimensions", arguments->dimensions, "Of the grid of neighbours")
      ->check(CLI::Range(1, 6))
      ->capture_default_str();
  command->add_option("--step", arguments->step, "k of recursive doubling, rank i with i xor 2^k")
      ->check(CLI::Range(0, 40));
  command->add_option("--seed", arguments->seed, "Of the random permutation")->capture_default_str();
  command->add_option("--traffic", arguments->traffic, "File of messages for the pattern matrix");
  command->add_flag("--json", arguments->json, "JSON instead of text");
  command->callback([arguments, &exit_code] { show(*arguments), exit_code = success; });
  command->footer(
      "Examples:\n  zettasim topology fugaku\n  zettasim topology fugakunext --overlay fat-tree-quad-rail --pattern "
      "transpose --size 4MiB");
}

}  // namespace zettasim::app
