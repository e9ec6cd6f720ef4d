// Intervals and sensitivities of a model that can be checked by hand.
#include "zettasim/study/uncertainty.hpp"

#include <fmt/format.h>

#include "support/catch.hpp"

using namespace zettasim::study;

namespace {

const std::string resolved = R"({"a": {"value": 2, "status": "assumed", "source": "s", "range": [1, 3]},
  "part": {"b": {"value": "1 kW", "status": "assumed", "source": "s", "range": ["900 W", "1.1 kW"]}},
  "c": {"value": 5, "status": "found", "source": "s"}})";

// A machine whose speed is "a" and whose facility draws "b".
const Program by_hand = {
    .run =
        [](const std::vector<std::string>& words) {
          double a = 2.0, b = 1000.0;
          for (const std::string& word : words) {
            if (word.starts_with("/a=")) a = std::stod(word.substr(3));
            if (word.starts_with("/part/b=")) b = std::stod(word.substr(8));
          }
          fmt::print(R"({{"time_s": {}, "flops": {}, "power_mean_w": {}, "facility_power_w": {}, "flops_per_w": {}}})",
                     1.0 / a, a, b, b, a / b);
          return 0;
        },
    .find = {},
    .version = "1"};

}  // namespace

TEST_CASE("numbers with a range are found in a description with both ends in one unit", "[study]") {
  const auto numbers = uncertain_numbers(resolved);
  REQUIRE(numbers.size() == 2);
  CHECK(numbers[0].pointer == "/a");
  CHECK(numbers[1].pointer == "/part/b");
  CHECK(numbers[1].range.at(1.0).text == "1100 W");
}

// Even between 1 and 3: a twentieth is below 1.1 and a twentieth above 2.9; half is below 2. Alone, either end of "a"
// is half of 2 away, and "b" a tenth of 1 kW.
TEST_CASE("the interval holds nine in ten of the draws and the widest swing comes first", "[study]") {
  const auto result = uncertainty_of({"predict"}, uncertain_numbers(resolved), 200, 1, by_hand, 2);
  REQUIRE(result.intervals.size() == 5);
  const Interval& flops = result.intervals[1];
  CHECK(flops.described == 2.0);
  CHECK(flops.low == Approx(1.1).margin(0.02));
  CHECK(flops.median == Approx(2.0).margin(0.02));
  CHECK(flops.high == Approx(2.9).margin(0.02));
  REQUIRE(result.swings.size() == 2);
  CHECK(result.swings[0].number.pointer == "/a");
  CHECK(result.swings[0].flops_low == Approx(-0.5));
  CHECK(result.swings[0].flops_high == Approx(0.5));
  CHECK(result.swings[1].power_high == Approx(0.1));
  CHECK(result.failed == 0);
}

TEST_CASE("draws are those of their seed with any number of workers", "[study]") {
  const auto numbers = uncertain_numbers(resolved);
  const auto one = uncertainty_json(uncertainty_of({"predict"}, numbers, 20, 7, by_hand, 1));
  CHECK(uncertainty_json(uncertainty_of({"predict"}, numbers, 20, 7, by_hand, 4)) == one);
  CHECK(uncertainty_json(uncertainty_of({"predict"}, numbers, 20, 8, by_hand, 4)) != one);
}
