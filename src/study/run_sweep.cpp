#include "zettasim/study/run_sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/platform/load.hpp"

namespace zettasim::study {
namespace {

// Everything outside the description that the results depend on, as texts.
std::set<std::string> inputs_of(const Sweep& sweep, const Program& program) {
  std::set<std::string> texts;
  std::set<std::string> overlays;
  for (const Run& run : sweep.runs) {
    texts.insert(platform::load_machine(program.find(run.command[1], "platforms")).resolved);
    if (run.command[0] == "run") texts.insert(read_text(program.find(run.command[2], "workloads")));
    for (std::size_t i = 0; i + 1 < run.command.size(); ++i) {
      if (run.command[i] == "--overlay") overlays.insert(run.command[i + 1]);
      if (run.command[i] == "--mix") texts.insert(read_text(program.find(run.command[i + 1], "workloads/mixes")));
    }
  }
  for (const Parameter& parameter : sweep.parameters) {
    for (const Value& value : parameter.values) {
      if (parameter.change == Change::overlay && value.text != "none") overlays.insert(value.text);
    }
  }
  for (const std::string& overlay : overlays) texts.insert(read_text(program.find(overlay, "platforms/overlays")));
  return texts;
}

std::vector<std::uint64_t> missing_points(const Points& points, const Store& store, const Shard& shard) {
  const auto present = store.present();
  std::vector<std::uint64_t> missing;
  for (std::uint64_t id = 0; id < points.size(); ++id) {
    if (shard.has(id) && !present[static_cast<std::size_t>(id)]) missing.push_back(id);
  }
  return missing;
}

std::size_t size_of(const Points& points, const Shard& shard) {
  return (points.size() + static_cast<std::size_t>(shard.count - shard.index)) / static_cast<std::size_t>(shard.count);
}

}  // namespace

About about_sweep(const Sweep& sweep, const Program& program, std::uint64_t points) {
  std::string inputs;
  for (const std::string& text : inputs_of(sweep, program)) inputs += digest(text);
  About about{.name = sweep.name,
              .source = sweep.source,
              .inputs = digest(inputs),
              .version = program.version,
              .points = points,
              .parameters = {},
              .metrics = {}};
  for (const Parameter& parameter : sweep.parameters) about.parameters.push_back(parameter.name);
  for (const Metric& metric : sweep.metrics) about.metrics.push_back(metric.name);
  return about;
}

SweepOutcome run_sweep(const Sweep& sweep, const Points& points, const Program& program, Store& store,
                       const SweepOptions& options) {
  const auto began = std::chrono::steady_clock::now();
  SweepOutcome outcome{.total = size_of(points, options.shard)};
  const std::size_t before = store.row_count();
  if (before > 0 && !options.resume) {
    throw InputError(
        sweep.name, fmt::format("its store holds {} of {} points already; go on with --resume, or choose another --out",
                                before, outcome.total));
  }
  store.forget(Status::killed);
  const auto missing = missing_points(points, store, options.shard);
  outcome.done = outcome.total - missing.size();
  Evaluator evaluator(sweep, program, options.workers);
  for (auto next = missing.begin(); (next != missing.end() || !evaluator.is_idle()) && !outcome.stopped;) {
    while (next != missing.end() && evaluator.has_room()) evaluator.start(points[static_cast<std::size_t>(*next++)]);
    for (const Row& row : evaluator.wait()) {
      store.add(row);
      ++outcome.done, ++outcome.fresh;
      if (options.on_progress) options.on_progress(outcome.done, outcome.total, outcome.fresh);
    }
    outcome.stopped = options.stop && options.stop();
  }
  store.for_each([&](const Row& row) { outcome.unsuccessful += row.status == Status::done ? 0 : 1; });
  outcome.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return outcome;
}

}  // namespace zettasim::study
