// How sure the figures of a result are: between what they lie when the numbers behind them that are known by a range
// only are drawn from it again and again. `study` draws; screens, pages and files tell.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zettasim {

struct Figure {
  std::string metric;  // where it stands in the result's JSON: members joined by dots, as in "power.mean_w"
  std::string unit;
  std::string name;  // on screens
};

struct Interval {
  Figure figure;
  double described = 0.0;  // with all numbers as described
  double low = 0.0;        // a twentieth of the draws is below
  double median = 0.0;
  double high = 0.0;  // a twentieth is above
};

struct Intervals {
  std::size_t draws = 0;
  std::size_t numbers = 0;  // drawn in each
  std::uint64_t seed = 0;
  std::size_t failed = 0;  // of all runs, those that gave no result
  std::string first_failure = {};
  std::vector<Interval> intervals = {};  // none when no draw gave a result

  const Interval* find(std::string_view metric) const;  // nullptr: not among them
};

std::string intervals_json(const Intervals& drawn);  // one object (docs/formats.md)

}  // namespace zettasim
