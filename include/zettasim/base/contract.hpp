// Our own assumptions, checked always. A failure here is a bug of zettasim, never of its user's input.
#pragma once

#include <fmt/format.h>

#include <string>

namespace zettasim::detail {
[[noreturn]] void report_broken_assumption(const char* condition, const char* file, int line, const std::string& values);
}

// ZETTASIM_EXPECT(free >= wanted, "free {} wanted {}", free, wanted): prints the values and aborts when it does not hold.
#define ZETTASIM_EXPECT(condition, ...)                                                                           \
  do {                                                                                                            \
    if (!(condition)) ::zettasim::detail::report_broken_assumption(#condition, __FILE__, __LINE__, fmt::format(__VA_ARGS__)); \
  } while (false)
