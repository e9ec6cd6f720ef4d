// The options of commands that tell how sure their result is: how many draws of the numbers that carry a range, and how
// many at a time.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/progress.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/study/uncertainty.hpp"

namespace zettasim::app {

class UncertaintyOption {
 public:
  static constexpr std::size_t usual_draws = 16;

  // `help` says what the draws give and when there are none without the option.
  void add_to(CLI::App& command, const std::string& help);
  bool is_given() const { return draws_.has_value(); }
  // Those to draw: none when the option says 0, and none without the option when `otherwise` is none or the machine has
  // no ranges. Throws InputError when draws are asked for that cannot be made.
  enum class Otherwise { usual, none };
  std::vector<study::UncertainNumber> numbers_of(const platform::Machine& machine, Otherwise otherwise) const;
  // For the numbers above; `progress` must outlive them.
  study::Draws draws(std::uint64_t seed, Progress& progress) const;
  // What of it shapes the result, for the list of a result's options.
  void append_to(std::vector<std::string>& command) const;

 private:
  std::optional<std::size_t> draws_;
  std::size_t jobs_ = 0;
};

}  // namespace zettasim::app
