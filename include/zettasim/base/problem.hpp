// What is wrong with an input, worded for its author: all problems of a file together, exit code 2.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace zettasim {

// One finding. `place` is "file#/json/pointer", "file:line" or an option such as "--set"; `text` holds what was found,
// what was expected, why when that is not plain, and a way out.
struct Problem {
  std::string place;
  std::string text;
};

// "platforms/x.json#/node: unknown key ..." on one line.
std::string to_text(const Problem& problem);

// The input cannot be simulated as written. Thrown at a stage boundary, caught once, in `main`.
class InputError : public std::runtime_error {
 public:
  explicit InputError(std::vector<Problem> problems);
  InputError(std::string place, std::string text);
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
};

}  // namespace zettasim
