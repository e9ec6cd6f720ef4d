// The bill of watts: what a whole machine draws at its facility meter under a load, component by component. Losses and
// cooling are those of the meter of a simulated run, so that a bill and a run agree.
#pragma once

#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"
#include "zettasim/engine/predict.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::engine {

// Nothing runs.
PerComponent<Power> power_at_rest(const platform::Machine& machine, const topology::Network& network);

// Everything at once, which no application does: every device's memory at the rate it sustains and its arithmetic in the
// precision that draws most, together up to the device's limit; every interface and link at its full rate in both
// directions, every storage tier at the faster of reading and writing.
PerComponent<Power> power_at_peak(const platform::Machine& machine, const topology::Network& network);

// The mean while one application runs and the other nodes rest. Sums to prediction.facility_power.
PerComponent<Power> power_during(const platform::Machine& machine, const topology::Network& network,
                                 const Prediction& prediction);

}  // namespace zettasim::engine
