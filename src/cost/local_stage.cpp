#include "local_stage.hpp"

#include <cmath>

namespace zettasim::cost {
namespace {

// What one device does: steps of the link's latency, and bytes over its link; and what all links of the group carry.
struct Steps {
  double steps = 0.0;
  DataSize per_device;
  DataSize of_group;
};

Steps steps_of(CollectiveOperation operation, DataSize size, double g, double ranks) {
  switch (operation) {
    case CollectiveOperation::reduce_scatter:
    case CollectiveOperation::all_gather:
      return {g - 1, size * ((g - 1) / g), size * (g - 1)};
    case CollectiveOperation::all_reduce:
      return {2 * (g - 1), size * (2 * (g - 1) / g), size * (2 * (g - 1))};
    case CollectiveOperation::broadcast:
    case CollectiveOperation::reduce:
      return {g - 1, size, size * (g - 1)};
    case CollectiveOperation::all_to_all: {
      const DataSize stays = size / ranks * ((g - 1) / g);
      return {g - 1, stays / g, stays};
    }
    case CollectiveOperation::barrier:
      return {2 * std::ceil(std::log2(g)), DataSize{}, DataSize{}};
  }
  return {};
}

}  // namespace

LocalLink local_link(const platform::Machine& machine, const platform::GpuProtocol* protocol) {
  const auto& link = machine.node.gpu_gpu;
  const EnergyPerByte energy = link ? link->energy : EnergyPerByte{};
  if (protocol) return {protocol->step, protocol->bandwidth, energy};
  if (machine.node.gpus) return link ? LocalLink{link->latency, link->bandwidth, energy} : LocalLink{};
  const platform::Memory& memory = machine.node.cpus.device.memory;
  return {machine.network.message_latency, memory.bandwidth * memory.efficiency * 0.5, memory.energy * 2.0};
}

LocalStage local_stage(CollectiveOperation operation, DataSize size, double ranks, double devices,
                       const LocalLink& link, bool grouped_sends) {
  if (devices < 2) return {};
  Steps work = steps_of(operation, size, devices, ranks);
  if (grouped_sends && operation == CollectiveOperation::all_to_all) work.steps = 1;
  const Duration latency = link.latency * work.steps;
  return {.time = latency + work.per_device / link.bandwidth, .latency = latency, .traffic = work.of_group};
}

}  // namespace zettasim::cost
