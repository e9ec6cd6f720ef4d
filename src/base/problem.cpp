#include "zettasim/base/problem.hpp"

namespace zettasim {
namespace {

std::string join(const std::vector<Problem>& problems) {
  std::string all;
  for (const Problem& problem : problems) {
    if (!all.empty()) all += '\n';
    all += to_text(problem);
  }
  return all;
}

}  // namespace

std::string to_text(const Problem& problem) { return problem.place + ": " + problem.text; }

InputError::InputError(std::vector<Problem> problems) : std::runtime_error(join(problems)), problems_(std::move(problems)) {}

InputError::InputError(std::string place, std::string text)
    : InputError(std::vector<Problem>{{std::move(place), std::move(text)}}) {}

}  // namespace zettasim
