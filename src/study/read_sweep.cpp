// The reader of sweeps: first each field, then what must hold between them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "zettasim/base/field.hpp"
#include "zettasim/base/suggest.hpp"
#include "zettasim/study/sampling.hpp"
#include "zettasim/study/sweep.hpp"

namespace zettasim::study {
namespace {

constexpr std::size_t most_values = 100'000;  // of one axis

std::string read_name(const Field& field) {
  const std::string name = field.text();
  if (field.is_string() && !is_name(name)) {
    field.problem(fmt::format(
        "found {}, expected a name of letters, digits and _, a letter first; and, or, not are taken", field.found()));
  }
  return name;
}

std::vector<Run> read_runs(const Field& field) {
  std::vector<Run> runs;
  for (const auto& [name, command] : field.members()) {
    Run run{name, {}};
    if (!is_name(name)) command.problem(fmt::format("\"{}\" is no name; expected letters, digits and _", name));
    run.command = read_command(command);
    runs.push_back(std::move(run));
  }
  if (field.is_object() && runs.empty()) field.problem("is empty; expected at least one run");
  return runs;
}

struct Amount {
  double number = 0.0;
  std::string unit;
};

Amount read_amount(const Field& field) {
  const Value value = read_value(field);
  if (!value.measure) {
    field.problem(fmt::format("found {}, expected a number or a quantity such as \"40 MW\"", field.found()));
    return {};
  }
  Amount amount;
  const char* end = value.text.data() + value.text.size();
  const auto [rest, error] = std::from_chars(value.text.data(), end, amount.number);
  (void)error;  // measured, so it begins with a number
  amount.unit.assign(rest, end);
  if (amount.unit.starts_with(' ')) amount.unit.erase(0, 1);
  return amount;
}

const Choices<Scale>& scale_names() {
  static const Choices<Scale> names = {{"linear", Scale::linear}, {"logarithmic", Scale::logarithmic}};
  return names;
}

Range read_range(const Field& field) {
  const Amount from = read_amount(field["from"]), to = read_amount(field["to"]);
  Range range{.from = from.number, .to = to.number, .unit = from.unit};
  if (const auto scale = field.optional("scale")) range.scale = scale->choice(scale_names());
  if (const auto whole = field.optional("whole")) range.whole = whole->boolean();
  if (from.unit != to.unit) {
    field["to"].problem(
        fmt::format("found {}, expected the unit of \"from\", {}", field["to"].found(), field["from"].found()));
  } else if (!(from.number < to.number)) {
    field["to"].problem(
        fmt::format("found {}, expected more than \"from\", {}", field["to"].found(), field["from"].found()));
  }
  if (range.scale == Scale::logarithmic && !(from.number > 0.0)) {
    field["from"].problem(
        fmt::format("found {}, expected more than zero: the scale is logarithmic", field["from"].found()));
    range.scale = Scale::linear;
  }
  return range;
}

// Where the value goes: exactly one of the five members says so.
void read_change(const Field& field, Parameter& parameter) {
  static const std::vector<std::pair<std::string, Change>> kinds = {{"platform", Change::platform},
                                                                    {"workload", Change::workload},
                                                                    {"argument", Change::argument},
                                                                    {"option", Change::option},
                                                                    {"overlay", Change::overlay}};
  std::size_t named = 0;
  for (const auto& [key, change] : kinds) {
    const auto target = field.optional(key);
    if (!target) continue;
    ++named;
    parameter.change = change;
    if (change == Change::overlay) {
      if (!target->boolean())
        target->problem("found false, expected true: the values are names of overlays, or \"none\"");
      continue;
    }
    parameter.target = target->text();
    const bool pointer = change == Change::platform || change == Change::workload;
    if (pointer && target->is_string() && !parameter.target.starts_with('/')) {
      target->problem(fmt::format("found {}, expected a JSON pointer such as /facility/budget", target->found()));
    }
    if (change == Change::option && target->is_string() && !parameter.target.starts_with("--")) {
      target->problem(fmt::format("found {}, expected an option such as --placement", target->found()));
    }
  }
  if (field.is_object() && named != 1) {
    field.problem(
        fmt::format("{}; expected one of \"platform\": \"/pointer\", \"workload\": \"/pointer\", "
                    "\"argument\": \"name\", \"option\": \"--name\", \"overlay\": true",
                    named == 0 ? "says nowhere what it changes" : "says more than once what it changes"));
  }
}

Parameter read_parameter(const Field& field) {
  Parameter parameter;
  parameter.name = read_name(field["name"]);
  read_change(field, parameter);
  if (const auto runs = field.optional("runs")) {
    for (const Field& run : runs->items()) parameter.runs.push_back(run.text());
  }
  const auto values = field.optional("values");
  const auto from = field.optional("from");
  if (values.has_value() == from.has_value() && field.is_object()) {
    field.problem("expected either \"values\": [...], or \"from\" and \"to\"");
  } else if (values) {
    for (const Field& value : values->items()) parameter.values.push_back(read_value(value));
    if (values->is_array() && parameter.values.empty()) values->problem("is empty; expected at least one value");
  } else if (from) {
    parameter.range = read_range(field);
    if (const auto steps = field.optional("steps")) {
      const auto count = static_cast<std::size_t>(steps->positive_count(most_values));
      if (count < 2) steps->problem("found 1, expected at least 2: both ends of the range");
      for (std::size_t i = 0; i < count; ++i) {
        parameter.values.push_back(
            parameter.range->at(count < 2 ? 0.0 : static_cast<double>(i) / static_cast<double>(count - 1)));
      }
    }
  }
  return parameter;
}

// Turns the members of "parameters" into axes.
class AxisReader {
 public:
  explicit AxisReader(Sweep& sweep) : sweep_(sweep) {}

