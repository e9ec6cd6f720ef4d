// Traces from a published statistical model: Lublin and Feitelson 2003, "The workload on parallel supercomputers".
#pragma once

#include <cstdint>
#include <string>

#include "zettasim/workload/mix.hpp"
#include "zettasim/workload/trace.hpp"

namespace zettasim::workload {

struct GenerateOptions {
  std::int64_t machine_nodes = 1;   // the largest job
  std::int64_t jobs = 500;
  Duration span;                    // arrivals are scaled in time so that the last job arrives just before its end
  std::uint64_t seed = 1;
};

// Draws sizes, run times and arrivals from the model, then applications from the mix.
Trace generate(const GenerateOptions& options, const Mix& mix);

}  // namespace zettasim::workload
