// zettasim replay: a rank trace on a machine.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/chosen_machine.hpp"
#include "app/commands.hpp"
#include "app/version.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/base/unit.hpp"
#include "zettasim/engine/replay.hpp"
#include "zettasim/topology/network.hpp"
#include "zettasim/workload/rank_trace_files.hpp"

namespace zettasim::app {
namespace {

struct ReplayArguments {
  ChosenMachine machine;
  std::string trace;
  std::string network = "patterns";
  std::string compute = "recorded";
  std::optional<std::string> recorded_on;
  std::optional<std::string> flop_rate;
  std::optional<std::string> eager;
  std::int64_t ranks_per_node = 1;
  bool json = false;
};

double parse_option(const char* option, const std::string& text, Dimension dimension) {
  const auto parsed = parse_in_si(text, dimension);
  const auto* problem = std::get_if<UnitProblem>(&parsed);
  if (problem == nullptr && std::get<double>(parsed) >= 0.0) return std::get<double>(parsed);
  throw InputError(option, fmt::format("found \"{}\", expected {}{}", text, describe_expected(dimension),
                                       problem ? fmt::format(" ({})", problem->reason) : std::string(", 0 or more")));
}

engine::ReplayOptions options_of(const ReplayArguments& arguments) {
  engine::ReplayOptions options;
  options.network = arguments.network == "messages" ? engine::ReplayNetwork::messages : engine::ReplayNetwork::patterns;
  options.price = arguments.compute == "priced" ? engine::ComputePrice::priced : engine::ComputePrice::recorded;
  options.ranks_per_node = arguments.ranks_per_node;
  if (arguments.eager) options.eager_limit = bytes(parse_option("--eager", *arguments.eager, DataSize::dimension));
  if (arguments.flop_rate) {
    const double rate = parse_option("--flop-rate", *arguments.flop_rate, FlopRate::dimension);
    if (rate <= 0.0) throw InputError("--flop-rate", "found 0, expected a rate above");
    options.flop_rate = flops_per_second(rate);
  }
  return options;
}

struct Replayed {
  platform::Machine machine;
  workload::RankTrace trace;
  engine::ReplayRecord record;

  Duration longest_compute() const {
    Duration most;
    for (const auto& rank : record.ranks) most = std::max(most, rank.compute);
    return most;
  }
  Duration mean_compute() const {
    Duration sum;
    for (const auto& rank : record.ranks) sum += rank.compute;
    return sum / static_cast<double>(record.ranks.size());
  }
};

std::string to_json(const Replayed& r, const ReplayArguments& arguments) {
  nlohmann::ordered_json result = {{"format", "zettasim-replay"},
                                   {"version", version()},
                                   {"machine", r.machine.name},
                                   {"trace", r.trace.name},
                                   {"network", arguments.network},
                                   {"compute", arguments.compute},
                                   {"ranks", r.record.ranks.size()},
                                   {"ranks_per_node", arguments.ranks_per_node},
                                   {"roles", r.record.roles},
                                   {"time_s", r.record.time.si()},
                                   {"compute_mean_s", r.mean_compute().si()},
                                   {"compute_longest_s", r.longest_compute().si()},
                                   {"messages", r.record.messages},
                                   {"message_bytes", r.record.message_size.si()},
                                   {"repriced", r.record.repriced},
                                   {"unpriced", r.record.unpriced}};
  for (const auto& rank : r.record.ranks) result["rank_end_s"].push_back(rank.end.si());
  for (const auto& note : r.trace.notes) result["notes"].push_back({{"what", note.what}, {"count", note.count}});
  return result.dump(2) + "\n";
}

std::string to_screen(const Replayed& r, const ReplayArguments& arguments) {
  const auto count = [](auto value) { return with_thousands(static_cast<unsigned long long>(value)); };
  std::string text = fmt::format("{} on {}: {} ranks, {} on a node, network by {}\n", r.trace.name, r.machine.name,
                                 count(r.record.ranks.size()), arguments.ranks_per_node, arguments.network);
  text += fmt::format("time       {}\n", to_text(r.record.time));
  text += fmt::format("computing  {} on average, {} on the busiest rank\n", to_text(r.mean_compute()),
                      to_text(r.longest_compute()));
  text += fmt::format("messages   {}, {}{}\n", count(r.record.messages), to_text(r.record.message_size),
                      arguments.network == "patterns" ? ", without those of collectives" : "");
  if (r.record.repriced > 0) text += fmt::format("repriced   {} computes\n", count(r.record.repriced));
  if (r.record.unpriced > 0) {
    text += fmt::format("recorded   {} computes keep their time: the trace says neither flops nor bytes\n",
                        count(r.record.unpriced));
  }
  for (const auto& note : r.trace.notes) text += fmt::format("note: {} {}\n", count(note.count), note.what);
  return text;
}

void replay(const ReplayArguments& arguments) {
  auto options = options_of(arguments);
  Replayed replayed{
      arguments.machine.load(), workload::read_rank_trace(find_in_library(arguments.trace, "workloads")), {}};
  std::optional<platform::Machine> recorded_on;
  if (arguments.recorded_on) {
    recorded_on = platform::load_machine(find_in_library(*arguments.recorded_on, "platforms"));
    options.recorded_on = &*recorded_on;
  }
  const auto network = topology::build_network(replayed.machine);
  replayed.record = engine::replay(replayed.machine, *network, replayed.trace, options);
  fmt::print("{}", arguments.json ? to_json(replayed, arguments) : to_screen(replayed, arguments));
}

}  // namespace

void add_replay(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("replay", "A trace of ranks on a machine: how long it takes there");
  auto arguments = std::make_shared<ReplayArguments>();
  arguments->machine.add_options(*command);
  command->add_option("trace", arguments->trace, "A folder, .tar, .et, .goal or .txt, as for workload describe")
      ->required();
  command
      ->add_option("--network", arguments->network,
                   "patterns: one rank of each role, messages alone on their way; messages: each simulated")
      ->check(CLI::IsMember({"patterns", "messages"}))
      ->capture_default_str();
  command
      ->add_option("--compute", arguments->compute,
                   "recorded: as long as it took, where the trace knows; priced: from its flops and bytes")
      ->check(CLI::IsMember({"recorded", "priced"}))
      ->capture_default_str();
  command->add_option("--recorded-on", arguments->recorded_on,
                      "The machine that recorded it: times are scaled by what its devices are slower or faster");
  command->add_option("--flop-rate", arguments->flop_rate,
                      "Of a rank, as \"1 GFLOP/s\"; its share of the node's devices if not given");
  command->add_option(
      "--eager", arguments->eager,
      "Smaller messages, as \"64 KiB\", let their sender go on at once; 64 KiB, and all of a Chakra trace");
  command->add_option("--ranks-per-node", arguments->ranks_per_node, "Rank 0 and the next on the first node, and so on")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{4096}))
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "As JSON");
  command->footer(
      "Examples:\n"
      "  zettasim replay two-nodes workloads/traces/training\n"
      "  zettasim replay fugaku workloads/traces/ring --network messages\n"
      "  zettasim replay fugakunext workloads/traces/training --recorded-on frontier --json");
  command->callback([arguments, &exit_code] {
    replay(*arguments);
    exit_code = success;
  });
}

}  // namespace zettasim::app
