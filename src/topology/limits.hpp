// How large a network may be: link ids are 32-bit, and a load accumulator keeps eight bytes for each link.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "zettasim/base/problem.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::topology {

inline constexpr std::int64_t most_links = std::int64_t{1} << 28;

[[noreturn]] inline void refuse(const platform::Machine& machine, const std::string& text) {
  throw InputError(fmt::format("machine \"{}\", network", machine.name), text);
}

// The product of two sizes that are at least 0, kept at a value above most_links where it would be larger: it can then
// still be multiplied without overflow, and is refused in the end.
inline std::int64_t bounded_product(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t above = most_links + 1;
  if (a == 0 || b == 0) return 0;
  return a > above / b ? above : a * b;
}

inline void check_link_count(const platform::Machine& machine, std::int64_t links, const char* topology) {
  if (links > most_links) {
    refuse(machine, fmt::format("found a {} with more than {} directed links, expected at most that many; describe a "
                                "smaller machine",
                                topology, most_links));
  }
}

}  // namespace zettasim::topology
