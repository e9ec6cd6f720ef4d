// What an input is told: the problems of the InputError that `work` ends in, one text each; empty when it goes well.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "zettasim/base/problem.hpp"

namespace zettasim::test {

using Texts = std::vector<std::string>;

inline Texts problems_of(const std::function<void()>& work) {
  Texts texts;
  try {
    work();
  } catch (const InputError& error) {
    for (const Problem& problem : error.problems()) texts.push_back(to_text(problem));
  }
  return texts;
}

}  // namespace zettasim::test
