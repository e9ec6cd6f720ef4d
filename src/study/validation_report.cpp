// What a validation found, for people and for programs. See published.hpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "zettasim/study/published.hpp"

namespace zettasim::study {
namespace {

using nlohmann::ordered_json;

std::string_view name_of(Standing standing) {
  switch (standing) {
    case Standing::found:
      return "found";
    case Standing::derived:
      return "derived";
    case Standing::recalled:
      return "recalled";
  }
  return {};
}

std::string in_percent(double share) { return fmt::format("{:.3g} %", 100.0 * share); }

// "12.3 %; the goal of 6 % is missed, held to 13 %".
std::string against(double error, const Bound& bound) {
  std::string text = fmt::format("{:.1f} %; ", 100.0 * error);
  if (error > bound.bound) return text + fmt::format("WORSE than its bound of {}", in_percent(bound.bound));
  if (!bound.goal) return text + fmt::format("held to {}", in_percent(bound.bound));
  if (bound.bound <= *bound.goal) return text + fmt::format("within the goal of {}", in_percent(*bound.goal));
  return text + fmt::format("the goal of {} is {}, held to {}", in_percent(*bound.goal),
                            error > *bound.goal ? "missed" : "reached", in_percent(bound.bound));
}

std::string row_line(const Comparison& row, const std::string& unit, std::size_t width) {
  std::string text = fmt::format("  {:<{}}  {:>14}", row.run->name, width, shown(row.run->measured, unit));
  if (!row.predicted) return text + fmt::format("  {}\n", row.problem);
  return text + fmt::format("  {:>14}  {:>+7.1f} %{}\n", shown(*row.predicted, unit), 100.0 * row.error(),
                            row.run->standing == Standing::recalled ? "  recalled" : "");
}

std::string table_text(const ValidatedTable& validated) {
  const PublishedTable& table = *validated.table;
  std::size_t width = 3;
  for (const Comparison& row : validated.rows) width = std::max(width, row.run->name.size());
  std::string text = fmt::format("{}: {}\n\n  {:<{}}  {:>14}  {:>14}  {:>9}\n", table.name, table.title, "run", width,
                                 "published", "predicted", "error");
  for (const Comparison& row : validated.rows) text += row_line(row, table.unit, width);
  if (!validated.worst) return text + "\n  nothing to compare\n";
  text += fmt::format("\n  mean   {}\n  worst  {} ({})\n", against(validated.mean_error, table.mean),
                      against(validated.worst_error(), table.worst), validated.worst->run->name);
  for (const Peer& peer : table.peers)
    text +=
        fmt::format("  peer   {}: {} mean, {} ({})\n", peer.name, in_percent(peer.mean_error), peer.of, peer.source);
  return text;
}

ordered_json row_json(const Comparison& row) {
  ordered_json result = {{"name", row.run->name},
                         {"command", row.run->command},
                         {"published", row.run->measured},
                         {"status", name_of(row.run->standing)},
                         {"source", row.run->source}};
  if (row.predicted) {
    result["predicted"] = *row.predicted;
    result["error"] = row.error();
  } else {
    result[row.left_out ? "left_out" : "problem"] = row.problem;
  }
  return result;
}

ordered_json bound_json(double error, const Bound& bound) {
  ordered_json result = {{"error", error}, {"bound", bound.bound}};
  if (bound.goal) {
    result["goal"] = *bound.goal;
    result["goal_reached"] = error <= *bound.goal;
  }
  return result;
}

}  // namespace

std::string validation_text(const std::vector<ValidatedTable>& tables) {
  std::string text;
  std::vector<std::string> failed;
  for (const ValidatedTable& table : tables) {
    text += table_text(table) + "\n";
    if (!table.holds()) failed.push_back(table.table->name);
  }
  text += failed.empty() ? fmt::format("{} of {} tables within their bounds\n", tables.size(), tables.size())
                         : fmt::format("not within its bounds, or without a prediction: {}\n", fmt::join(failed, ", "));
  return text;
}

std::string validation_json(const std::vector<ValidatedTable>& tables, const std::string& version) {
  ordered_json list = ordered_json::array();
  for (const ValidatedTable& validated : tables) {
    ordered_json rows = ordered_json::array();
    for (const Comparison& row : validated.rows) rows.push_back(row_json(row));
    ordered_json peers = ordered_json::array();
    for (const Peer& peer : validated.table->peers)
      peers.push_back({{"name", peer.name}, {"mean_error", peer.mean_error}, {"of", peer.of}, {"source", peer.source}});
    ordered_json table = {{"table", validated.table->name},
                          {"title", validated.table->title},
                          {"unit", validated.table->unit},
                          {"holds", validated.holds()},
                          {"mean", bound_json(validated.mean_error, validated.table->mean)},
                          {"worst", bound_json(validated.worst_error(), validated.table->worst)}};
    if (validated.worst) table["worst"]["name"] = validated.worst->run->name;
    table["rows"] = rows;
    table["peers"] = peers;
    list.push_back(std::move(table));
  }
  const ordered_json result = {{"format", "zettasim-validation"}, {"version", version}, {"tables", list}};
  return result.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace zettasim::study
