// The roofline of a device with its power limit as a third roof.
#include "zettasim/cost/kernel.hpp"

#include <algorithm>

#include "zettasim/base/contract.hpp"

namespace zettasim::cost {
namespace {

struct Work {
  Duration time;
  Energy energy;
};

// What the arithmetic takes when nothing else holds it up. Different precisions follow one another.
Work compute(const platform::Device& device, const PerPrecision<FlopCount>& flops) {
  Work result;
  for (const Precision precision : all_precisions) {
    if (flops[precision] <= FlopCount{}) continue;
    const auto used = platform::precision_used(device, precision);
    ZETTASIM_EXPECT(used.has_value(), "work in {} for device \"{}\", which has no precision for it", name_of(precision),
                    device.name);
    const platform::ComputeRate& rate = *device.rates[*used];
    result.time += flops[precision] / (rate.peak * rate.efficiency);
    result.energy += flops[precision] * rate.energy;
  }
  return result;
}

Work access(const platform::Memory& memory, DataSize traffic) {
  if (traffic <= DataSize{}) return {};
  return {.time = traffic / (memory.bandwidth * memory.efficiency), .energy = traffic * memory.energy};
}

}  // namespace

KernelCost kernel_cost(const platform::Device& device, const PerPrecision<FlopCount>& flops, DataSize memory_traffic) {
  const Work arithmetic = compute(device, flops);
  const Work memory = access(device.memory, memory_traffic);
  // A description with a limit at or below idle is refused when it is read; here it means that there is no limit.
  const Power headroom = device.limit - device.idle;
  const Duration powered = headroom > Power{} ? (arithmetic.energy + memory.energy) / headroom : Duration{};

  KernelCost cost{.time = device.launch_latency,
                  .compute_energy = arithmetic.energy,
                  .memory_energy = memory.energy,
                  .limited_by = Roof::launch};
  const Duration busy = std::max({arithmetic.time, memory.time, powered});
  cost.time += busy;
  if (busy <= device.launch_latency) return cost;
  if (busy == arithmetic.time) {
    cost.limited_by = Roof::compute;
  } else {
    cost.limited_by = busy == memory.time ? Roof::memory : Roof::power;
  }
  return cost;
}

}  // namespace zettasim::cost
