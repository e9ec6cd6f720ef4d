// The roofline of a device with its power limit as a third roof.
#include "zettasim/cost/kernel.hpp"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>

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

}  // namespace

KernelCost under_all_roofs(const platform::Device& device, const DeviceWork& work, double launches) {
  // A description with a limit at or below idle is refused when it is read; here it means that there is no limit.
  const Power headroom = device.limit - device.idle;
  const Energy energy = work.compute_energy + work.memory_energy;
  const Duration powered = headroom > Power{} ? energy / headroom : Duration{};
  const Duration launch = device.launch_latency * launches;
  const Duration busy = std::max({work.arithmetic, work.cache, work.memory, powered});
  KernelCost cost{.time = launch + busy,
                  .launch = launch,
                  .compute_energy = work.compute_energy,
                  .memory_energy = work.memory_energy,
                  .limited_by = Roof::launch};
  if (busy <= launch) return cost;
  if (busy == work.arithmetic) {
    cost.limited_by = Roof::compute;
  } else if (busy == work.memory) {
    cost.limited_by = Roof::memory;
  } else {
    cost.limited_by = busy == work.cache ? Roof::cache : Roof::power;
  }
  return cost;
}

double expected_maximum(double count) {
  return count < 2.0 ? 0.0 : boost::math::quantile(boost::math::normal(), (count - 0.375) / (count + 0.25));
}

KernelCost among_devices(const platform::Device& device, const KernelCost& cost, double devices) {
  if (cost.limited_by != Roof::compute && cost.limited_by != Roof::power) return cost;
  KernelCost slowest = cost;
  slowest.time += (cost.time - cost.launch) * (expected_maximum(devices) * device.variation);
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
