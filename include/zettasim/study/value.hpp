// What a parameter of a study may be and what its comparisons see: words, numbers, quantities.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "zettasim/base/field.hpp"
#include "zettasim/base/quantity.hpp"

namespace zettasim::study {

// A number with its dimension, in SI base units; no dimension: a plain number.
struct Measure {
  double si = 0.0;
  Dimension dimension = {};
};

// "40 MW" as a measure; nothing when the text is no quantity of the grammar of base/unit.hpp.
std::optional<Measure> parse_measure(std::string_view text);

// The dimension of a unit such as "FLOP/s"; nothing when it is none of ours.
std::optional<Dimension> dimension_of_unit(std::string_view unit);

// A value as files write it: "53.3 TB/s", 4, "linear", true.
struct Value {
  std::string text;                // without quotes, as an option or a table shows it
  std::string json;                // as JSON
  std::optional<Measure> measure;  // absent for words
};

Value make_word(std::string text);  // measured when it is a quantity
Value make_number(double number);
// `number` with a unit, or without one when `unit` is empty; twelve digits, so that steps read as people write them.
Value make_quantity(double number, const std::string& unit);

// A scalar of a file; a problem is noted and a number returned when it is none.
Value read_value(const Field& field);

// A text as JSON, in quotes; bytes that are not UTF-8 are replaced.
std::string json_text(std::string_view text);

// For tables: three significant digits and a prefix when `unit` is one of ours, else the number and its unit.
std::string shown(double si, const std::string& unit);

}  // namespace zettasim::study
