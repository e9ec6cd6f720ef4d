// The grammar of quantities in files: a number, a space, a unit. "25 GB/s", "64 GiB", "1.7 us", "200 Gbit/s", "3 pJ/bit".
//
// Bits are spelled out (`bit`), `Ki Mi Gi Ti Pi Ei` are powers of two, `k M G T P E` of ten, a bare number is refused.
// One table (unit.cpp) holds every unit with its dimension and the prefixes it takes; tests read it line by line.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "zettasim/base/quantity.hpp"

namespace zettasim {

// Why a text is not a quantity of the wanted dimension, ready to be shown: `"GB" is a size`.
struct UnitProblem {
  std::string reason;
};

// Parses `text` as a quantity of dimension `wanted`; the value is in SI base units.
std::variant<double, UnitProblem> parse_in_si(std::string_view text, Dimension wanted);

// "a bandwidth such as \"25 GB/s\"": what a message offers to somebody who wrote something else.
std::string describe_expected(Dimension wanted);

}  // namespace zettasim
