// zettasim workload generate | describe | convert.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/commands.hpp"
#include "app/library.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/base/unit.hpp"
#include "zettasim/platform/load.hpp"
#include "zettasim/workload/describe.hpp"
#include "zettasim/workload/generate.hpp"
#include "zettasim/workload/rank_trace_describe.hpp"
#include "zettasim/workload/rank_trace_files.hpp"
#include "zettasim/workload/read_trace.hpp"

namespace zettasim::app {
namespace {

struct WorkloadArguments {
  std::string input;
  std::string output;
  std::optional<std::string> platform;
  std::optional<std::int64_t> nodes;
  std::optional<std::string> mix;
  std::optional<std::uint64_t> seed;
  std::int64_t jobs = 500;
  std::string span = "1 day";
  double load = 0.75;
  std::optional<std::string> whole_machine;
  std::string whole_machine_time = "1 day";
  std::optional<std::string> flop_rate;
  bool json = false;
};

Duration parse_time(const char* option, const std::string& text) {
  const auto parsed = parse_in_si(text, Duration::dimension);
  if (const auto* wrong = std::get_if<UnitProblem>(&parsed)) {
    throw InputError(option, fmt::format("found \"{}\", expected {} ({})", text, describe_expected(Duration::dimension),
                                         wrong->reason));
  }
  return seconds(std::get<double>(parsed));
}

std::optional<FlopRate> parse_flop_rate(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const auto parsed = parse_in_si(*text, FlopRate::dimension);
  const auto* rate = std::get_if<double>(&parsed);
  if (rate != nullptr && *rate > 0.0) return flops_per_second(*rate);
  throw InputError("--flop-rate",
                   fmt::format("found \"{}\", expected {} above 0", *text, describe_expected(FlopRate::dimension)));
}

std::optional<std::int64_t> machine_nodes(const WorkloadArguments& arguments) {
  if (arguments.nodes) return arguments.nodes;
  if (!arguments.platform) return std::nullopt;
  return platform::load_machine(find_in_library(*arguments.platform, "platforms")).node_count;
}

workload::Trace read(const WorkloadArguments& arguments) {
  workload::TraceOptions options{.mix = {}, .seed = arguments.seed};
  if (arguments.mix) options.mix = find_in_library(*arguments.mix, "workloads/mixes");
  const auto input = find_in_library(arguments.input, "workloads");
  if (workload::is_rank_trace(input)) {
    throw InputError(arguments.input, "is a trace of ranks; expected one of jobs (.json or .swf)");
  }
  return workload::read_trace(input, options);
}

void generate(const WorkloadArguments& arguments) {
  const auto nodes = machine_nodes(arguments);
  if (!nodes) throw InputError("workload generate", "needs the size of the machine: --platform NAME or --nodes N");
  const auto mix =
      workload::read_mix(Document::load(find_in_library(arguments.mix.value_or("science"), "workloads/mixes")));
  workload::GenerateOptions options{.machine_nodes = *nodes,
                                    .jobs = arguments.jobs,
                                    .span = parse_time("--span", arguments.span),
                                    .seed = arguments.seed.value_or(mix.seed),
                                    .load = arguments.load,
                                    .sizes = {}};
  if (arguments.whole_machine) {
    options.whole_machine = {.application = *arguments.whole_machine,
                             .requested_time = parse_time("--whole-machine-time", arguments.whole_machine_time)};
  }
  const auto trace = workload::generate(options, mix);
  write_whole(arguments.output, workload::write_json_trace(trace));
  fmt::print("{}\n{} written\n", workload::to_text(workload::describe(trace, nodes)), arguments.output);
}

nlohmann::ordered_json to_json(const workload::TraceDescription& d) {
  nlohmann::ordered_json result = {{"name", d.name},
                                   {"jobs", d.jobs},
                                   {"jobs_without_run_time", d.jobs_without_run_time},
                                   {"span_s", d.span.si()},
                                   {"node_hours", d.node_hours},
                                   {"mean_nodes", d.mean_nodes},
                                   {"median_nodes", d.median_nodes},
                                   {"most_nodes", d.most_nodes},
                                   {"mean_run_time_s", d.mean_run_time.si()},
                                   {"median_run_time_s", d.median_run_time.si()},
                                   {"users", d.users}};
  if (d.offered_load) result["offered_load"] = *d.offered_load;
  for (const auto& size : d.sizes) {
    result["sizes"].push_back(
        {{"least", size.least}, {"most", size.most}, {"jobs", size.jobs}, {"node_hours", size.node_hours}});
  }
  for (const auto& app : d.applications) {
    result["applications"].push_back(
        {{"name", app.name}, {"model", app.model}, {"jobs", app.jobs}, {"node_hours", app.node_hours}});
  }
  for (const auto& note : d.notes) result["notes"].push_back({{"what", note.what}, {"count", note.count}});
  return result;
}

nlohmann::ordered_json to_json(const workload::RankTraceDescription& d) {
  nlohmann::ordered_json result = {{"name", d.name},
                                   {"format", d.format},
                                   {"ranks", d.ranks},
                                   {"roles", d.roles},
                                   {"groups", d.groups},
                                   {"actions", d.actions},
                                   {"dependencies", d.dependencies},
                                   {"flops", d.flops.si()},
                                   {"recorded_time_s", d.recorded_time.si()},
                                   {"longest_rank_s", d.longest_rank.si()},
                                   {"message_bytes", d.message_size.si()},
                                   {"collective_bytes", d.collective_size.si()}};
  for (const auto& kind : d.kinds) {
    result["kinds"].push_back({{"kind", kind.kind}, {"count", kind.count}, {"bytes", kind.size.si()}});
  }
  for (const auto& note : d.notes) result["notes"].push_back({{"what", note.what}, {"count", note.count}});
  return result;
}

void describe_ranks(const WorkloadArguments& arguments, const std::filesystem::path& input) {
  if (arguments.mix || arguments.seed || arguments.platform || arguments.nodes) {
    throw InputError(arguments.input,
                     "is a trace of ranks, to which --mix, --seed, --platform and --nodes say nothing; leave them out");
  }
  const auto description = workload::describe(workload::read_rank_trace(input));
  fmt::print("{}", arguments.json ? to_json(description).dump(2) + "\n" : workload::to_text(description));
}

void describe(const WorkloadArguments& arguments) {
  const auto input = find_in_library(arguments.input, "workloads");
  if (workload::is_rank_trace(input)) return describe_ranks(arguments, input);
  const auto description = workload::describe(read(arguments), machine_nodes(arguments));
  if (arguments.json) {
    fmt::print("{}\n", to_json(description).dump(2));
  } else {
    fmt::print("{}", workload::to_text(description));
  }
}

void convert_ranks(const WorkloadArguments& arguments, const std::filesystem::path& input) {
  const auto extension = std::filesystem::path(arguments.output).extension();
  if (extension != ".goal" && extension != ".txt") {
    throw InputError(arguments.output, "expected .goal or .txt (time-independent), for the input is a trace of ranks");
  }
  if (arguments.mix || arguments.seed) {
    throw InputError(arguments.input, "is a trace of ranks, to which --mix and --seed say nothing; leave them out");
  }
  const auto trace = workload::read_rank_trace(input);
  const auto written = extension == ".goal" ? workload::write_goal(trace, parse_flop_rate(arguments.flop_rate))
                                            : workload::write_time_independent(trace);
  write_whole(arguments.output, written.text);
  for (const auto* notes : {&trace.notes, &written.notes}) {
    for (const auto& note : *notes) fmt::print("note: {} {}\n", note.count, note.what);
  }
  fmt::print("{} ranks written to {}\n", trace.ranks.size(), arguments.output);
}

void convert(const WorkloadArguments& arguments) {
  const auto input = find_in_library(arguments.input, "workloads");
  if (workload::is_rank_trace(input)) return convert_ranks(arguments, input);
  if (arguments.flop_rate) throw InputError("--flop-rate", "is for traces of ranks; leave it out");
  const auto trace = read(arguments);
  const bool swf = std::filesystem::path(arguments.output).extension() == ".swf";
  write_whole(arguments.output, swf ? workload::write_swf(trace) : workload::write_json_trace(trace));
  for (const auto& note : trace.notes) fmt::print("note: {} {}\n", note.count, note.what);
  fmt::print("{} jobs written to {}\n", trace.jobs.size(), arguments.output);
}

}  // namespace

void add_workload(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("workload", "Make, look at and convert traces of jobs");
  command->require_subcommand(1);
  auto arguments = std::make_shared<WorkloadArguments>();
  const auto add_size = [&](CLI::App* sub) {
    sub->add_option("--platform", arguments->platform, "The machine the trace is for");
    sub->add_option("--nodes", arguments->nodes, "The size of that machine")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{4'000'000}));
  };
  const auto add_mix = [&](CLI::App* sub) {
    sub->add_option("--mix", arguments->mix, "Applications for jobs that have none: a file or a name of the library");
    sub->add_option("--seed", arguments->seed, "Seed of all random draws, instead of the mix's")
        ->check(CLI::NonNegativeNumber);
  };

  auto* generate_command =
      command->add_subcommand("generate", "Draw a trace from the model of Lublin and Feitelson 2003");
  generate_command->add_option("output", arguments->output, "File to write (.json)")->required();
  add_size(generate_command);
  add_mix(generate_command);
  generate_command->add_option("--jobs", arguments->jobs, "How many jobs")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000'000}))
      ->capture_default_str();
  generate_command->add_option("--span", arguments->span, "Time over which they arrive")->capture_default_str();
  generate_command->add_option("--load", arguments->load, "Node-time asked for over what the machine has in that span")
      ->check(CLI::Range(0.001, 100.0))
      ->capture_default_str();
  auto* whole = generate_command->add_option("--whole-machine", arguments->whole_machine,
                                             "Begin with a job of this application of the mix on all nodes");
  generate_command->add_option("--whole-machine-time", arguments->whole_machine_time, "The time that this job asks for")
      ->capture_default_str()
      ->needs(whole);
  generate_command->callback([arguments, &exit_code] { generate(*arguments), exit_code = success; });

  auto* describe_command = command->add_subcommand(
      "describe", "A trace in numbers: jobs, sizes, applications, load; or ranks and what they do");
  describe_command
      ->add_option("input", arguments->input,
                   "Trace of jobs: .json, .swf, also .gz or .zst; or a name of the library. Trace of ranks: a folder, "
                   ".tar, .et, .goal or .txt")
      ->required();
  add_size(describe_command);
  add_mix(describe_command);
  describe_command->add_flag("--json", arguments->json, "As JSON");
  describe_command->callback([arguments, &exit_code] { describe(*arguments), exit_code = success; });

  auto* convert_command = command->add_subcommand(
      "convert", "Jobs between our JSON and the Standard Workload Format, ranks to GOAL or time-independent");
  convert_command->add_option("input", arguments->input, "Trace to read")->required();
  convert_command->add_option("output", arguments->output, "File to write: .json or .swf; of ranks .goal or .txt")
      ->required();
  convert_command->add_option("--flop-rate", arguments->flop_rate,
                              "For GOAL, which knows times only: as \"1 GFLOP/s\"");
  add_mix(convert_command);
  convert_command->callback([arguments, &exit_code] { convert(*arguments), exit_code = success; });
  command->footer(
      "Examples:\n"
      "  zettasim workload generate day.json --platform fugakunext --jobs 600\n"
      "  zettasim workload describe log.swf.gz --mix science --platform frontier\n"
      "  zettasim workload describe workloads/traces/ring\n"
      "  zettasim workload convert log.swf.gz log.json --mix science\n"
      "  zettasim workload convert workloads/traces/pipeline.txt pipeline.goal --flop-rate \"1 GFLOP/s\"");
}

}  // namespace zettasim::app
