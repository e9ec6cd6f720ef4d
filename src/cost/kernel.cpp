// The roofline of a device with its power limit as a third roof.
#include "zettasim/cost/kernel.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <iterator>

#include "zettasim/base/contract.hpp"

namespace zettasim::cost {
namespace {

// What the arithmetic takes when nothing else holds it up. Different precisions follow one another.
void add_arithmetic(const platform::Device& device, const PerPrecision<FlopCount>& flops, DeviceWork& work) {
  for (const Precision precision : all_precisions) {
    if (flops[precision] <= FlopCount{}) continue;
    const auto used = platform::precision_used(device, precision);
    ZETTASIM_EXPECT(used.has_value(), "work in {} for device \"{}\", which has no precision for it", name_of(precision),
                    device.name);
    const platform::ComputeRate& rate = *device.rates[*used];
    work.arithmetic += flops[precision] / (rate.peak * rate.efficiency);
    work.compute_energy += flops[precision] * rate.energy;
  }
}

// Measured bandwidth falls from the cache's to the memory's within a quarter of the capacity (gpu-benches on A100, H200
// and MI210); here at once.
void add_traffic(const platform::Device& device, DataSize traffic, DataSize working_set, DeviceWork& work) {
  if (traffic <= DataSize{}) return;
  if (working_set > DataSize{}) {
    for (const platform::Cache& cache : device.caches) {
      if (working_set > cache.capacity) continue;
      work.cache = traffic / cache.bandwidth;
      work.compute_energy += traffic * cache.energy;
      return;
    }
  }
  work.memory = traffic / (device.memory.bandwidth * device.memory.efficiency);
  work.memory_energy = traffic * device.memory.energy;
}

// The work at a clock that takes `slowness` times as long for what the clock drives, at `share` of the energy.
// `powered` is what the power limit makes of it at full clock.
KernelCost at_clock(const DeviceWork& work, Duration powered, Duration launch, double slowness, double share) {
  const Duration arithmetic = work.arithmetic * slowness + work.exposed, cache = work.cache * slowness;
  const Duration busy = std::max({arithmetic, cache, work.memory, powered * slowness});
  KernelCost cost{.time = launch + busy,
                  .launch = launch,
                  .compute_energy = work.compute_energy * share,
                  .memory_energy = work.memory_energy,
                  .limited_by = Roof::launch};
  if (busy <= launch) return cost;
  if (busy == arithmetic) {
    cost.limited_by = Roof::compute;
  } else if (busy == work.memory) {
    cost.limited_by = Roof::memory;
  } else {
    cost.limited_by = busy == cache ? Roof::cache : Roof::power;
  }
  return cost;
}

Energy energy_of(const KernelCost& cost) { return cost.compute_energy + cost.memory_energy; }
Duration busy_in(const KernelCost& cost) { return cost.time - cost.launch; }

// The device runs at `upper` for the share x of the work and at `lower` for the rest, so that busy it draws `headroom`.
KernelCost between(const KernelCost& upper, const KernelCost& lower, Power headroom) {
  const Energy spare = headroom * busy_in(lower) - energy_of(lower);
  const Energy lacking = energy_of(upper) - headroom * busy_in(upper);
  const double x = spare / (spare + lacking);
  KernelCost cost = lower;
  cost.time = upper.time * x + lower.time * (1.0 - x);
  cost.compute_energy = upper.compute_energy * x + lower.compute_energy * (1.0 - x);
  return cost;
}

// `at` is the work at each clock state, the fastest first: what the device makes of it that may draw `headroom` above
// idle. Below the lowest state it rests in between.
KernelCost held_to(Power headroom, const std::vector<KernelCost>& at) {
  const auto fits = std::find_if(at.begin(), at.end(),
                                 [&](const KernelCost& cost) { return energy_of(cost) <= headroom * busy_in(cost); });
  KernelCost cost = at.back();
  if (fits == at.begin()) {
    cost = at.front();
  } else if (fits != at.end()) {
    cost = between(*std::prev(fits), *fits, headroom);
  } else {
    cost.time = cost.launch + energy_of(cost) / headroom;
    cost.limited_by = Roof::power;
  }
  cost.slower.assign(fits == at.begin() ? fits + 1 : fits, at.end());
  return cost;
}

}  // namespace

KernelCost under_all_roofs(const platform::Device& device, const DeviceWork& work, double launches) {
  // A description with a limit at or below idle is refused when it is read; here it means that there is no limit.
  const Power headroom = device.limit - device.idle;
  const Power rated = device.clocks ? std::max(headroom, device.clocks->rated_limit - device.idle) : headroom;
  const Energy energy = work.compute_energy + work.memory_energy;
  const Duration powered = rated > Power{} ? energy / rated : Duration{};
  const Duration launch = device.launch_latency * launches;
  const KernelCost at_rated = at_clock(work, powered, launch, 1.0, 1.0);
  if (!device.clocks || at_rated.time <= launch) return at_rated;

  std::vector<KernelCost> at = {at_rated};
  const auto& states = device.clocks->states;
  for (auto state = states.begin() + 1; state != states.end(); ++state) {
    const double volts = state->voltage / states.front().voltage;
    at.push_back(at_clock(work, powered, launch, states.front().clock / state->clock, volts * volts));
    // The clock of a device that is held back is set by its power, which among_devices has to know.
    if (at.back().limited_by != Roof::memory && at.back().limited_by != Roof::launch)
      at.back().limited_by = Roof::power;
  }
  if (headroom < rated && headroom > Power{}) return held_to(headroom, at);
  KernelCost cost = at.front();
  cost.slower.assign(at.begin() + 1, at.end());
  return cost;
}

double expected_maximum(double count) {
  return count < 2.0 ? 0.0 : boost::math::quantile(boost::math::normal(), (count - 0.375) / (count + 0.25));
}

KernelCost among_devices(const platform::Device& device, const KernelCost& cost, double devices) {
  KernelCost slowest = cost;
  const double delay = device.variation > 0.0 ? expected_maximum(devices) * device.variation : 0.0;
  const auto wait = [delay](KernelCost& at) {
    if (at.limited_by == Roof::compute || at.limited_by == Roof::power) at.time += busy_in(at) * delay;
  };
  wait(slowest);
  for (KernelCost& at : slowest.slower) wait(at);
  return slowest;
}

KernelCost kernel_cost(const platform::Device& device, const PerPrecision<FlopCount>& flops, DataSize memory_traffic,
                       double launches, DataSize working_set) {
  DeviceWork work;
  add_arithmetic(device, flops, work);
  add_traffic(device, memory_traffic, working_set, work);
  return under_all_roofs(device, work, launches);
}

}  // namespace zettasim::cost
