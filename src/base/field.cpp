#include "zettasim/base/field.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "document_state.hpp"

namespace zettasim {

using nlohmann::json;

namespace {

constexpr double largest_number = 1e30;    // beyond any machine or workload; keeps products of two inputs finite
constexpr double smallest_number = 1e-30;  // and quotients

bool is_origin_status(const json& status) {
  return status.is_string() && (status == "found" || status == "derived" || status == "assumed");
}

// What is wrong with {"status": ..., "source": ...}; empty when nothing is.
std::string flaw_of_origin(const json& origin) {
  if (!origin.is_object())
    return "expected {\"status\": \"found\", \"derived\" or \"assumed\", \"source\": \"where from\"}";
  const auto status = origin.find("status");
  if (status == origin.end()) return "has no \"status\": found, derived or assumed";
  if (!is_origin_status(*status)) {
    return fmt::format(
        "has \"status\": {}, expected found, derived or assumed",
        status->is_string() ? in_quotes(status->get_ref<const std::string&>()) : "something that is no text");
  }
  const auto source = origin.find("source");
  const auto* text = source == origin.end() ? nullptr : source->get_ptr<const std::string*>();
  if (!text || text->empty()) return "has no \"source\": a text that says where the number comes from";
  return {};
}

struct Ends {
  double low, high;
};

// A number that is not known exactly may say between which two it lies: "range": ["1.5 kW", "2.2 kW"]. Who draws from
// it reads it from the resolved description; here it is made sure that every draw will be accepted. `written` is the
// object with the number, at `pointer`; both ends of its range are within `allowed`.
void check_range(DocumentState& state, const json& written, const std::string& pointer, double value, Ends allowed,
                 const std::optional<Dimension>& dimension) {
  if (!written.is_object() || !written.contains("value") || !written.contains("range")) return;
  state.asked_keys[pointer].insert("range");
  const json& range = written["range"];
  std::vector<double> ends;
  for (const json& end : range.is_array() ? range : json::array()) {
    if (dimension && end.is_string()) {
      const auto parsed = parse_in_si(end.get_ref<const std::string&>(), *dimension);
      if (const auto* si = std::get_if<double>(&parsed)) ends.push_back(*si);
    } else if (!dimension && end.is_number()) {
      ends.push_back(end.get<double>());
    }
  }
  std::string flaw;
  if (ends.size() != 2 || range.size() != 2) {
    flaw = fmt::format("expected the two numbers between which the value lies, such as {}",
                       dimension ? "[\"1.5 kW\", \"2 kW\"] in its own dimension" : "[0.8, 0.9]");
  } else if (!(ends[0] <= value && value <= ends[1] && ends[0] < ends[1])) {
    flaw = "expected a lower and a higher end with the value between them";
  } else if (ends[0] < allowed.low || ends[1] > allowed.high) {
    flaw = "an end is a number that could not be the value itself";
  }
  if (!flaw.empty()) state.add_problem(pointer + "/range", flaw);
}

}  // namespace

Field Field::operator[](std::string_view key) const {
  if (auto member = optional(key)) return *member;
  Field missing(state_, nullptr, pointer_ + "/" + escape(key));
  missing.quiet_ = quiet_ || !value_ || !value_->is_object();
  return missing;
}

std::optional<Field> Field::optional(std::string_view key) const {
  if (!value_ || !value_->is_object()) {
    expected("an object");
    return std::nullopt;
  }
  state_->asked_keys[pointer_].insert(std::string(key));
  const auto it = value_->find(key);
  if (it == value_->end()) return std::nullopt;
  return Field(state_, &*it, pointer_ + "/" + escape(key));
}

std::vector<Field> Field::items() const {
  std::vector<Field> result;
  if (!value_ || !value_->is_array()) {
    expected("an array");
    return result;
  }
  result.reserve(value_->size());
  for (std::size_t i = 0; i < value_->size(); ++i) {
    result.push_back(Field(state_, &(*value_)[i], pointer_ + "/" + std::to_string(i)));
  }
  return result;
}

std::vector<std::pair<std::string, Field>> Field::members() const {
  std::vector<std::pair<std::string, Field>> result;
  if (!value_ || !value_->is_object()) {
    expected("an object");
    return result;
  }
  for (const auto& [key, value] : value_->items()) {
    if (key == "origin" || key == "note") continue;
    state_->asked_keys[pointer_].insert(key);
    result.emplace_back(key, Field(state_, &value, pointer_ + "/" + escape(key)));
  }
  return result;
}

bool Field::is_object() const { return value_ && value_->is_object() && !value_->contains("value"); }
bool Field::has_members() const { return value_ && value_->is_object(); }
bool Field::is_array() const { return value_ && value_->is_array(); }
bool Field::is_string() const { return value_ && scalar()->is_string(); }

const json* Field::scalar() const {
  if (!value_ || !value_->is_object() || !value_->contains("value")) return value_;
  for (const char* key : {"value", "status", "source"}) state_->asked_keys[pointer_].insert(key);
  return &(*value_)["value"];
}

// Notes a problem when nobody says where this number comes from: neither itself nor an object of its file around it.
void Field::check_origin() const {
  if (state_->origins == Origins::not_asked) return;
  if (scalar() != value_) {
    const std::string flaw = flaw_of_origin(*value_);
    if (!flaw.empty()) problem("the number " + flaw);
    return;
  }
  const std::string own_file = file();
  for (std::string around = pointer_; !around.empty();) {
    around.resize(around.find_last_of('/'));
    if (state_->place_of(around).file != own_file) break;
    const json& object = state_->value.at(json::json_pointer(around));
    if (!object.is_object() || !object.contains("origin")) continue;
    const std::string flaw = flaw_of_origin(object["origin"]);
    if (!flaw.empty()) state_->add_problem(around + "/origin", flaw);
    return;
  }
  state_->add_unvouched(
      pointer_,
      fmt::format(
          "{} has no origin; write {{\"value\": {}, \"status\": \"found|derived|assumed\", \"source\": \"...\"}}, "
          "or give an object around it an \"origin\"",
          found(), found()));
}

std::string Field::text() const {
  const json* inner = scalar();
  if (!inner || !inner->is_string() || inner->get_ref<const std::string&>().empty()) {
    expected("a text");
    return {};
  }
  return inner->get<std::string>();
}

bool Field::boolean() const {
  const json* inner = scalar();
  if (!inner || !inner->is_boolean()) {
    expected("true or false");
    return false;
  }
  return inner->get<bool>();
}

std::int64_t Field::count(std::int64_t most) const {
  const json* inner = scalar();
  if (!inner || !inner->is_number_unsigned() || inner->get<std::uint64_t>() > static_cast<std::uint64_t>(most)) {
    expected(fmt::format("a whole number from 0 to {}", most));
    return 0;
  }
  check_origin();
  return inner->get<std::int64_t>();
}

std::int64_t Field::positive_count(std::int64_t most) const {
  const json* inner = scalar();
  if (!inner || !inner->is_number_unsigned() || inner->get<std::uint64_t>() < 1 ||
      inner->get<std::uint64_t>() > static_cast<std::uint64_t>(most)) {
    expected(fmt::format("a whole number from 1 to {}", most));
    return 1;
  }
  check_origin();
  return inner->get<std::int64_t>();
}

double Field::number(double low, double high) const {
  const json* inner = scalar();
  if (!inner || !inner->is_number() || !(inner->get<double>() >= low) || !(inner->get<double>() <= high)) {
    expected(fmt::format("a number from {} to {}", low, high));
    return low;
  }
  check_origin();
  check_range(*state_, *value_, pointer_, inner->get<double>(), {low, high}, std::nullopt);
  return inner->get<double>();
}

double Field::positive_share() const {
  const json* inner = scalar();
  if (!inner || !inner->is_number() || !(inner->get<double>() >= smallest_number) || !(inner->get<double>() <= 1.0)) {
    expected("a share: more than 0, at most 1 (93 % is 0.93)");
    return 1.0;
  }
  check_origin();
  check_range(*state_, *value_, pointer_, inner->get<double>(), {smallest_number, 1.0}, std::nullopt);
  return inner->get<double>();
}

double Field::quantity(Dimension dimension, Sign sign) const {
  const double harmless = sign == Sign::positive ? 1.0 : 0.0;
  const json* inner = scalar();
  if (!inner || !inner->is_string()) {
    expected(describe_expected(dimension) + (inner && inner->is_number() ? " (a number needs its unit)" : ""));
    return harmless;
  }
  const auto parsed = parse_in_si(inner->get_ref<const std::string&>(), dimension);
  if (const auto* wrong = std::get_if<UnitProblem>(&parsed)) {
    problem(fmt::format("found {}, expected {} ({})", found(), describe_expected(dimension), wrong->reason));
    return harmless;
  }
  const double value = std::get<double>(parsed);
  const char* flaw = value > largest_number                     ? ", not as large as that"
                     : value < 0.0 && sign == Sign::nonnegative ? ", zero or more"
                     : value <= 0.0 && sign == Sign::positive
                         ? dimension == Temperature::dimension ? ", more than 0 K" : ", more than zero"
                     : value > 0.0 && value < smallest_number ? ", not as small as that"
                                                              : nullptr;
  if (flaw) {
    expected(describe_expected(dimension) + flaw);
    return harmless;
  }
  check_origin();
  check_range(*state_, *value_, pointer_, value, {sign == Sign::positive ? smallest_number : 0.0, largest_number},
              dimension);
  return value;
}

std::size_t Field::choose(const std::vector<std::string>& names) const {
  const json* inner = scalar();
  if (!inner || !inner->is_string()) {
    expected(fmt::format("one of {}", fmt::join(names, ", ")));
    return 0;
  }
  const std::string& written = inner->get_ref<const std::string&>();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == written) return i;
  }
  problem(fmt::format("found {}, expected one of {}{}", found(), fmt::join(names, ", "), suggestion(written, names)));
  return 0;
}

