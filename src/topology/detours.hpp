// The machine whose routers send every message on its detours: what a network that chooses by load chooses from.
#pragma once

#include <variant>

#include "zettasim/platform/machine.hpp"

namespace zettasim::topology {

template <class Shape>
platform::Machine with_all_detours(const platform::Machine& machine) {
  platform::Machine result = machine;
  std::get<Shape>(result.network.topology).routing = {.valiant_share = 1.0};
  return result;
}

}  // namespace zettasim::topology
