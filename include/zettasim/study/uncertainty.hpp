// How sure a result is: the numbers of a machine that carry a range are drawn from it again and again, and the command
// is run for each draw in a child process.
//
// Draws are a Latin hypercube over all ranges, even between both ends and independent of each other; the same seed
// gives the same draws with any number of workers. For a prediction each number is also put to either end alone, to see
// which matter most. Limits: what a model leaves out is no range, and numbers that hang together (a limit and what it
// allows) are drawn apart.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "zettasim/base/interval.hpp"
#include "zettasim/study/evaluate.hpp"

namespace zettasim::study {

struct UncertainNumber {
  std::string pointer;  // into the resolved description
  Range range;
};

// Those of a resolved description, by pointer.
std::vector<UncertainNumber> uncertain_numbers(const std::string& resolved);

struct Draws {
  std::size_t count = 0;
  std::uint64_t seed = 1;
  std::size_t workers = 1;
  std::function<void(std::size_t done, std::size_t total)> on_progress = {};  // runs, after each
};

// Intervals of figures that `command` prints; it is given without --json and can take "--uncertainty 0". Nothing when
// it gives no result as it is: whoever runs it so hears why.
std::optional<Intervals> intervals_of(const std::vector<std::string>& command, const std::vector<Figure>& figures,
                                      const std::vector<UncertainNumber>& numbers, const Draws& draws,
                                      const Program& program);

// What one number does alone, as shares of the prediction as described.
struct Swing {
  UncertainNumber number;
  double flops_low = 0.0, flops_high = 0.0;  // at the lower and at the higher end of the number
  double power_low = 0.0, power_high = 0.0;  // of the facility
  double width() const;
};

struct Uncertainty {
  Intervals drawn;
  std::vector<Swing> swings = {};  // widest first
};

// The same for a command that predicts, with what each number does alone. Throws InputError when it gives no prediction
// as it is.
Uncertainty uncertainty_of(const std::vector<std::string>& command, const std::vector<UncertainNumber>& numbers,
                           const Draws& draws, const Program& program);

std::string uncertainty_text(const Uncertainty& uncertainty);
std::string uncertainty_json(const Uncertainty& uncertainty);  // one object

}  // namespace zettasim::study
