#include "zettasim/study/value.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "zettasim/base/text.hpp"
#include "zettasim/base/unit.hpp"

namespace zettasim::study {
namespace {

constexpr std::array known_dimensions = {Duration::dimension,
                                         DataSize::dimension,
                                         Bandwidth::dimension,
                                         FlopCount::dimension,
                                         FlopRate::dimension,
                                         Energy::dimension,
                                         Power::dimension,
                                         EnergyPerFlop::dimension,
                                         EnergyPerByte::dimension,
                                         Length::dimension,
                                         Frequency::dimension,
                                         Voltage::dimension,
                                         Temperature::dimension,
                                         PowerRate::dimension,
                                         (FlopCount::dimension - Energy::dimension)};

}  // namespace

std::optional<Measure> parse_measure(std::string_view text) {
  for (const Dimension dimension : known_dimensions) {
    const auto parsed = parse_in_si(text, dimension);
    if (const double* si = std::get_if<double>(&parsed)) return Measure{*si, dimension};
  }
  return std::nullopt;
}

std::optional<Dimension> dimension_of_unit(std::string_view unit) {
  const auto measure = parse_measure(fmt::format("1 {}", unit));
  return measure ? std::optional(measure->dimension) : std::nullopt;
}

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Value make_word(std::string text) {
  const std::string json = json_text(text);
  const auto measure = parse_measure(text);
  return {std::move(text), json, measure};
}

Value make_number(double number) { return make_quantity(number, ""); }

Value make_quantity(double number, const std::string& unit) {
  const std::string digits = fmt::format("{:.12g}", number);
  if (!unit.empty()) return make_word(digits + " " + unit);
  return {digits, digits, Measure{std::stod(digits), {}}};
}

Value read_value(const Field& field) {
  if (field.is_string()) return make_word(field.text());
  const std::string found = field.found();
  if (found == "true" || found == "false") return {found, found, std::nullopt};
  return make_number(field.number(-1e30, 1e30));
}

std::string shown(double si, const std::string& unit) {
  if (unit.empty() || !std::isfinite(si)) return fmt::format("{:.4g}", si);
  const auto dimension = dimension_of_unit(unit);
  if (dimension == Duration::dimension) return to_text(seconds(si));
  if (dimension == DataSize::dimension) return to_text(bytes(si));
  if (dimension == Bandwidth::dimension) return to_text(bytes_per_second(si));
  if (dimension == FlopCount::dimension) return to_text(flops(si));
  if (dimension == FlopRate::dimension) return to_text(flops_per_second(si));
  if (dimension == Energy::dimension) return to_text(joules(si));
  if (dimension == Power::dimension) return to_text(watts(si));
  if (dimension == FlopCount::dimension - Energy::dimension) return to_text(flops(si)) + "/J";
  return fmt::format("{:.4g} {}", si, unit);
}

}  // namespace zettasim::study
