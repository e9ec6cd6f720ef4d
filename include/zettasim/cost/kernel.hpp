// Time and energy of a computation on one device: a roofline with a third roof, the device's power limit.
#pragma once

#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::cost {

// What the kernel's time is mostly made of.
enum class Roof {
  launch,   // the launch takes longer than the work
  compute,  // arithmetic at its sustained rate
  memory,   // traffic at the memory's sustained bandwidth
  power,    // the work's energy at what the device may draw above idle
};

struct KernelCost {
  Duration time;          // launch latency included
  Energy compute_energy;  // above idle
  Energy memory_energy;   // above idle
  Roof limited_by = Roof::launch;
};

// time = launch + max(sum over precisions of flops / (peak * efficiency), bytes / (bandwidth * efficiency),
//                     (compute energy + memory energy) / (limit - idle)).
// Work in a precision that the device lacks runs in platform::precision_used. Source: Williams, Waterman and Patterson
// 2009 for the roofline; the power roof is the "power line" of Choi et al. 2013. Limits: docs/model.md#kernels.
KernelCost kernel_cost(const platform::Device& device, const PerPrecision<FlopCount>& flops, DataSize memory_traffic);

}  // namespace zettasim::cost