  void read(const Field& field) {
    if (const auto zipped = field.optional("zip")) {
      zip(*zipped);
    } else if (const auto cube = field.optional("latin_hypercube")) {
      const auto parameters = sampled(*cube);
      const auto points = static_cast<std::size_t>(field["points"].positive_count(most_values));
      add_sample(parameters, latin_hypercube(points, parameters.size(), sweep_.seed + sweep_.axes.size()));
    } else if (const auto sequence = field.optional("sobol")) {
      const auto parameters = sampled(*sequence);
      const auto points = static_cast<std::size_t>(field["points"].positive_count(most_values));
      if (!parameters.empty())
        add_sample(parameters, sobol(points, std::min(parameters.size(), most_sobol_dimensions)));
    } else {
      single(field);
    }
  }

 private:
  std::size_t add(Parameter parameter, const Field& field) {
    for (const Parameter& other : sweep_.parameters) {
      if (other.name == parameter.name) {
        field["name"].problem(fmt::format("\"{}\" names another parameter already", parameter.name));
      }
    }
    sweep_.parameters.push_back(std::move(parameter));
    return sweep_.parameters.size() - 1;
  }
  // A range without steps has no list to multiply; --optimize moves freely in it.
  void single(const Field& field) {
    Parameter parameter = read_parameter(field);
    const bool no_list = parameter.range && parameter.values.empty();
    if (no_list && !sweep_.search) {
      field.problem(
          "a range needs \"steps\", unless it stands in \"latin_hypercube\" or \"sobol\", or the file has a "
          "\"search\"");
    }
    Axis axis;
    if (no_list) parameter.values = {parameter.range->at(0.0), parameter.range->at(1.0)};
    for (const Value& value : parameter.values) axis.rows.push_back({value});
    axis.parameters.push_back(add(std::move(parameter), field));
    sweep_.axes.push_back(std::move(axis));
  }
  void zip(const Field& field) {
    Axis axis;
    for (const Field& member : field.items()) {
      Parameter parameter = read_parameter(member);
      if (axis.parameters.empty()) axis.rows.resize(parameter.values.size());
      if (parameter.values.size() != axis.rows.size()) {
        member.problem(fmt::format("has {} values, expected {}, as the first of the zip", parameter.values.size(),
                                   axis.rows.size()));
      }
      for (std::size_t i = 0; i < std::min(axis.rows.size(), parameter.values.size()); ++i) {
        axis.rows[i].push_back(parameter.values[i]);
      }
      axis.parameters.push_back(add(std::move(parameter), member));
    }
    if (field.is_array() && axis.parameters.empty()) field.problem("is empty; expected at least two parameters");
    sweep_.axes.push_back(std::move(axis));
  }
  std::vector<std::size_t> sampled(const Field& field) {
    std::vector<std::size_t> parameters;
    for (const Field& member : field.items()) parameters.push_back(add(read_parameter(member), member));
    if (field.is_array() && (parameters.empty() || parameters.size() > most_sobol_dimensions)) {
      field.problem(fmt::format("has {} parameters, expected 1 to {}", parameters.size(), most_sobol_dimensions));
    }
    return parameters;
  }
  // A range takes the share as it is; a list is cut into equal parts, one for each value.
  Value pick(const Parameter& parameter, double share) const {
    if (parameter.range) return parameter.range->at(share);
    if (parameter.values.empty()) return make_number(0.0);
    const auto at = static_cast<std::size_t>(share * static_cast<double>(parameter.values.size()));
    return parameter.values[std::min(at, parameter.values.size() - 1)];
  }
  void add_sample(const std::vector<std::size_t>& parameters, const std::vector<UnitPoint>& sample) {
    Axis axis{.parameters = parameters, .rows = {}};
    for (const UnitPoint& point : sample) {
      std::vector<Value> row;
      for (std::size_t d = 0; d < std::min(point.size(), parameters.size()); ++d) {
        row.push_back(pick(sweep_.parameters[parameters[d]], point[d]));
      }
      axis.rows.push_back(std::move(row));
    }
    sweep_.axes.push_back(std::move(axis));
  }

