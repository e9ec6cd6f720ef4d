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

// 40 degC are 313.15 K, and 310.15 K are 37 degC.
TEST_CASE("the range of a temperature may be written in degrees Celsius and in kelvins", "[study]") {
  const auto end_of = [](const std::string& range) {
    const std::string number = R"({"t": {"value": "30 degC", "status": "assumed", "source": "s", "range": )";
    return uncertain_numbers(number + range + "}}").at(0).range.at(1.0).text;
  };
  CHECK(end_of(R"(["27 degC", "40 degC"])") == "40 degC");
  CHECK(end_of(R"(["27 degC", "310.15 K"])") == "37 degC");
  CHECK(end_of(R"(["300 K", "40 degC"])") == "313.15 K");
}

// Even between 1 and 3: a twentieth is below 1.1 and a twentieth above 2.9; half is below 2. Alone, either end of "a"
// is half of 2 away, and "b" a tenth of 1 kW.
TEST_CASE("the interval holds nine in ten of the draws and the widest swing comes first", "[study]") {
  const auto result = uncertainty_of({"predict"}, uncertain_numbers(resolved), {.count = 200, .workers = 2}, by_hand);
  REQUIRE(result.drawn.intervals.size() == 5);
  const zettasim::Interval& flops = result.drawn.intervals[1];
  CHECK(flops.described == 2.0);
  CHECK(flops.low == Approx(1.1).margin(0.02));
  CHECK(flops.median == Approx(2.0).margin(0.02));
  CHECK(flops.high == Approx(2.9).margin(0.02));
  REQUIRE(result.swings.size() == 2);
  CHECK(result.swings[0].number.pointer == "/a");
  CHECK(result.swings[0].flops_low == Approx(-0.5));
  CHECK(result.swings[0].flops_high == Approx(0.5));
  CHECK(result.swings[1].power_high == Approx(0.1));
  CHECK(result.drawn.failed == 0);
}

TEST_CASE("draws are those of their seed with any number of workers", "[study]") {
  const auto numbers = uncertain_numbers(resolved);
  const auto drawn = [&](std::uint64_t seed, std::size_t workers) {
    return uncertainty_json(
        uncertainty_of({"predict"}, numbers, {.count = 20, .seed = seed, .workers = workers}, by_hand));
  };
  const auto one = drawn(7, 1);
  CHECK(drawn(7, 4) == one);
  CHECK(drawn(8, 4) != one);
}

// As described and 20 draws, no run with a number alone: 21. The facility draws "b", 0.9 to 1.1 kW, of which each of 20
// equal parts is met once.
TEST_CASE("intervals of any figures of a command take a run for each draw and one as described", "[study]") {
  std::vector<std::size_t> runs;
  const Draws draws{.count = 20, .seed = 7, .workers = 2, .on_progress = [&](std::size_t done, std::size_t total) {
                      CHECK(total == 21);
                      runs.push_back(done);
                    }};
  const auto numbers = uncertain_numbers(resolved);
  const auto result = intervals_of({"run"}, {{"facility_power_w", "W", "power"}}, numbers, draws, by_hand).value();
  CHECK(runs.size() == 21);
  CHECK(runs.back() == 21);
  CHECK(result.numbers == 2);
  REQUIRE(result.find("facility_power_w") != nullptr);
  CHECK(result.find("facility_power_w")->described == 1000.0);
  CHECK(result.find("facility_power_w")->low == Approx(910.0).margin(11.0));
  CHECK(result.find("facility_power_w")->high == Approx(1090.0).margin(11.0));
  CHECK(result.find("flops") == nullptr);
}

// A machine that cannot be run above 1 kW: of 20 even draws between 0.9 and 1.1 kW, ten.
TEST_CASE("draws without a result are counted and the others make the interval", "[study]") {
  Program program = by_hand;
  program.run = [](const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      if (word.starts_with("/part/b=") && std::stod(word.substr(8)) > 1000.0) {
        fmt::print(stderr, "too much power");
        return 2;
      }
    }
    return by_hand.run(words);
  };
  const auto result = intervals_of({"run"}, {{"facility_power_w", "W", "power"}}, uncertain_numbers(resolved),
                                   {.count = 20, .workers = 2}, program)
                          .value();
  CHECK(result.failed == 10);
  CHECK(result.first_failure == "too much power");
  CHECK(result.find("facility_power_w")->high < 1000.0);
}

// It is refused in each run, as described too.
TEST_CASE("a command that gives no result as it is has no interval and predicts nothing", "[study]") {
  Program program = by_hand;
  program.run = [](const std::vector<std::string>&) {
    fmt::print(stderr, "no such machine");
    return 2;
  };
  const auto numbers = uncertain_numbers(resolved);
  const Draws draws{.count = 20, .workers = 2};
  CHECK(!intervals_of({"run"}, {{"facility_power_w", "W", "power"}}, numbers, draws, program));
  CHECK_THROWS_WITH(uncertainty_of({"predict"}, numbers, draws, program), Catch::Contains("no such machine"));
}
