// Reading tables of published runs, and predicting them. See published.hpp.
#include "zettasim/study/published.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "zettasim/base/field.hpp"

namespace zettasim::study {
namespace {

const Choices<Standing>& standings() {
  static const Choices<Standing> names = {
      {"found", Standing::found}, {"derived", Standing::derived}, {"recalled", Standing::recalled}};
  return names;
}

// Errors beyond 1,000 % would say that a row has the wrong unit.
constexpr double largest_error = 10.0;

Bound read_bound(const Field& field) {
  Bound result{std::nullopt, field["bound"].number(0.0, largest_error)};
  if (const auto goal = field.optional("goal")) result.goal = goal->number(0.0, largest_error);
  if (result.goal && result.bound < *result.goal) {
    field["bound"].problem(fmt::format("found {}, expected at least the goal, {}: what is reached is held to the goal",
                                       field["bound"].found(), field["goal"].found()));
  }
  return result;
}

Peer read_peer(const Field& field) {
  return {.name = field["name"].text(),
          .mean_error = field["mean_error"].number(0.0, largest_error),
          .of = field["of"].text(),
          .source = field["source"].text()};
}

double read_measured(const Field& field, const std::string& unit, Dimension dimension) {
  const Value value = read_value(field);
  const bool fits = value.measure && value.measure->dimension == dimension && value.measure->si > 0.0;
  if (fits) return value.measure->si;
  field.problem(unit.empty() ? fmt::format("found {}, expected a positive number", field.found())
                             : fmt::format("found {}, expected a positive quantity in {}", field.found(), unit));
  return 1.0;
}

PublishedRun read_run(const Field& field, const std::string& unit, Dimension dimension) {
  PublishedRun run{.name = field["name"].text(), .command = read_command(field["run"]), .needs = {}, .source = {}};
  run.measured = read_measured(field["measured"], unit, dimension);
  run.standing = field["status"].choice(standings());
  run.source = field["source"].text();
  if (const auto needs = field.optional("needs")) {
    run.needs = needs->text();
    if (std::ranges::count(run.command, run.needs) == 0)
      needs->problem(fmt::format("found {}, expected one of the words of \"run\"", needs->found()));
  }
  return run;
}

std::string read_unit(const Field& root, Dimension& dimension) {
  const auto field = root.optional("unit");
  if (!field) return {};
  const std::string unit = field->text();
  const auto one = parse_measure("1 " + unit);
  if (one && one->si == 1.0) {
    dimension = one->dimension;
  } else if (field->is_string()) {
    field->problem(
        fmt::format("found {}, expected a unit of results: s, B, B/s, FLOP, FLOP/s, J, W, FLOP/J", field->found()));
  }
  return unit;
}

// Commands of all tables, each once, and what became of them.
class Predictions {
 public:
  Predictions(const Program& program, const std::filesystem::path& data) : program_(program), data_(data) {}

  void ask(const PublishedRun& run) {
    if (!is_left_out(run)) asked_.emplace(command_of(run), Ended{});
  }
  // The most patient of the tables decides how long a run may take.
  void run(std::size_t workers, const Limits& limits) {
    limits_ = limits;
    WorkerPool pool(workers, limits);
    std::vector<Ended*> tickets;
    for (auto next = asked_.begin(); next != asked_.end() || !pool.is_idle();) {
      for (; next != asked_.end() && pool.has_room(); ++next) {
        auto command = next->first;
        command.emplace_back("--json");
        tickets.push_back(&next->second);
        pool.start(tickets.size() - 1, [this, command] { return program_.run(command); });
      }
      for (Ended& ended : pool.wait()) {
        Ended& place = *tickets[ended.ticket];
        place = std::move(ended);
      }
    }
  }
  Comparison compare(const PublishedRun& run, const std::string& pointer) const {
    Comparison result{.run = &run, .predicted = {}, .problem = {}};
    if (is_left_out(run)) {
      result.left_out = true;
      result.problem = fmt::format("left out: needs {}, which --data has not", run.needs);
      return result;
    }
    const Ended& ended = asked_.at(command_of(run));
    result.problem = describe_failure(ended, limits_);
    if (!result.problem.empty()) return result;
    Lookup found = look_up(ended.out, pointer);
    result.predicted = found.number;
    result.problem = std::move(found.problem);
    return result;
  }

 private:
  bool is_left_out(const PublishedRun& run) const {
    std::error_code ignored;
    return !run.needs.empty() && !std::filesystem::exists(data_ / run.needs, ignored);
  }
  std::vector<std::string> command_of(const PublishedRun& run) const {
    auto command = run.command;
    if (!run.needs.empty()) std::ranges::replace(command, run.needs, (data_ / run.needs).string());
    return command;
  }

  const Program& program_;
  const std::filesystem::path& data_;
  Limits limits_;
  std::map<std::vector<std::string>, Ended> asked_;
};

ValidatedTable sum_up(const PublishedTable& table, const Predictions& predictions) {
  ValidatedTable result{.table = &table, .rows = {}};
  for (const PublishedRun& run : table.runs) result.rows.push_back(predictions.compare(run, table.pointer));
  std::size_t predicted = 0;
  for (const Comparison& row : result.rows) {
    if (!row.predicted) continue;
    ++predicted;
    result.mean_error += std::abs(row.error());
    if (!result.worst || std::abs(row.error()) > std::abs(result.worst->error())) result.worst = &row;
  }
  if (predicted > 0) result.mean_error /= static_cast<double>(predicted);
  return result;
}

}  // namespace

PublishedTable read_published(const std::string& name, Document document) {
  const Field root = document.root();
  check_format(root, "zettasim-published", 1);
  if (document.has_problems()) throw InputError(document.problems());
  PublishedTable table;
  table.name = name;
  table.title = root["title"].text();
  table.pointer = root["at"].text();
  if (root["at"].is_string() && !table.pointer.starts_with('/'))
    root["at"].problem(fmt::format("found {}, expected a JSON pointer such as /flops", root["at"].found()));
  Dimension dimension;
  table.unit = read_unit(root, dimension);
  table.mean = read_bound(root["mean_error"]);
  table.worst = read_bound(root["worst_error"]);
  if (const auto peers = root.optional("peers")) {
    for (const Field& peer : peers->items()) table.peers.push_back(read_peer(peer));
  }
  const Field runs = root["runs"];
  for (const Field& run : runs.items()) table.runs.push_back(read_run(run, table.unit, dimension));
  if (runs.is_array() && table.runs.empty()) runs.problem("is empty; expected at least one published run");
  if (const auto limits = root.optional("limits")) table.limits = read_limits(*limits);
  document.finish();
  return table;
}

double ValidatedTable::worst_error() const { return worst ? std::abs(worst->error()) : 0.0; }

bool ValidatedTable::holds() const {
  const bool answered =
      std::ranges::all_of(rows, [](const Comparison& row) { return row.predicted.has_value() || row.left_out; });
  return answered && mean_error <= table->mean.bound && worst_error() <= table->worst.bound;
}

std::vector<ValidatedTable> validate(const std::vector<PublishedTable>& tables, const Program& program,
                                     const std::filesystem::path& data, std::size_t workers) {
  Predictions predictions(program, data);
  Limits limits;
  for (const PublishedTable& table : tables) {
    limits = {std::max(limits.time, table.limits.time), std::max(limits.memory, table.limits.memory)};
    for (const PublishedRun& run : table.runs) predictions.ask(run);
  }
  predictions.run(workers, limits);
  std::vector<ValidatedTable> result;
  for (const PublishedTable& table : tables) result.push_back(sum_up(table, predictions));
  return result;
}

}  // namespace zettasim::study