void Field::expected(const std::string& what) const {
  problem(value_ ? fmt::format("found {}, expected {}", found(), what) : fmt::format("missing; expected {}", what));
}

void Field::problem(std::string text) const {
  if (!quiet_) state_->add_problem(pointer_, std::move(text));
}

std::string Field::found() const {
  const json* inner = scalar();
  if (!inner) return "nothing";
  if (inner->is_object() || (inner->is_array() && inner != value_)) return "an object";
  if (inner->is_array()) return "an array";
  return inner->is_string() ? in_quotes(inner->get_ref<const std::string&>()) : inner->dump();
}

std::string Field::place() const { return to_text(state_->place_of(pointer_)); }
std::string Field::file() const { return state_->place_of(pointer_).file; }

void check_format(const Field& root, std::string_view format, int version) {
  const auto written = root["format"], number = root["version"];
  if (!written.is_string() || written.text() != format) {
    written.problem(fmt::format("{}; expected \"format\": \"{}\"",
                                written.exists() ? "found " + written.found() : "missing", format));
    return;
  }
  const std::string expected = std::to_string(version);
  if (number.found() != expected) {
    number.problem(fmt::format("{}; this zettasim reads version {}",
                               number.exists() ? "found " + number.found() : "missing", version));
  }
}

}  // namespace zettasim
