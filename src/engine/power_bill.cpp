#include "zettasim/engine/power_bill.hpp"

#include <algorithm>

#include "engine/power_meter.hpp"

namespace zettasim::engine {
namespace {

// Parts of nodes and network that rest; the rest of a bill adds to it.
PerComponent<Power> resting_parts(const platform::Machine& machine, const PowerModel& model, double resting_nodes) {
  PerComponent<Power> power = model.nodes_at_rest(resting_nodes);
  power[Component::network] += model.network_at_rest() * (resting_nodes / static_cast<double>(machine.node_count));
  power[Component::storage] += model.storage_at_rest();
  return power;
}

// What arithmetic draws in the precision that takes most, at its sustained rate.
Power most_arithmetic(const platform::Device& device) {
  Power most;
  for (const Precision p : all_precisions) {
    const auto& rate = device.rates[p];
    if (rate) most = std::max(most, rate->peak * rate->efficiency * rate->energy);
  }
  return most;
}

// Groups of busy devices, above rest: sustained traffic first, then arithmetic as far as the limit goes.
void add_busy_devices(const platform::DeviceGroup& group, double groups, Component compute, Component memory,
                      PerComponent<Power>& power) {
  const platform::Device& device = group.device;
  const double devices = static_cast<double>(group.count) * groups;
  const Power above_idle = std::max(Power(), device.limit - device.idle);
  const Power traffic = device.memory.bandwidth * device.memory.efficiency * device.memory.energy;
  const Power of_memory = std::min(traffic, above_idle);
  power[memory] += of_memory * devices;
  power[compute] += std::min(most_arithmetic(device), above_idle - of_memory) * devices;
}

// Above rest. A byte on a link inside a node, or of the network, is counted once; one at an interface at each end.
PerComponent<Power> nodes_at_full_rate(const platform::Machine& machine) {
  const platform::Node& node = machine.node;
  const auto nodes = static_cast<double>(machine.node_count);
  constexpr double both_ways = 2.0;
  PerComponent<Power> power;
  add_busy_devices(node.cpus, nodes, Component::cpu, Component::cpu_memory, power);
  if (node.gpus) {
    const double gpus = static_cast<double>(node.gpus->count) * nodes;
    add_busy_devices(*node.gpus, nodes, Component::gpu, Component::gpu_memory, power);
    // What one GPU sends, another receives: one way each. The way to the CPU and back is the GPU's alone.
    if (node.gpu_gpu) power[Component::node_links] += node.gpu_gpu->bandwidth * node.gpu_gpu->energy * gpus;
    if (node.cpu_gpu) power[Component::node_links] += node.cpu_gpu->bandwidth * node.cpu_gpu->energy * gpus * both_ways;
  }
  const double interfaces = static_cast<double>(node.nics.count) * nodes;
  power[Component::nic] = node.nics.bandwidth * node.nics.energy * interfaces * both_ways;
  return power;
}

Power links_at_full_rate(const topology::Network& network) {
  Power power;
  for (std::size_t i = 0; i < network.link_count(); ++i) {
    power += network.bandwidth(LinkId(i)) * network.energy(LinkId(i));
  }
  return power;
}

Power storage_at_full_rate(const platform::Machine& machine) {
  Power power;
  for (const platform::StorageTier& tier : machine.storage) {
    const bool in_nodes = tier.scope == platform::StorageScope::node;
    power += std::max(tier.read, tier.write) * tier.energy * (in_nodes ? static_cast<double>(machine.node_count) : 1.0);
  }
  return power;
}

}  // namespace

PerComponent<Power> power_at_rest(const platform::Machine& machine, const topology::Network& network) {
  const PowerModel model(machine, network.switch_count());
  const auto nodes = static_cast<double>(machine.node_count);
  return model.at_facility(resting_parts(machine, model, nodes), nodes);
}

PerComponent<Power> power_at_peak(const platform::Machine& machine, const topology::Network& network) {
  const PowerModel model(machine, network.switch_count());
  const auto nodes = static_cast<double>(machine.node_count);
  PerComponent<Power> power = resting_parts(machine, model, nodes);
  power += nodes_at_full_rate(machine);
  power[Component::network] += links_at_full_rate(network);
  power[Component::storage] += storage_at_full_rate(machine);
  return model.at_facility(power, nodes);
}

PerComponent<Power> power_during(const platform::Machine& machine, const topology::Network& network,
                                 const Prediction& prediction) {
  if (prediction.time <= Duration()) return power_at_rest(machine, network);
  const PowerModel model(machine, network.switch_count());
  PerComponent<Power> power = resting_parts(machine, model, static_cast<double>(machine.node_count - prediction.nodes));
  for (const Component c : all_components) {
    if (c != Component::losses && c != Component::cooling) power[c] += prediction.energy[c] / prediction.time;
  }
  return model.at_facility(power, static_cast<double>(machine.node_count));
}

}  // namespace zettasim::engine
