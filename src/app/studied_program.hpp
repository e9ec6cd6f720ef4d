// The program as its own studies call it, in the children they fork.
#pragma once

#include "app/commands.hpp"
#include "app/library.hpp"
#include "app/version.hpp"
#include "zettasim/study/evaluate.hpp"

namespace zettasim::app {

inline study::Program studied_program() {
  return {.run = run_command_line, .find = find_in_library, .version = version()};
}

}  // namespace zettasim::app
