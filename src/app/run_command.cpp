// zettasim run: a trace on a machine, from files to report.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "app/commands.hpp"
#include "app/resolution_option.hpp"
#include "app/studied_program.hpp"
#include "app/uncertainty_option.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/engine/simulate.hpp"
#include "zettasim/platform/load.hpp"
#include "zettasim/report/outputs.hpp"
#include "zettasim/topology/network.hpp"
#include "zettasim/workload/read_trace.hpp"

namespace zettasim::app {
namespace {

struct RunArguments {
  std::string platform;
  std::string workload;
  std::vector<std::string> overlays;
  std::vector<std::string> settings;
  std::optional<std::string> mix;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> out;
  std::optional<std::int64_t> explain;
  engine::QueuePolicy policy = engine::QueuePolicy::easy;
  engine::Placement placement = engine::Placement::automatic;
  engine::Roles roles = engine::Roles::folded;
  engine::Strides strides = engine::Strides::strided;
  engine::Resolution network = engine::Resolution::patterns;
  UncertaintyOption uncertainty;
  bool json = false;
  bool strict = false;
};

// A run that takes more than a few seconds is not run 17 times unless asked for.
constexpr std::size_t most_jobs_drawn = 5000;

const std::map<std::string, engine::Placement>& placements() {
  static const std::map<std::string, engine::Placement> names = {{"automatic", engine::Placement::automatic},
                                                                 {"linear", engine::Placement::linear},
                                                                 {"contiguous", engine::Placement::contiguous},
                                                                 {"group-first", engine::Placement::group_first},
                                                                 {"random", engine::Placement::random}};
  return names;
}

struct Inputs {
  platform::Machine machine;
  workload::Trace trace;
};

// That will run: wider ones than the machine are refused.
std::int64_t widest_job(const Inputs& inputs) {
  std::int64_t widest = 0;
  for (const workload::Job& job : inputs.trace.jobs) {
    if (job.nodes <= inputs.machine.node_count) widest = std::max(widest, job.nodes);
  }
  return widest;
}

// Reads both files before it complains, so that one run shows the problems of both.
Inputs load_inputs(const RunArguments& arguments) {
  Inputs inputs;
  std::vector<Problem> problems;
  const auto collect = [&problems](auto&& read) {
    try {
      read();
    } catch (const InputError& error) {
      problems.insert(problems.end(), error.problems().begin(), error.problems().end());
    }
  };
  collect([&] {
    platform::Changes changes{.overlays = {}, .settings = arguments.settings};
    for (const auto& overlay : arguments.overlays)
      changes.overlays.push_back(find_in_library(overlay, "platforms/overlays"));
    inputs.machine = platform::load_machine(find_in_library(arguments.platform, "platforms"), changes);
  });
  collect([&] {
    workload::TraceOptions options{.mix = {}, .seed = arguments.seed};
    if (arguments.mix) options.mix = find_in_library(*arguments.mix, "workloads/mixes");
    inputs.trace = workload::read_trace(find_in_library(arguments.workload, "workloads"), options);
  });
  if (problems.empty()) problems = engine::find_misfits(inputs.machine, inputs.trace);
  if (problems.empty() && arguments.network == engine::Resolution::messages) {
    problems = engine::find_message_misfits(inputs.machine, widest_job(inputs));
  }
  if (!problems.empty()) throw InputError(std::move(problems));
  return inputs;
}

std::optional<JobId> find_job(const workload::Trace& trace, const std::optional<std::int64_t>& number) {
  if (!number) return std::nullopt;
  const auto it = std::find_if(trace.jobs.begin(), trace.jobs.end(),
                               [&](const workload::Job& job) { return job.number == *number; });
  if (it == trace.jobs.end()) throw InputError("--explain", fmt::format("the workload has no job {}", *number));
  return JobId(static_cast<std::size_t>(it - trace.jobs.begin()));
}

std::vector<std::string> command_of(const RunArguments& arguments) {
  std::vector<std::string> command = {"run", arguments.platform, arguments.workload};
  for (const auto& overlay : arguments.overlays) command.insert(command.end(), {"--overlay", overlay});
  for (const auto& setting : arguments.settings) command.insert(command.end(), {"--set", setting});
  if (arguments.mix) command.insert(command.end(), {"--mix", *arguments.mix});
  if (arguments.seed) command.insert(command.end(), {"--seed", std::to_string(*arguments.seed)});
  if (arguments.policy == engine::QueuePolicy::first_come) command.insert(command.end(), {"--queue", "first-come"});
  if (arguments.placement != engine::Placement::automatic) {
    for (const auto& [name, placement] : placements()) {
      if (placement == arguments.placement) command.insert(command.end(), {"--placement", name});
    }
  }
  if (arguments.roles == engine::Roles::unfolded) command.insert(command.end(), {"--roles", "unfolded"});
  if (arguments.strides == engine::Strides::unstrided) command.insert(command.end(), {"--strides", "unstrided"});
  if (arguments.network == engine::Resolution::messages) command.insert(command.end(), {"--network", "messages"});
  return command;
}

void write_files(const std::filesystem::path& folder, const report::Run& run) {
  write_whole(folder / "report.json", report::report_json(run));
  write_whole(folder / "jobs.csv", report::jobs_csv(run));
  write_whole(folder / "power.csv", report::power_csv(run));
  write_whole(folder / "report.html", report::report_html(run));
}

// Why a run has no interval unless one is asked for; empty: it has one, if its machine carries ranges.
std::string reason_for_no_interval(const RunArguments& arguments, const workload::Trace& trace) {
  if (arguments.json && !arguments.out) return "with --json alone";
  if (arguments.network == engine::Resolution::messages) return "with --network messages";
  if (arguments.roles == engine::Roles::unfolded) return "with --roles unfolded";
  if (arguments.strides == engine::Strides::unstrided) return "with --strides unstrided";
  if (trace.jobs.size() > most_jobs_drawn) return fmt::format("for more than {} jobs", with_thousands(most_jobs_drawn));
  return {};
}

std::optional<Intervals> draw_intervals(const RunArguments& arguments, const Inputs& inputs) {
  const bool usual = reason_for_no_interval(arguments, inputs.trace).empty();
  const auto numbers = arguments.uncertainty.numbers_of(
      inputs.machine, usual ? UncertaintyOption::Otherwise::usual : UncertaintyOption::Otherwise::none);
  if (numbers.empty()) return std::nullopt;
  Progress progress("runs");
  return study::intervals_of(command_of(arguments), report::headlines(), numbers,
                             arguments.uncertainty.draws(inputs.trace.seed, progress), studied_program());
}

// Names what the screen leaves out.
void print_left_out(const RunArguments& arguments, const Inputs& inputs) {
  const std::string reason = reason_for_no_interval(arguments, inputs.trace);
  if (arguments.uncertainty.is_given() || reason.empty() || study::uncertain_numbers(inputs.machine.resolved).empty())
    return;
  fmt::print("\n  how sure      not drawn {1}; --uncertainty {0} runs it {0} times more\n",
             UncertaintyOption::usual_draws, reason);
}

int run(const RunArguments& arguments) {
  const Inputs inputs = load_inputs(arguments);
  const auto& [machine, trace] = inputs;
  const auto explained = find_job(trace, arguments.explain);
  // Before the run itself: a child forked after it would begin where its simulation ended.
  const auto sureness = draw_intervals(arguments, inputs);
  const auto network = topology::build_network(machine);
  std::optional<Progress> progress(std::in_place);
  const engine::RunOptions options{
      .policy = arguments.policy,
      .placement = arguments.placement,
      .roles = arguments.roles,
      .strides = arguments.strides,
      .network = arguments.network,
      .explain = explained,
      .on_progress = [&](std::size_t done, std::size_t total) { progress->show(done, total); }};
  const auto record = engine::simulate(machine, *network, trace, options);
  progress.reset();
  const auto summary = report::summarize(machine, trace, record);
  auto command = command_of(arguments);
  arguments.uncertainty.append_to(command);
  const report::Run result{machine, trace, record, summary, version(), command, sureness};
  if (arguments.out) write_files(*arguments.out, result);
  fmt::print("{}", arguments.json ? report::summary_json(result) : report::screen(result));
  if (!arguments.json) print_left_out(arguments, inputs);
  if (explained) fmt::print(arguments.json ? stderr : stdout, "\n{}", report::explain(result, *explained));
  if (arguments.out && !arguments.json) {
    fmt::print("\n  files         {0}/report.html (open it), report.json, jobs.csv, power.csv\n", *arguments.out);
  }
  return arguments.strict && summary.finished < summary.jobs ? simulated_failure : success;
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("run", "Replay a workload on a machine and report FLOPS, latency and energy");
  auto arguments = std::make_shared<RunArguments>();
  command->add_option("platform", arguments->platform, "Machine: a file, or a name of the library such as fugakunext")
      ->required();
  command
      ->add_option("workload", arguments->workload,
                   "Trace of jobs: .json, .swf, also .gz or .zst; or a name such as mixed-day")
      ->required();
  command->add_option("--overlay", arguments->overlays, "Change the machine by a merge patch; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--set", arguments->settings, "Change one value, as in /node/gpus/count=8; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--mix", arguments->mix, "Give the jobs of a recorded log applications, by this mix");
  command->add_option("--seed", arguments->seed, "Seed of all random draws, instead of the file's")
      ->check(CLI::NonNegativeNumber);
  arguments->uncertainty.add_to(
      *command, fmt::format("Run it on so many draws of the numbers that carry a range, for the interval of its "
                            "figures; 0: none. Without it 16, and none with --json alone, with --network messages or "
                            "for more than {} jobs",
                            with_thousands(most_jobs_drawn)));
  command->add_option("--out", arguments->out,
                      "Write report.html, report.json, jobs.csv and power.csv into this folder");
  command->add_flag("--json", arguments->json, "Print the summary as JSON");
  command->add_flag("--strict", arguments->strict, "Exit with 3 when a simulated job did not finish");
  command->add_option("--explain", arguments->explain,
                      "Tell what this job waited for and where its time and energy went");
  command->add_option("--queue", arguments->policy, "How jobs are started: easy (default) or first-come")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, engine::QueuePolicy>{{"easy", engine::QueuePolicy::easy},
                                                                 {"first-come", engine::QueuePolicy::first_come}})
                      .description("{easy,first-come}"));
  command
      ->add_option(
          "--placement", arguments->placement,
          "Which nodes a job is given: automatic (default: contiguous on a torus, group-first on a dragonfly), "
          "linear, contiguous, group-first or random")
      ->transform(
          CLI::CheckedTransformer(placements()).description("{automatic,linear,contiguous,group-first,random}"));
  command
      ->add_option("--roles", arguments->roles,
                   "folded (default) or unfolded: an actor per node, slow, to check the folding")
      ->transform(CLI::CheckedTransformer(std::map<std::string, engine::Roles>{{"folded", engine::Roles::folded},
                                                                               {"unfolded", engine::Roles::unfolded}})
                      .description("{folded,unfolded}"));
  command
      ->add_option("--strides", arguments->strides,
                   "strided (default) or unstrided: an event per phase, slow, to check the striding")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, engine::Strides>{{"strided", engine::Strides::strided},
                                                                         {"unstrided", engine::Strides::unstrided}})
              .description("{strided,unstrided}"));
  add_resolution(*command, arguments->network);
  command->footer(
      "Examples:\n"
      "  zettasim run fugakunext mixed-day --out out\n"
      "  zettasim run fugakunext mixed-day --uncertainty 100\n"
      "  zettasim run fugakunext mixed-day --set /facility/budget=\"30 MW\" --json\n"
      "  zettasim run frontier log.swf.gz --mix science --explain 42");
  command->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace zettasim::app