  Sweep& sweep_;
};

std::optional<Expression> read_expression(const Field& field) {
  const std::string text = field.text();
  if (!field.is_string() || text.empty()) return std::nullopt;
  try {
    return Expression::parse(text);
  } catch (const ExpressionError& error) {
    field.problem(error.what());
    return std::nullopt;
  }
}

Metric read_metric(const std::string& name, const Field& field) {
  Metric metric;
  metric.name = name;
  if (!is_name(name)) field.problem(fmt::format("\"{}\" is no name; expected letters, digits and _", name));
  if (const auto formula = field.optional("formula")) {
    metric.formula = read_expression(*formula);
  } else {
    metric.run = field["run"].text();
    metric.pointer = field["at"].text();
    if (field["at"].is_string() && !metric.pointer.starts_with('/')) {
      field["at"].problem(fmt::format("found {}, expected a JSON pointer such as /power/mean_w", field["at"].found()));
    }
  }
  if (const auto unit = field.optional("unit")) {
    metric.unit = unit->text();
    const auto dimension = dimension_of_unit(metric.unit);
    const auto one = parse_measure("1 " + metric.unit);
    if (unit->is_string() && (!dimension || one->si != 1.0)) {
      unit->problem(
          fmt::format("found {}, expected a unit of results: s, B, B/s, FLOP, FLOP/s, J, W, FLOP/J", unit->found()));
    } else if (dimension) {
      metric.dimension = *dimension;
    }
  }
  return metric;
}

const Choices<Sense>& sense_names() {
  static const Choices<Sense> names = {{"maximise", Sense::maximise}, {"minimise", Sense::minimise}};
  return names;
}

Search read_search(const Field& field) {
  Search search;
  const auto most = field.optional("maximise"), least = field.optional("minimise");
  if (field.is_object() && most.has_value() == least.has_value()) {
    field.problem("expected either \"maximise\" or \"minimise\", the name of a metric");
  } else if (most || least) {
    search.objective = {(most ? *most : *least).text(), most ? Sense::maximise : Sense::minimise};
  }
  if (const auto conditions = field.optional("subject_to")) {
    for (const Field& condition : conditions->items()) {
      if (const auto expression = read_expression(condition)) search.subject_to.push_back(*expression);
    }
  }
  if (const auto count = field.optional("evaluations"))
    search.evaluations = static_cast<std::size_t>(count->positive_count(most_values));
  if (const auto starts = field.optional("starts"))
    search.starts = static_cast<std::size_t>(starts->positive_count(1000));
  return search;
}

// What must hold between the fields.
class Links {
 public:
  Links(const Field& root, const Sweep& sweep) : root_(root), sweep_(sweep) {
    for (const Run& run : sweep.runs) runs_.push_back(run.name);
    for (const Parameter& parameter : sweep.parameters) parameters_.push_back(parameter.name);
    for (const Metric& metric : sweep.metrics) metrics_.push_back(metric.name);
  }

