#include "zettasim/study/points.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <nlohmann/json.hpp>

#include "zettasim/base/problem.hpp"

namespace zettasim::study {
namespace {

// Of the product of the axes; beyond this the constraints alone would take minutes to check.
constexpr std::uint64_t largest_product = 50'000'000;

std::uint64_t product_of(const Sweep& sweep) {
  std::uint64_t product = 1;
  for (const Axis& axis : sweep.axes) {
    product *= axis.rows.size();
    if (product > largest_product)
      throw InputError(
          sweep.name,
          fmt::format(
              "the parameters multiply to more than {} points; use fewer steps, or a sample (latin_hypercube, sobol)",
              largest_product));
  }
  return product;
}

// The changes of the machine that a command names itself.
void note_own_changes(const std::vector<std::string>& command, Invocation& result) {
  const auto note = [&](const std::string& option, std::vector<std::string>& into) {
    for (std::size_t i = 0; i < command.size(); ++i) {
      if (command[i] == option && i + 1 < command.size()) into.push_back(command[i + 1]);
      if (command[i].starts_with(option + "=")) into.push_back(command[i].substr(option.size() + 1));
    }
  };
  note("--overlay", result.overlays);
  note("--set", result.settings);
}

}  // namespace

Points::Points(const Sweep& sweep) : sweep_(sweep), repeats_(sweep.repeats.value_or(1)) {
  const std::uint64_t product = product_of(sweep);
  Point point;
  const auto lookup = [&](const std::string& name) { return value_of(sweep, point, name); };
  for (std::uint64_t i = 0; i < product; ++i) {
    if (!sweep.constraints.empty()) point.values = values_at(i);
    bool kept = true;
    for (const Expression& constraint : sweep.constraints) {
      try {
        kept = kept && constraint.holds(lookup);
      } catch (const ExpressionError& error) {
        throw InputError(fmt::format("{}, constraint \"{}\"", sweep.name, constraint.text()),
                         fmt::format("{}, with {}", error.what(), parameters_json(sweep, point)));
      }
    }
    if (kept) kept_.push_back(i);
    if (kept_.size() * repeats_ > most_points)
      throw InputError(
          sweep.name,
          fmt::format("has more than {} points; use fewer steps or repeats, or a sample (latin_hypercube, sobol)",
                      most_points));
  }
  if (kept_.empty()) throw InputError(sweep.name, "its constraints leave no point");
}

std::vector<Value> Points::values_at(std::uint64_t product_index) const {
  std::vector<Value> values(sweep_.parameters.size());
  for (auto axis = sweep_.axes.rbegin(); axis != sweep_.axes.rend(); ++axis) {
    const auto& row = axis->rows[product_index % axis->rows.size()];
    product_index /= axis->rows.size();
    for (std::size_t i = 0; i < row.size(); ++i) values[axis->parameters[i]] = row[i];
  }
  return values;
}

Point Points::operator[](std::size_t id) const {
  return {.id = id, .values = values_at(kept_[id / repeats_]), .seed = sweep_.seed + id % repeats_};
}

std::string parameters_json(const Sweep& sweep, const Point& point) {
  nlohmann::ordered_json result = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < sweep.parameters.size(); ++i) {
    result[sweep.parameters[i].name] = nlohmann::ordered_json::parse(point.values[i].json);
  }
  return result.dump();
}

std::optional<Value> value_of(const Sweep& sweep, const Point& point, const std::string& name) {
  for (std::size_t i = 0; i < sweep.parameters.size(); ++i) {
    if (sweep.parameters[i].name == name) return point.values[i];
  }
  return std::nullopt;
}

Invocation invocation_of(const Sweep& sweep, const Run& run, const Point& point) {
  Invocation result{
      .arguments = run.command, .platform = run.command[1], .overlays = {}, .settings = {}, .workload_settings = {}};
  note_own_changes(run.command, result);
  for (std::size_t i = 0; i < sweep.parameters.size(); ++i) {
    const Parameter& parameter = sweep.parameters[i];
    const Value& value = point.values[i];
    if (!parameter.runs.empty() && std::ranges::count(parameter.runs, run.name) == 0) continue;
    switch (parameter.change) {
      case Change::platform:
        result.settings.push_back(parameter.target + "=" + value.json);
        result.arguments.insert(result.arguments.end(), {"--set", result.settings.back()});
        break;
      case Change::overlay:
        if (value.text == "none") break;
        result.overlays.push_back(value.text);
        result.arguments.insert(result.arguments.end(), {"--overlay", value.text});
        break;
      case Change::option:
        result.arguments.insert(result.arguments.end(), {parameter.target, value.text});
        break;
      case Change::argument:
        result.arguments.push_back(parameter.target + "=" + value.text);
        break;
      case Change::workload:
        result.workload_settings.emplace_back(parameter.target, value.json);
        break;
    }
  }
  if (sweep.repeats && run.command[0] == "run") {
    result.arguments.insert(result.arguments.end(), {"--seed", std::to_string(point.seed)});
  }
  result.arguments.emplace_back("--json");
  return result;
}

std::string digest(const std::string& text) {
  const boost::uuids::name_generator_sha1 generator(boost::uuids::ns::oid());
  return boost::uuids::to_string(generator(text));
}

}  // namespace zettasim::study
