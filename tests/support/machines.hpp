// Small machines built in code, with round numbers where a test does not say otherwise:
//
//   platform::Machine machine = test::machine(test::torus({4, 4}));
//   machine.network.link_latency = 500_ns;
//
// A node has two CPUs, four GPUs and four 25 GB/s interfaces; links carry 50 GB/s and cost 100 ns a hop; software takes
// nothing, efficiencies are 1 and idle parts draw nothing unless named below, so that arithmetic fits a comment.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "zettasim/platform/machine.hpp"

namespace zettasim::test {

// Every dimension wraps; named x, y, z, a, b, c.
inline platform::Torus torus(const std::vector<std::int64_t>& sizes) {
  static const char* names[] = {"x", "y", "z", "a", "b", "c"};
  platform::Torus result;
  for (std::size_t d = 0; d < sizes.size(); ++d) {
    const std::string name = d < std::size(names) ? names[d] : "d" + std::to_string(d);
    result.dimensions.push_back({.name = name, .size = sizes[d], .wraps = true});
  }
  return result;
}

// No dimension wraps.
inline platform::Torus mesh(const std::vector<std::int64_t>& sizes) {
  platform::Torus result = torus(sizes);
  for (auto& dimension : result.dimensions) dimension.wraps = false;
  return result;
}

// A Tofu network: x, y, z wrap, then in each group of 12 nodes a mesh of 2, a ring of 3 and a mesh of 2.
inline platform::Torus tofu(std::int64_t x, std::int64_t y, std::int64_t z) {
  platform::Torus result = torus({x, y, z, 2, 3, 2});
  result.dimensions[3].wraps = false;
  result.dimensions[5].wraps = false;
  return result;
}

inline platform::Dragonfly dragonfly(std::int64_t groups, std::int64_t switches_per_group, std::int64_t nodes_per_group,
                                     std::int64_t links_per_group_pair = 1) {
  return {.groups = groups,
          .switches_per_group = switches_per_group,
          .nodes_per_group = nodes_per_group,
          .links_per_group_pair = links_per_group_pair};
}

inline platform::DragonflyPlus dragonfly_plus(std::int64_t groups, std::int64_t leaves, std::int64_t spines,
                                              std::int64_t nodes_per_group, std::int64_t links_per_group_pair = 1) {
  return {.groups = groups,
          .leaves_per_group = leaves,
          .spines_per_group = spines,
          .nodes_per_group = nodes_per_group,
          .links_per_group_pair = links_per_group_pair};
}

// Two levels: leaves of `nodes_per_leaf` nodes and `up` cables on each rail, under tops of 128 ports.
inline platform::FatTree fat_tree(std::int64_t nodes_per_leaf, std::int64_t up, std::int64_t rails = 4) {
  return {.levels = {{.down = 1024, .up = up}, {.down = 128}}, .rails = rails, .nodes_per_group = nodes_per_leaf};
}

inline platform::FullyConnected fully_connected() { return {}; }

// The nodes that fill a topology; a fully connected one takes any number and gets 8.
inline std::int64_t places(const platform::Topology& topology) {
  if (const auto* shape = std::get_if<platform::Torus>(&topology)) {
    std::int64_t product = 1;
    for (const auto& dimension : shape->dimensions) product *= dimension.size;
    return product;
  }
  if (const auto* shape = std::get_if<platform::Dragonfly>(&topology)) return shape->groups * shape->nodes_per_group;
  if (const auto* shape = std::get_if<platform::DragonflyPlus>(&topology)) {
    return shape->groups * shape->nodes_per_group;
  }
  return 8;
}

// FP64 at 1 TFLOP/s and 50 pJ/flop, 100 GB/s of memory at 10 pJ/bit; 100 W idle, limit 300 W.
inline platform::Device cpu() {
  platform::Device device{.name = "test CPU",
                          .kind = DeviceKind::cpu,
                          .rates = {},
                          .memory = {.kind = "DDR",
                                     .capacity = DataSize::from_si(256e9),
                                     .bandwidth = bytes_per_second(100e9),
                                     .energy = EnergyPerByte::from_si(80e-12)},
                          .idle = watts(100),
                          .limit = watts(300),
                          .launch_latency = {}};
  device.rates[Precision::fp64] = {.peak = flops_per_second(1e12), .energy = EnergyPerFlop::from_si(50e-12)};
  return device;
}

// FP64 at 10 TFLOP/s and 10 pJ/flop, BF16 at 100 TFLOP/s and 1 pJ/flop, 1 TB/s of memory at 5 pJ/bit; 100 W idle, limit
// 500 W: compute alone stays inside the limit, compute and memory both at peak do too (240 W above idle).
inline platform::Device gpu() {
  platform::Device device{.name = "test GPU",
                          .kind = DeviceKind::gpu,
                          .rates = {},
                          .memory = {.kind = "HBM",
                                     .capacity = DataSize::from_si(64e9),
                                     .bandwidth = bytes_per_second(1e12),
                                     .energy = EnergyPerByte::from_si(40e-12)},
                          .idle = watts(100),
                          .limit = watts(500),
                          .launch_latency = {}};
  device.rates[Precision::fp64] = {.peak = flops_per_second(10e12), .energy = EnergyPerFlop::from_si(10e-12)};
  device.rates[Precision::bf16] = {.peak = flops_per_second(100e12), .energy = EnergyPerFlop::from_si(1e-12)};
  return device;
}

inline platform::Node node() {
  return {.name = "test node",
          .cpus = {.count = 2, .device = cpu()},
          .gpus = platform::DeviceGroup{.count = 4, .device = gpu()},
          .cpu_gpu = platform::NodeLink{.kind = "C2C",
                                        .bandwidth = bytes_per_second(200e9),
                                        .latency = seconds(1e-6),
                                        .energy = EnergyPerByte::from_si(8e-12)},
          .gpu_gpu = platform::NodeLink{.kind = "NVLink",
                                        .bandwidth = bytes_per_second(400e9),
                                        .latency = seconds(1e-6),
                                        .energy = EnergyPerByte::from_si(8e-12)},
          .nics = {.count = 4,
                   .bandwidth = bytes_per_second(25e9),
                   .idle = watts(10),
                   .energy = EnergyPerByte::from_si(40e-12)},
          .base_power = watts(100),
          .supplies = {}};
}

inline platform::Node cpu_node() {
  platform::Node result = node();
  result.gpus.reset();
  result.cpu_gpu.reset();
  result.gpu_gpu.reset();
  return result;
}

// `nodes` 0: as many as fill the topology. Storage: "scratch", shared, 100 GB/s each way; "local", in each node, 5
// GB/s.
inline platform::Machine machine(platform::Topology topology, std::int64_t nodes = 0) {
  platform::Machine result;
  result.name = "test machine";
  result.node_count = nodes > 0 ? nodes : places(topology);
  result.node = node();
  result.network = {.name = "test network",
                    .topology = std::move(topology),
                    .link_bandwidth = bytes_per_second(50e9),
                    .link_latency = seconds(100e-9),
                    .link_energy = EnergyPerByte::from_si(80e-12),
                    .message_latency = Duration{},
                    .switch_power = watts(20)};
  result.storage = {{.name = "scratch",
                     .scope = platform::StorageScope::shared,
                     .capacity = DataSize::from_si(1e15),
                     .read = bytes_per_second(100e9),
                     .write = bytes_per_second(100e9),
                     .latency = seconds(1e-3),
                     .idle = watts(1000),
                     .energy = EnergyPerByte::from_si(1e-9)},
                    {.name = "local",
                     .scope = platform::StorageScope::node,
                     .capacity = DataSize::from_si(1e12),
                     .read = bytes_per_second(5e9),
                     .write = bytes_per_second(5e9),
                     .latency = seconds(100e-6),
                     .idle = watts(5),
                     .energy = EnergyPerByte::from_si(1e-9)}};
  result.facility = {.budget = watts(40e6), .pue = 1.0, .distribution_efficiency = 1.0};
  return result;
}

}  // namespace zettasim::test
