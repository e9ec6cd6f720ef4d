// The unit table and its small parser. See unit.hpp for the grammar.
#include "zettasim/base/unit.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace zettasim {
namespace {

enum class Prefixes { none, small, decimal, decimal_and_binary };

struct Unit {
  std::string_view symbol;
  Dimension dimension;
  double scale;
  Prefixes prefixes;
};

constexpr Dimension time_d{.time = 1};
constexpr Dimension data_d{.data = 1};
constexpr Dimension flop_d{.flop = 1};
constexpr Dimension energy_d{.energy = 1};
constexpr Dimension length_d{.length = 1};
constexpr Dimension power_d{.time = -1, .energy = 1};
constexpr Dimension frequency_d{.time = -1};
constexpr Dimension potential_d{.potential = 1};
constexpr Dimension temperature_d{.temperature = 1};

constexpr std::array units = {
    Unit{"s", time_d, 1.0, Prefixes::small},
    Unit{"min", time_d, 60.0, Prefixes::none},
    Unit{"h", time_d, 3600.0, Prefixes::none},
    Unit{"day", time_d, 86400.0, Prefixes::none},
    Unit{"days", time_d, 86400.0, Prefixes::none},
    Unit{"B", data_d, 1.0, Prefixes::decimal_and_binary},
    Unit{"bit", data_d, 0.125, Prefixes::decimal_and_binary},
    Unit{"FLOP", flop_d, 1.0, Prefixes::decimal},
    Unit{"flop", flop_d, 1.0, Prefixes::decimal},
    Unit{"J", energy_d, 1.0, Prefixes::decimal},
    Unit{"Wh", energy_d, 3600.0, Prefixes::decimal},
    Unit{"W", power_d, 1.0, Prefixes::decimal},
    Unit{"m", length_d, 1.0, Prefixes::none},  // of cables
    Unit{"Hz", frequency_d, 1.0, Prefixes::decimal},
    Unit{"V", potential_d, 1.0, Prefixes::decimal},
    Unit{"K", temperature_d, 1.0, Prefixes::none},
};

struct Prefix {
  std::string_view symbol;
  double scale;
  bool binary;
};

constexpr std::array prefixes = {
    Prefix{"p", 1e-12, false},  Prefix{"n", 1e-9, false},   Prefix{"u", 1e-6, false},   Prefix{"m", 1e-3, false},
    Prefix{"k", 1e3, false},    Prefix{"M", 1e6, false},    Prefix{"G", 1e9, false},    Prefix{"T", 1e12, false},
    Prefix{"P", 1e15, false},   Prefix{"E", 1e18, false},   Prefix{"Z", 1e21, false},   Prefix{"Ki", 0x1p10, true},
    Prefix{"Mi", 0x1p20, true}, Prefix{"Gi", 0x1p30, true}, Prefix{"Ti", 0x1p40, true}, Prefix{"Pi", 0x1p50, true},
    Prefix{"Ei", 0x1p60, true},
};

struct Parsed {
  Dimension dimension;
  double scale;
};

bool takes(const Unit& unit, const Prefix& prefix) {
  switch (unit.prefixes) {
    case Prefixes::none:
      return false;
    case Prefixes::small:
      return prefix.scale < 1.0;  // "ks" would be read as a typing error sooner than as 1,000 s
    case Prefixes::decimal:
      return !prefix.binary;
    case Prefixes::decimal_and_binary:
      return prefix.binary || prefix.scale > 1.0;
  }
  return false;
}

std::optional<Parsed> parse_simple_unit(std::string_view text) {
  for (const Unit& unit : units) {
    if (text == unit.symbol) return Parsed{unit.dimension, unit.scale};
    if (!text.ends_with(unit.symbol)) continue;
    const auto head = text.substr(0, text.size() - unit.symbol.size());
    for (const Prefix& prefix : prefixes) {
      if (head == prefix.symbol && takes(unit, prefix)) return Parsed{unit.dimension, unit.scale * prefix.scale};
    }
  }
  return std::nullopt;
}

std::optional<Parsed> parse_unit(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return parse_simple_unit(text);
  const auto over = parse_simple_unit(text.substr(0, slash));
  const auto under = parse_simple_unit(text.substr(slash + 1));
  if (!over || !under) return std::nullopt;
  return Parsed{over->dimension - under->dimension, over->scale / under->scale};
}

struct NamedDimension {
  Dimension dimension;
  std::string_view name;
  std::string_view example;
};

constexpr std::array named_dimensions = {
    NamedDimension{Duration::dimension, "a duration", "1.7 us"},
    NamedDimension{DataSize::dimension, "a size", "64 GiB"},
    NamedDimension{Bandwidth::dimension, "a bandwidth", "25 GB/s"},
    NamedDimension{FlopCount::dimension, "a number of operations", "2 TFLOP"},
    NamedDimension{FlopRate::dimension, "a rate of operations", "47.9 TFLOP/s"},
    NamedDimension{Energy::dimension, "an energy", "3.6 MJ"},
    NamedDimension{Power::dimension, "a power", "700 W"},
    NamedDimension{EnergyPerFlop::dimension, "an energy per operation", "10 pJ/flop"},
    NamedDimension{EnergyPerByte::dimension, "an energy per bit", "3.9 pJ/bit"},
    NamedDimension{Length::dimension, "a length", "2.5 m"},
    NamedDimension{Frequency::dimension, "a frequency", "1.98 GHz"},
    NamedDimension{Voltage::dimension, "a voltage", "850 mV"},
    NamedDimension{Temperature::dimension, "a temperature", "25 degC"},
    NamedDimension{PowerRate::dimension, "a change of power over time", "2 MW/min"},
};

const NamedDimension* find_name(Dimension dimension) {
  for (const NamedDimension& named : named_dimensions) {
    if (named.dimension == dimension) return &named;
  }
  return nullptr;
}

// Spellings people bring from elsewhere, with what they would write here.
std::string explain_unknown_unit(std::string_view unit) {
  if (unit.ends_with("FLOPS") || unit.ends_with("flops"))
    return fmt::format("\"{}\" is not a unit; a rate is written \"TFLOP/s\"", unit);
  if (unit.ends_with("bps")) return fmt::format("\"{}\" is not a unit; bits are spelled out: \"Gbit/s\"", unit);
  if (unit.ends_with("Bps")) return fmt::format("\"{}\" is not a unit; write \"GB/s\"", unit);
  if (unit.ends_with("b") || unit.find("b/") != std::string_view::npos) {
    return fmt::format("\"{}\" is not a unit; bytes are \"B\", bits are spelled out: \"Gbit\"", unit);
  }
  return fmt::format("\"{}\" is not a unit", unit);
}

}  // namespace

