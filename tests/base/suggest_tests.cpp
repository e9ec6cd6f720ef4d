#include "zettasim/base/suggest.hpp"

#include "support/catch.hpp"

using namespace zettasim;

TEST_CASE("a typing error finds the name that was meant", "[base]") {
  const std::vector<std::string> names = {"bandwidth", "latency", "gpu_count", "cpu_count"};
  CHECK(nearest_name("bandwith", names) == "bandwidth");
  CHECK(nearest_name("latencyy", names) == "latency");
  CHECK(nearest_name("gpu_cuont", names) == "gpu_count");
  CHECK(nearest_name("cpu_cont", names) == "cpu_count");
  CHECK(nearest_name("latency", names) == "latency");
}

// "ab" and "ba" are one swap apart, "ab" and "xy" two substitutions: the swap wins.
TEST_CASE("two letters swapped count as one error", "[base]") {
  CHECK(nearest_name("ba", {"xa", "bx", "ab"}) == "xa");
  CHECK(nearest_name("abdc", {"abxx", "abcd"}) == "abcd");
}

TEST_CASE("what is far from every name gets no suggestion", "[base]") {
  CHECK_FALSE(nearest_name("colour", {"bandwidth", "latency"}).has_value());
  CHECK_FALSE(nearest_name("", {"bandwidth"}).has_value());
  CHECK_FALSE(nearest_name("x", {}).has_value());
  CHECK_FALSE(nearest_name(std::string(100'000, 'x'), {std::string(100'000, 'x')}).has_value());
  CHECK(suggestion("colour", {"bandwidth"}).empty());
}

TEST_CASE("of two names equally near the first stands", "[base]") { CHECK(nearest_name("ab", {"ac", "ad"}) == "ac"); }

TEST_CASE("a suggestion can be appended to a message", "[base]") {
  CHECK(suggestion("latncy", {"latency"}) == "; did you mean \"latency\"?");
}
