// What a constant power costs over a time, hour by hour.
#pragma once

#include <optional>

#include "zettasim/engine/run_record.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::engine {

// Of `power` at the facility meter between two times of the run; nothing without a grid. The run begins at hour 0.
GridCost grid_cost(const std::optional<platform::Grid>& grid, Power power, Duration from, Duration to);

}  // namespace zettasim::engine