std::string describe_expected(Dimension wanted) {
  const NamedDimension* named = find_name(wanted);
  return named ? fmt::format("{} such as \"{}\"", named->name, named->example) : std::string("a quantity");
}

std::variant<double, UnitProblem> parse_in_si(std::string_view text, Dimension wanted) {
  double number = 0.0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) return UnitProblem{"the number is too large or too small"};
  if (error != std::errc{}) return UnitProblem{"it does not begin with a number"};
  if (!std::isfinite(number)) return UnitProblem{"the number is not finite"};
  auto unit = text.substr(static_cast<std::size_t>(rest - text.data()));
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.empty()) return UnitProblem{"it has no unit"};
  // The one unit whose zero is not the base unit's: neither prefixes nor quotients make sense with it.
  const bool celsius = unit == "degC";
  const auto parsed = celsius ? std::optional(Parsed{temperature_d, 1.0}) : parse_unit(unit);
  if (!parsed) return UnitProblem{explain_unknown_unit(unit)};
  if (parsed->dimension != wanted) {
    const NamedDimension* named = find_name(parsed->dimension);
    return UnitProblem{fmt::format("\"{}\" is {}", unit, named ? named->name : "something else")};
  }
  const double value = number * parsed->scale + (celsius ? zero_celsius_k : 0.0);  // and of "-0 s" it makes 0
  if (!std::isfinite(value)) return UnitProblem{"the number is too large"};
  return value;
}

}  // namespace zettasim
