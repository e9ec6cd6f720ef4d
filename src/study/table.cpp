#include "zettasim/study/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "zettasim/base/problem.hpp"
#include "zettasim/base/suggest.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/study/evaluate.hpp"

namespace zettasim::study {
namespace {

using nlohmann::json;

using Cells = std::vector<std::string>;

std::string cell_of(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

Cells header_of(const About& about) {
  Cells cells = {"point"};
  cells.insert(cells.end(), about.parameters.begin(), about.parameters.end());
  cells.insert(cells.end(), about.metrics.begin(), about.metrics.end());
  return cells;
}

Cells shown_row(const Row& row, const Sweep& sweep) {
  Cells cells = {std::to_string(row.id)};
  const json parameters = json::parse(row.parameters);
  for (const auto& parameter : sweep.parameters) cells.push_back(cell_of(parameters[parameter.name]));
  const auto metrics = read_metrics(row.metrics);
  for (const auto& metric : sweep.metrics) {
    const auto found = metrics.find(metric.name);
    cells.push_back(found == metrics.end() ? std::string(name_of(row.status)) : shown(found->second, metric.unit));
  }
  return cells;
}

std::string aligned(const std::vector<Cells>& lines) {
  std::vector<std::size_t> widths(lines.front().size());
  for (const Cells& cells : lines) {
    for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  }
  std::string result;
  for (const Cells& cells : lines) {
    for (std::size_t i = 0; i < cells.size(); ++i)
      result += fmt::format("{}{:>{}}", i == 0 ? "" : "  ", cells[i], widths[i]);
    result += "\n";
  }
  return result;
}

// What the rows that have all objectives say about them.
struct Candidates {
  std::vector<Row> rows;
  std::vector<std::vector<double>> values;
};

Candidates candidates_of(const Store& store, const std::vector<Objective>& objectives) {
  Candidates result;
  store.for_each([&](const Row& row) {
    const auto metrics = read_metrics(row.metrics);
    std::vector<double> values;
    for (const Objective& objective : objectives) {
      if (const auto found = metrics.find(objective.metric); found != metrics.end()) values.push_back(found->second);
    }
    if (values.size() != objectives.size() || row.status != Status::done) return;
    result.rows.push_back(row);
    result.values.push_back(std::move(values));
  });
  return result;
}

}  // namespace

Objective parse_objective(const std::string& text, const About& about) {
  for (const auto& [prefix, sense] :
       {std::pair{"maximise:", Sense::maximise}, std::pair{"minimise:", Sense::minimise}}) {
    if (!text.starts_with(prefix)) continue;
    const std::string metric = text.substr(std::string_view(prefix).size());
    if (std::ranges::count(about.metrics, metric) > 0) return {metric, sense};
    throw InputError("--objective", fmt::format("\"{}\" is no metric of this sweep; here are {}{}", metric,
                                                fmt::join(about.metrics, ", "), suggestion(metric, about.metrics)));
  }
  throw InputError("--objective", fmt::format("found \"{}\", expected maximise:METRIC or minimise:METRIC", text));
}

// Sorted by all objectives, best first, a row can only be beaten by one that stands before it; those kept are few.
std::vector<std::size_t> pareto_front(const std::vector<std::vector<double>>& rows, const std::vector<Sense>& senses) {
  std::vector<std::vector<double>> costs = rows;  // all to be minimised
  for (auto& cost : costs) {
    for (std::size_t i = 0; i < cost.size(); ++i) cost[i] = senses[i] == Sense::maximise ? -cost[i] : cost[i];
  }
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return costs[a] < costs[b]; });
  std::vector<std::size_t> front;
  for (const std::size_t row : order) {
    const auto beats = [&](std::size_t other) {
      return costs[other] != costs[row] && std::ranges::equal(costs[other], costs[row], std::less_equal<>());
    };
    if (std::ranges::none_of(front, beats)) front.push_back(row);
  }
  return front;
}

std::string front_table(const Store& store, const Sweep& sweep, const std::vector<Objective>& objectives,
                        std::size_t most) {
  const Candidates candidates = candidates_of(store, objectives);
  std::vector<Sense> senses;
  std::vector<std::string> wishes;
  for (const Objective& objective : objectives) {
    senses.push_back(objective.sense);
    wishes.push_back(fmt::format("{} {}", objective.metric, objective.sense == Sense::maximise ? "high" : "low"));
  }
  std::vector<std::size_t> chosen(candidates.rows.size());
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  if (!objectives.empty()) chosen = pareto_front(candidates.values, senses);
  std::vector<Cells> lines = {header_of(store.about())};
  for (const std::size_t at : chosen) {
    if (lines.size() > most) break;
    lines.push_back(shown_row(candidates.rows[at], sweep));
  }
  std::string title = objectives.empty()
                          ? fmt::format("{} points", with_thousands(chosen.size()))
                          : fmt::format("Pareto front ({}): {} of {} points", fmt::join(wishes, ", "),
                                        with_thousands(chosen.size()), with_thousands(candidates.rows.size()));
  if (chosen.size() > most) title += fmt::format(", the first {}", most);
  return title + "\n\n" + aligned(lines);
}

std::string rows_table(const std::vector<Row>& rows, const Sweep& sweep) {
  std::vector<Cells> lines = {{"point"}};
  for (const Parameter& parameter : sweep.parameters) lines[0].push_back(parameter.name);
  for (const Metric& metric : sweep.metrics) lines[0].push_back(metric.name);
  for (const Row& row : rows) lines.push_back(shown_row(row, sweep));
  return aligned(lines);
}

std::string rows_csv(const Store& store) {
  const About& about = store.about();
  Cells header = header_of(about);
  header.insert(header.end(), {"status", "message", "seed", "platform", "version"});
  std::string text = fmt::format("{}\n", fmt::join(header, ","));
  store.for_each([&](const Row& row) {
    Cells cells = {std::to_string(row.id)};
    const json parameters = json::parse(row.parameters), metrics = json::parse(row.metrics);
    for (const auto& name : about.parameters)
      cells.push_back(parameters.contains(name) ? csv_cell(cell_of(parameters[name])) : "");
    for (const auto& name : about.metrics) cells.push_back(metrics.contains(name) ? metrics[name].dump() : "");
    cells.insert(cells.end(), {std::string(name_of(row.status)), csv_cell(row.message), std::to_string(row.seed),
                               row.platform, row.version});
    text += fmt::format("{}\n", fmt::join(cells, ","));
  });
  return text;
}

}  // namespace zettasim::study
