// Recorded time, or a price of the device that a rank has here.
#include "engine/compute_price.hpp"

#include <fmt/format.h>

#include "zettasim/base/problem.hpp"
#include "zettasim/cost/kernel.hpp"

namespace zettasim::engine {
namespace {

const platform::DeviceGroup& group_of(const platform::Machine& machine, DeviceKind kind) {
  return kind == DeviceKind::gpu ? machine.main_devices() : machine.node.cpus;
}

// Double precision: what traces of MPI programs count.
FlopRate rate_of(const platform::Device& device) {
  const auto used = platform::precision_used(device, Precision::fp64);
  const auto& rate = *device.rates[used.value_or(Precision::fp32)];
  return rate.peak * rate.efficiency;
}

// What a rank has of a group of devices: all of one, or its share.
double share_of(const platform::DeviceGroup& group, std::int64_t ranks_per_node) {
  return static_cast<double>(group.count) / static_cast<double>(ranks_per_node);
}

// The fastest rate of products of matrices that the device has, of those which training uses.
double product_rate(const platform::Device& device) {
  const auto used = platform::precision_used(device, Precision::fp16);
  return device.rates[*used]->peak.si() * device.rates[*used]->efficiency;
}

double memory_rate(const platform::Device& device) { return device.memory.bandwidth.si() * device.memory.efficiency; }

}  // namespace

ComputePricer::ComputePricer(const platform::Machine& machine, const ReplayOptions& options)
    : machine_(machine), options_(options) {
  const auto rate = [&](DeviceKind kind) {
    const auto& group = group_of(machine, kind);
    return options.flop_rate.value_or(rate_of(group.device) * share_of(group, options.ranks_per_node));
  };
  cpu_rate_ = rate(DeviceKind::cpu);
  gpu_rate_ = rate(DeviceKind::gpu);
}

Duration ComputePricer::price(const workload::RankCompute& compute) {
  const bool knows_time = compute.time.has_value();
  if (knows_time && options_.price == ComputePrice::recorded && options_.recorded_on == nullptr) return *compute.time;
  const auto priced = from_work(compute);
  if (!knows_time) return priced.value_or(Duration{});
  if (options_.price == ComputePrice::priced && priced) {
    ++repriced_;
    return *priced;
  }
  if (options_.recorded_on != nullptr) {
    ++repriced_;
    return *compute.time * slowdown(compute);
  }
  ++unpriced_;
  return *compute.time;
}

// Nothing where the trace says neither flops nor bytes.
std::optional<Duration> ComputePricer::from_work(const workload::RankCompute& compute) const {
  if (!compute.flops && compute.traffic <= DataSize{}) return std::nullopt;
  const FlopRate rate = compute.device == DeviceKind::gpu ? gpu_rate_ : cpu_rate_;
  const Duration arithmetic = compute.flops.value_or(FlopCount{}) / rate;
  if (compute.traffic <= DataSize{}) return arithmetic;
  const auto& group = group_of(machine_, compute.device);
  const Duration memory =
      seconds(compute.traffic.si() / (memory_rate(group.device) * share_of(group, options_.ranks_per_node)));
  return std::max(arithmetic, memory);
}

// Kernels named as products of matrices follow the rate of those, others that of the memory.
double ComputePricer::slowdown(const workload::RankCompute& compute) const {
  const platform::Device& there = group_of(*options_.recorded_on, compute.device).device;
  const platform::Device& here = group_of(machine_, compute.device).device;
  return compute.multiplies ? product_rate(there) / product_rate(here) : memory_rate(there) / memory_rate(here);
}

}  // namespace zettasim::engine
