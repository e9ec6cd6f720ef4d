// How sure a prediction is: the numbers of a machine that carry a range are drawn from it again and again, and the
// prediction is made for each draw in a child process.
//
// Draws are a Latin hypercube over all ranges, even between both ends and independent of each other; the same seed
// gives the same draws with any number of workers. Each number is also put to either end alone, to see which matter
// most. Limits: what a model leaves out is no range, and numbers that hang together (a limit and what it allows) are
// drawn apart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zettasim/study/evaluate.hpp"

namespace zettasim::study {

struct UncertainNumber {
  std::string pointer;  // into the resolved description
  Range range;
};

// Those of a resolved description, by pointer.
std::vector<UncertainNumber> uncertain_numbers(const std::string& resolved);

struct Interval {
  std::string metric;  // member of the prediction's JSON
  std::string unit;
  double described = 0.0;  // with all numbers as described
  double low = 0.0;        // a twentieth of the draws is below
  double median = 0.0;
  double high = 0.0;  // a twentieth is above
};

// What one number does alone, as shares of the prediction as described.
struct Swing {
  UncertainNumber number;
  double flops_low = 0.0, flops_high = 0.0;  // at the lower and at the higher end of the number
  double power_low = 0.0, power_high = 0.0;  // of the facility
  double width() const;
};

struct Uncertainty {
  std::size_t draws = 0;
  std::uint64_t seed = 0;
  std::size_t failed = 0;  // of all runs, those that gave no prediction
  std::string first_failure = {};
  std::vector<Interval> intervals = {};
  std::vector<Swing> swings = {};  // widest first
};

// `command` predicts, without --json. Throws InputError when it gives no prediction as it is.
Uncertainty uncertainty_of(const std::vector<std::string>& command, const std::vector<UncertainNumber>& numbers,
                           std::size_t draws, std::uint64_t seed, const Program& program, std::size_t workers);

std::string uncertainty_text(const Uncertainty& uncertainty);
std::string uncertainty_json(const Uncertainty& uncertainty);  // one object

}  // namespace zettasim::study