  void check() {
    check_parameters(root_["parameters"]);
    check_metrics();
    check_names(root_.optional("constraints"), sweep_.constraints, parameters_, "parameter");
    for (const auto& objective : sweep_.objectives) {
      if (const auto field = root_.optional("objectives"))
        expect_known((*field)[objective.metric], objective.metric, metrics_, "metric");
    }
    check_search();
    check_repeats();
  }

 private:
  using Names = std::vector<std::string>;

  static void expect_known(const Field& field, const std::string& name, const Names& known, std::string_view what) {
    if (name.empty() || std::ranges::count(known, name) > 0) return;
    field.problem(fmt::format("\"{}\" is no {} of this sweep; here are {}{}", name, what, fmt::join(known, ", "),
                              suggestion(name, known)));
  }
  static void check_names(const std::optional<Field>& fields, const std::vector<Expression>& expressions,
                          const Names& known, std::string_view what) {
    if (!fields) return;
    const auto items = fields->items();
    for (const Expression& expression : expressions) {
      for (const Field& item : items) {
        if (!item.is_string() || item.text() != expression.text()) continue;
        for (const std::string& name : expression.names()) expect_known(item, name, known, what);
      }
    }
  }
  // Parameters stand one by one or in groups; the file's order is theirs.
  void check_parameters(const Field& field) {
    std::size_t at = 0;
    for (const Field& member : field.items()) {
      bool group = false;
      for (const char* kind : {"zip", "latin_hypercube", "sobol"}) {
        const auto inner = member.optional(kind);
        if (!inner || group) continue;
        group = true;
        for (const Field& one : inner->items()) check_parameter(one, sweep_.parameters[at++]);
      }
      if (!group) check_parameter(member, sweep_.parameters[at++]);
    }
  }
  void check_parameter(const Field& field, const Parameter& parameter) {
    for (const std::string& run : parameter.runs) expect_known(field["runs"], run, runs_, "run");
    for (const Run& run : sweep_.runs) {
      const bool changed = parameter.runs.empty() || std::ranges::count(parameter.runs, run.name) > 0;
      if (!changed || run.command.empty()) continue;
      if (parameter.change == Change::workload && run.command[0] != "run") {
        field.problem(fmt::format(
            "changes a workload, which the run \"{}\" has none of; name those that have in \"runs\"", run.name));
      }
      if (parameter.change == Change::argument && run.command[0] != "predict") {
        field.problem(fmt::format(
            "changes an application, which the run \"{}\" has none of; name those that have in \"runs\"", run.name));
      }
    }
  }
  void check_metrics() {
    const Field field = root_["metrics"];
    if (field.is_object() && sweep_.metrics.empty()) field.problem("is empty; expected at least one number to keep");
    Names operands = parameters_;
    for (const Metric& metric : sweep_.metrics) {
      if (!metric.formula) operands.push_back(metric.name);
      if (std::ranges::count(parameters_, metric.name) > 0) field[metric.name].problem("a parameter has the same name");
    }
    for (const Metric& metric : sweep_.metrics) {
      if (!metric.formula) {
        expect_known(field[metric.name]["run"], metric.run, runs_, "run");
        continue;
      }
      for (const std::string& name : metric.formula->names()) {
        expect_known(field[metric.name]["formula"], name, operands, "parameter or metric of a run");
      }
    }
  }
  void check_search() {
    const auto field = root_.optional("search");
    if (!field) return;
    const Search& search = *sweep_.search;
    const char* key = search.objective.sense == Sense::maximise ? "maximise" : "minimise";
    if (const auto objective = field->optional(key))
      expect_known(*objective, search.objective.metric, metrics_, "metric");
    Names operands = metrics_;
    operands.insert(operands.end(), parameters_.begin(), parameters_.end());
    check_names(field->optional("subject_to"), search.subject_to, operands, "metric or parameter");
    if (std::ranges::none_of(sweep_.parameters, [](const Parameter& p) { return p.range.has_value(); })) {
      field->problem("no parameter has a range to search in");
    }
    if (root_.optional("repeats")) field->problem("a search and \"repeats\" do not go together");
  }
  void check_repeats() {
    const auto field = root_.optional("repeats");
    const bool draws = std::ranges::any_of(
        sweep_.runs, [](const Run& run) { return !run.command.empty() && run.command[0] == "run"; });
    if (field && !draws) field->problem("changes the seed of `run`, and no run of this sweep is one");
  }

