// zettasim sweep: many runs of one description, kept row by row; what came of them; parts put together.
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <thread>

#include "app/commands.hpp"
#include "app/interrupts.hpp"
#include "app/progress.hpp"
#include "app/studied_program.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/study/run_sweep.hpp"
#include "zettasim/study/search.hpp"
#include "zettasim/study/slurm.hpp"
#include "zettasim/study/table.hpp"

namespace zettasim::app {
namespace {

namespace fs = std::filesystem;

struct SweepArguments {
  std::string file;
  std::string out;
  std::string shard;
  std::size_t jobs = std::max(1U, std::thread::hardware_concurrency());
  bool resume = false;
  bool dry_run = false;
  bool optimize = false;
  std::string launcher = "here";
  std::uint64_t shards = 8;
  std::vector<std::string> sbatch;
  bool strict = false;

  // "hbm-vs-budget.json" keeps its rows in "hbm-vs-budget.sweep" unless told otherwise.
  fs::path folder() const { return out.empty() ? fs::path(file).stem().concat(".sweep") : fs::path(out); }
};

struct ShowArguments {
  std::string folder;
  std::vector<std::string> objectives;
  std::size_t most = 40;
  bool all = false;
};

study::Shard parse_shard(const std::string& text) {
  study::Shard shard;
  if (text.empty()) return shard;
  const auto slash = text.find('/');
  const auto digits = [](const std::string& part) {
    return !part.empty() && part.size() <= 6 && part.find_first_not_of("0123456789") == std::string::npos;
  };
  if (slash != std::string::npos && digits(text.substr(0, slash)) && digits(text.substr(slash + 1))) {
    shard = {std::stoull(text.substr(0, slash)), std::stoull(text.substr(slash + 1))};
    if (shard.index >= 1 && shard.index <= shard.count) return shard;
  }
  throw InputError("--shard", fmt::format("found \"{}\", expected I/N such as 2/8: the second of eight parts", text));
}

study::Sweep load_sweep(const std::string& file) {
  return study::read_sweep(Document::load(find_in_library(file, "workloads/sweeps")));
}

// The sweep that a store was made from, as it was then.
study::Sweep sweep_of(const study::Store& store) {
  return study::read_sweep(Document::parse(study::Store::file_in(store.about().name).string(), store.about().source));
}

// The first and the last point, for an idea of how long one takes.
int dry_run(const study::Sweep& sweep, const study::Points& points, const study::Program& program,
            const SweepArguments& arguments, const study::Shard& shard) {
  std::size_t total = 0;
  for (std::uint64_t id = 0; id < points.size(); ++id) total += shard.has(id) ? 1 : 0;
  study::Evaluator evaluator(sweep, program, 1);
  double spent = 0.0;
  for (const std::size_t id : {std::size_t{0}, points.size() - 1}) {
    evaluator.start(points[id]);
    while (!evaluator.is_idle()) {
      for (const study::Row& row : evaluator.wait()) {
        spent += row.wall_s / 2;
        if (row.status != study::Status::done)
          fmt::print("point {} {}: {}\n", row.id, study::name_of(row.status), row.message);
      }
    }
  }
  fmt::print(
      "{}: {} points of {} runs each; the first and the last took {} on average, so that all take about {} with {} at "
      "a time\n",
      sweep.name, with_thousands(total), sweep.runs.size(), to_text(seconds(spent)),
      to_text(seconds(spent * static_cast<double>(total) / static_cast<double>(arguments.jobs))), arguments.jobs);
  return success;
}

void print_outcome(const study::SweepOutcome& outcome, const study::Store& store, const study::Sweep& sweep,
                   const SweepArguments& arguments) {
  fmt::print("{}: {} of {} points have a row", sweep.name, with_thousands(outcome.done), with_thousands(outcome.total));
  if (outcome.fresh > 0) {
    fmt::print(", {} of them new in {} ({:.3g} a second)", with_thousands(outcome.fresh),
               to_text(seconds(outcome.wall_s)), static_cast<double>(outcome.fresh) / outcome.wall_s);
  }
  fmt::print("; in {}\n", arguments.folder().string());
  if (outcome.unsuccessful > 0) {
    std::optional<study::Row> first;
    store.for_each([&](const study::Row& row) {
      if (!first && row.status != study::Status::done) first = row;
    });
    fmt::print("{} without a result; the first, point {} {}: {}\n", with_thousands(outcome.unsuccessful), first->id,
               first->parameters, first->message);
  }
  if (outcome.stopped) {
    fmt::print("{}\n", arguments.launcher == "slurm"
                           ? "the array stays in the queue; wait for it and gather it with --resume"
                           : "interrupted; all rows are kept, go on with --resume");
  } else if (arguments.optimize) {
    fmt::print("\n{}", study::search_table(store, sweep));
  } else if (!sweep.objectives.empty()) {
    fmt::print("\n{}", study::front_table(store, sweep, sweep.objectives, 40));
  }
}

int exit_code_of(const study::SweepOutcome& outcome, const SweepArguments& arguments) {
  if (outcome.stopped) return interrupted_run;
  return arguments.strict && outcome.unsuccessful > 0 ? simulated_failure : success;
}

study::SweepOptions options_of(const SweepArguments& arguments, const study::Shard& shard, Progress& progress) {
  return {.workers = arguments.jobs,
          .shard = shard,
          .resume = arguments.resume,
          .on_progress = [&progress](std::size_t done, std::size_t total,
                                     std::size_t fresh) { progress.show(done, total, fresh); },
          .stop = was_interrupted};
}

int search(const SweepArguments& arguments, const study::Sweep& description) {
  if (arguments.dry_run || !arguments.shard.empty()) {
    throw InputError("--optimize",
                     "goes neither with --dry-run nor with --shard: where it looks next depends on what it found");
  }
  const auto program = studied_program();
  const auto about = study::about_sweep(description, program, study::most_evaluations(description));
  auto store = study::Store::open_for_writing(arguments.folder(), about);
  listen_for_interrupts();
  std::optional<Progress> progress(std::in_place, "evaluations at most");
  const auto outcome = study::run_search(description, program, store, options_of(arguments, {}, *progress));
  progress.reset();
  print_outcome(outcome, store, description, arguments);
  return exit_code_of(outcome, arguments);
}

int sweep_in_slurm(const SweepArguments& arguments, const study::Sweep& description) {
  if (!arguments.shard.empty() || arguments.dry_run)
    throw InputError("--launcher slurm", "makes the shards itself and runs them: leave out --shard and --dry-run");
  if (arguments.shards < 1 || arguments.shards > 10'000)
    throw InputError("--shards", fmt::format("found {}, expected 1 to 10000", arguments.shards));
  listen_for_interrupts();
  const auto outcome = study::run_in_slurm(description, study::Points(description), studied_program(),
                                           {.sweep_file = find_in_library(arguments.file, "workloads/sweeps"),
                                            .folder = arguments.folder(),
                                            .shards = arguments.shards,
                                            .workers = arguments.jobs,
                                            .resume = arguments.resume,
                                            .options = arguments.sbatch,
                                            .stop = was_interrupted});
  print_outcome(outcome, study::Store::open_for_reading(arguments.folder()), description, arguments);
  if (!outcome.stopped && outcome.done < outcome.total) {
    fmt::print("{} points are missing: a task of the array ended early, see {}; --resume submits what is missing\n",
               with_thousands(outcome.total - outcome.done), (arguments.folder() / "shards").string());
    return simulated_failure;
  }
  return exit_code_of(outcome, arguments);
}

int sweep(const SweepArguments& arguments) {
  if (arguments.file.empty()) throw InputError("sweep", "names no file; try zettasim sweep --help");
  if (arguments.jobs < 1 || arguments.jobs > 1024)
    throw InputError("--jobs", fmt::format("found {}, expected 1 to 1024", arguments.jobs));
  const auto description = load_sweep(arguments.file);
  if (arguments.optimize) return search(arguments, description);
  if (description.search) throw InputError(arguments.file, "describes a search; run it with --optimize");
  if (arguments.launcher == "slurm") return sweep_in_slurm(arguments, description);
  const study::Points points(description);
  const auto shard = parse_shard(arguments.shard);
  const auto program = studied_program();
  const auto about = study::about_sweep(description, program, points.size());
  if (arguments.dry_run) return dry_run(description, points, program, arguments, shard);
  auto store = study::Store::open_for_writing(arguments.folder(), about);
  listen_for_interrupts();
  std::optional<Progress> progress(std::in_place, "points");
  const auto outcome = study::run_sweep(description, points, program, store, options_of(arguments, shard, *progress));
  progress.reset();
  print_outcome(outcome, store, description, arguments);
  return exit_code_of(outcome, arguments);
}

void show(const ShowArguments& arguments) {
  const auto store = study::Store::open_for_reading(arguments.folder);
  const auto description = sweep_of(store);
  if (description.search && arguments.objectives.empty() && !arguments.all) {
    fmt::print("{}", study::search_table(store, description));
    return;
  }
  auto objectives = description.objectives;
  if (!arguments.objectives.empty()) objectives.clear();
  for (const auto& text : arguments.objectives) objectives.push_back(study::parse_objective(text, store.about()));
  if (arguments.all) objectives.clear();
  fmt::print("{}", study::front_table(store, description, objectives, arguments.most));
}

void merge(const std::string& into, const std::vector<std::string>& folders) {
  const auto about = study::Store::open_for_reading(folders.front()).about();
  auto store = study::Store::open_for_writing(into, about);
  for (const auto& folder : folders) store.add_all(study::Store::open_for_reading(folder));
  fmt::print("{}: {} of {} points have a row; in {}\n", about.name, with_thousands(store.row_count()),
             with_thousands(about.points), into);
}

void add_show(CLI::App& sweep, int& exit_code) {
  auto* command = sweep.add_subcommand("show", "The Pareto front of a sweep as a table");
  auto arguments = std::make_shared<ShowArguments>();
  command->add_option("folder", arguments->folder, "Where the sweep keeps its rows (--out)")->required();
  command
      ->add_option("--objective", arguments->objectives,
                   "maximise:METRIC or minimise:METRIC, instead of the file's; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--most", arguments->most, "Lines at most (40)");
  command->add_flag("--all", arguments->all, "All points, not only the front");
  command->callback([arguments, &exit_code] { show(*arguments), exit_code = success; });
  command->footer("Example: zettasim sweep show hbm.sweep --objective maximise:hpl --objective minimise:power");
}

void add_export(CLI::App& sweep, int& exit_code) {
  auto* command = sweep.add_subcommand("export", "All rows of a sweep as CSV");
  auto folder = std::make_shared<std::string>();
  auto file = std::make_shared<std::string>();
  command->add_option("folder", *folder, "Where the sweep keeps its rows (--out)")->required();
  command->add_option("file", *file, "The CSV file to write; standard output without it");
  command->callback([folder, file, &exit_code] {
    const std::string text = study::rows_csv(study::Store::open_for_reading(*folder));
    file->empty() ? fmt::print("{}", text) : write_whole(*file, text);
    exit_code = success;
  });
  command->footer("Example: zettasim sweep export hbm.sweep hbm.csv");
}

void add_merge(CLI::App& sweep, int& exit_code) {
  auto* command = sweep.add_subcommand("merge", "Put the shards of a sweep together");
  auto into = std::make_shared<std::string>();
  auto folders = std::make_shared<std::vector<std::string>>();
  command->add_option("into", *into, "The folder that gets the rows")->required();
  command->add_option("folders", *folders, "Folders of shards")->required();
  command->callback([into, folders, &exit_code] { merge(*into, *folders), exit_code = success; });
  command->footer("Example: zettasim sweep merge whole.sweep part-1.sweep part-2.sweep");
}

}  // namespace

void add_sweep(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("sweep", "Many runs with changed parameters, kept row by row; continues after any kill");
  auto arguments = std::make_shared<SweepArguments>();
  command->add_option("file", arguments->file, "The sweep: a file, or a name of the library");
  command->add_option("--out", arguments->out, "The folder for its rows; NAME.sweep without it");
  command->add_option("--jobs", arguments->jobs, "Points at a time; without it, as many as there are cores");
  command->add_option("--shard", arguments->shard,
                      "Only part I of N, as in 2/8; zettasim sweep merge puts parts together");
  command->add_flag("--resume", arguments->resume, "Go on where an earlier sweep into this folder ended");
  command->add_flag("--dry-run", arguments->dry_run, "Say how many points there are and about how long they take");
  command->add_flag("--optimize", arguments->optimize,
                    "Look for the best point of the file's ranges, by its \"search\", instead of visiting all");
  command
      ->add_option("--launcher", arguments->launcher,
                   "here, or slurm: as a job array, which is waited for and gathered")
      ->check(CLI::IsMember({"here", "slurm"}));
  command->add_option("--shards", arguments->shards, "Tasks of the array (8), each of --jobs points at a time");
  command
      ->add_option("--sbatch", arguments->sbatch,
                   "A further option of sbatch, as in --partition=short; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_flag("--strict", arguments->strict, "Exit with 3 when a point has no result");
  add_show(*command, exit_code);
  add_export(*command, exit_code);
  add_merge(*command, exit_code);
  command->footer(
      "Examples:\n  zettasim sweep small-machines --jobs 2 --out small.sweep\n"
      "  zettasim sweep hpl-under-40-mw --optimize\n"
      "  zettasim sweep hbm-vs-budget --launcher slurm --shards 16 --jobs 32 --sbatch=--partition=short\n"
      "  zettasim sweep show small.sweep\n  zettasim sweep export small.sweep small.csv");
  command->callback([command, arguments, &exit_code] {
    if (command->get_subcommands().empty()) exit_code = sweep(*arguments);
  });
}

}  // namespace zettasim::app
