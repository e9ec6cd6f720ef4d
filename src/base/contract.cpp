#include "zettasim/base/contract.hpp"

#include <cstdio>
#include <cstdlib>

namespace zettasim::detail {

void report_broken_assumption(const char* condition, const char* file, int line, const std::string& values) {
  fmt::print(stderr, "zettasim: internal error at {}:{}: expected {}; {}\nPlease report this with the input that led here.\n",
             file, line, condition, values);
  std::abort();
}

}  // namespace zettasim::detail
