// Time and energy of a computation on one device: a roofline with a third roof, the device's power limit.
#pragma once

#include <vector>

#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::cost {

// What the kernel's time is mostly made of.
enum class Roof {
  launch,   // the launches take longer than the work
  compute,  // arithmetic at its sustained rate
  memory,   // traffic at the memory's sustained bandwidth
  cache,    // traffic at the bandwidth of a cache
  power,    // the work's energy at what the device may draw above idle
};

struct KernelCost {
  Duration time;          // launches included
  Duration launch;        // of it, for launches
  Energy compute_energy;  // above idle, caches included
  Energy memory_energy;   // above idle
  Roof limited_by = Roof::launch;
  // The same work at each clock state below, for who must draw less than this: no faster, and with no more energy.
  // Empty for devices whose states nobody described.
  std::vector<KernelCost> slower = {};
};

// time = launches * launch latency +
//        max(sum over precisions of flops / (peak * efficiency), bytes / (bandwidth * efficiency),
//            (compute energy + memory energy) / (limit - idle)).
// `working_set` is what the kernels touch again and again on the device: if it fits into a cache, the traffic is the
// cache's; 0: larger than all. Work in a precision that the device lacks runs in platform::precision_used. Source:
// Williams, Waterman and Patterson 2009 for the roofline; the power roof is the "power line" of Choi et al. 2013.
// Limits: docs/model.md#kernels.
KernelCost kernel_cost(const platform::Device& device, const PerPrecision<FlopCount>& flops, DataSize memory_traffic,
                       double launches = 1.0, DataSize working_set = {});

// How many standard deviations the largest of `count` normal variables is above their mean, on average.
// Source: Blom 1958, the quantile (n - 3/8) / (n + 1/4) of the normal distribution; within 5 %. 0 for one.
double expected_maximum(double count);

// The cost where `devices` of them step together and wait for the slowest one: what arithmetic or the power limit holds
// up takes 1 + expected_maximum x variation times as long. Devices of one type differ in the clock that they reach
// within their power limit (Sinha et al., SC 2022). Limits: a device is slow for good, as silicon is; waiting takes
// idle power; bandwidth and latency do not vary.
KernelCost among_devices(const platform::Device& device, const KernelCost& cost, double devices);

// What keeps a device busy once its kernels run, without launches; kernel_cost and matrix_multiply_cost end in it.
struct DeviceWork {
  Duration arithmetic;
  Duration cache;         // traffic at the bandwidth of a cache
  Duration memory;        // traffic at the memory's sustained bandwidth
  Duration exposed = {};  // part of the memory's time that comes before and after arithmetic, not beside it
  Energy compute_energy;
  Energy memory_energy;
};
// A device with clock states whose limit is below its rated one alternates between the two neighbouring states around
// the limit (held_to). At state k
//
//   time           = launches * launch latency +
//                    max(clock_0 / clock_k * max(arithmetic, cache, energy / (rated limit - idle)), memory)
//                    (exposed traffic comes on top of the arithmetic, at full speed)
//   compute energy = (voltage_k / voltage_0)^2 of that of state 0; memory energy and idle power stay
//
// Source: power of CMOS logic, C V^2 f (Chandrakasan et al. 1992), at f cycles a second for work of a given number of
// cycles. Limits: docs/model.md#clocks.
KernelCost under_all_roofs(const platform::Device& device, const DeviceWork& work, double launches);

}  // namespace zettasim::cost