  const Field root_;
  const Sweep& sweep_;
  Names runs_, parameters_, metrics_;
};

void read_members(const Field& root, Sweep& sweep) {
  sweep.name = root["name"].text();
  if (const auto seed = root.optional("seed")) sweep.seed = static_cast<std::uint64_t>(seed->count());
  if (const auto repeats = root.optional("repeats"))
    sweep.repeats = static_cast<std::size_t>(repeats->positive_count(100'000));
  sweep.runs = read_runs(root["runs"]);
  if (const auto search = root.optional("search")) sweep.search = read_search(*search);
  AxisReader axes(sweep);
  const Field parameters = root["parameters"];
  for (const Field& parameter : parameters.items()) axes.read(parameter);
  if (parameters.is_array() && sweep.parameters.empty())
    parameters.problem("is empty; expected at least one parameter");
  if (const auto constraints = root.optional("constraints")) {
    for (const Field& constraint : constraints->items()) {
      if (const auto expression = read_expression(constraint)) sweep.constraints.push_back(*expression);
    }
  }
  for (const auto& [name, metric] : root["metrics"].members()) sweep.metrics.push_back(read_metric(name, metric));
  if (const auto objectives = root.optional("objectives")) {
    for (const auto& [metric, sense] : objectives->members())
      sweep.objectives.push_back({metric, sense.choice(sense_names())});
  }
  if (const auto limits = root.optional("limits")) sweep.limits = read_limits(*limits);
}

}  // namespace

const std::vector<std::string>& studied_commands() {
  static const std::vector<std::string> names = {"predict", "run", "collective", "topology"};
  return names;
}

std::vector<std::string> read_command(const Field& field) {
  std::vector<std::string> words;
  for (const Field& word : field.items()) words.push_back(word.text());
  if (field.is_array() && words.size() < 2) {
    field.problem("expected a command and its arguments, such as [\"predict\", \"fugakunext\", \"hpl\"]");
  } else if (field.is_array() && std::ranges::count(studied_commands(), words[0]) == 0) {
    field.items()[0].problem(fmt::format("found \"{}\", expected one of {}: commands with a result in JSON{}", words[0],
                                         fmt::join(studied_commands(), ", "),
                                         suggestion(words[0], studied_commands())));
  } else if (field.is_array() && words[0] == "run" && words.size() < 3) {
    field.problem("run needs a platform and a workload");
  }
  return words;
}

Limits read_limits(const Field& field) {
  Limits limits;
  if (const auto time = field.optional("time")) limits.time = time->positive<Duration>();
  if (const auto memory = field.optional("memory")) limits.memory = memory->positive<DataSize>();
  return limits;
}

Value Range::at(double share) const {
  double number = scale == Scale::linear ? from + (to - from) * share : from * std::pow(to / from, share);
  if (share >= 1.0) number = to;
  if (whole) number = std::round(number);
  return make_quantity(number, unit);
}

Sweep read_sweep(Document document) {
  Sweep sweep;
  const Field root = document.root();
  check_format(root, "zettasim-sweep", 1);
  if (document.has_problems()) throw InputError(document.problems());
  read_members(root, sweep);
  if (!document.has_problems()) Links(root, sweep).check();
  sweep.source = document.value().dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  document.finish();
  return sweep;
}

}  // namespace zettasim::study
