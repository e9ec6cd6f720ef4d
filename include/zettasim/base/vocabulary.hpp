// Words that descriptions of machines and descriptions of work share: precisions, kinds of device, collective
// operations. Each enumeration has one table of names (vocabulary.cpp), used to read, to write and to suggest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zettasim {

// A precision names the number format and, where a device has two ways, the unit that computes it.
enum class Precision {
  fp64,           // vector units
  fp64_matrix,    // tensor or matrix cores, native
  fp64_emulated,  // matrix products in FP64 accuracy built from low-precision products (Ozaki scheme)
  fp32,           // vector units
  tf32,           // matrix units, dense, as all below
  bf16,
  fp16,
  fp8,
  fp8_sparse,  // 2:1 structured sparsity; counts the operations of the dense product
  int8,
};
inline constexpr std::size_t precision_count = 10;

// One value per precision, value-initialised: PerPrecision<FlopCount>{} is all zero.
template <class T>
class PerPrecision {
 public:
  constexpr T& operator[](Precision p) { return values_[static_cast<std::size_t>(p)]; }
  constexpr const T& operator[](Precision p) const { return values_[static_cast<std::size_t>(p)]; }
  constexpr bool operator==(const PerPrecision&) const = default;

 private:
  std::array<T, precision_count> values_{};
};

enum class DeviceKind { cpu, gpu };

enum class CollectiveOperation { all_reduce, reduce_scatter, all_gather, broadcast, reduce, all_to_all, barrier };

// Groups of devices that communicate among themselves, all groups at once. Devices are a node's GPUs, or its CPU
// sockets where it has none, numbered node by node in the order of the job's nodes. A group is `size` devices that are
// `stride` apart: device r is with r - (r / stride % size) * stride + j * stride, j = 0 .. size - 1. Those of the last
// size * stride that do not exist are missing from their groups.
struct DeviceGroups {
  std::int64_t size = 0;  // 0: one group of all devices
  std::int64_t stride = 1;
  bool operator==(const DeviceGroups&) const = default;
};

// A share of the machine that draws power; energy is accounted for each.
enum class Component {
  cpu,  // sockets without their memory
  cpu_memory,
  gpu,  // devices without their memory
  gpu_memory,
  node_links,  // CPU to GPU and GPU to GPU inside a node
  nic,         // network interfaces
  node_base,   // boards, fans, pumps, service processors
  network,     // switches and cables
  storage,
  losses,   // supplies, rectifiers, distribution
  cooling,  // everything between the IT load and the facility meter
};
inline constexpr std::size_t component_count = 11;

template <class T>
class PerComponent {
 public:
  constexpr T& operator[](Component c) { return values_[static_cast<std::size_t>(c)]; }
  constexpr const T& operator[](Component c) const { return values_[static_cast<std::size_t>(c)]; }
  constexpr PerComponent& operator+=(const PerComponent& other) {
    for (std::size_t i = 0; i < component_count; ++i) values_[i] += other.values_[i];
    return *this;
  }
  constexpr PerComponent& operator-=(const PerComponent& other) {
    for (std::size_t i = 0; i < component_count; ++i) values_[i] -= other.values_[i];
    return *this;
  }
  constexpr T sum() const {
    T total{};
    for (const T& value : values_) total += value;
    return total;
  }
  friend constexpr auto operator*(const PerComponent& a, auto factor) {
    PerComponent<decltype(T{} * factor)> result;
    for (std::size_t i = 0; i < component_count; ++i) {
      result[static_cast<Component>(i)] = a.values_[i] * factor;
    }
    return result;
  }

 private:
  std::array<T, component_count> values_{};
};

// All values in order, for loops; and the name each has in files.
inline constexpr std::array all_precisions = {
    Precision::fp64, Precision::fp64_matrix, Precision::fp64_emulated, Precision::fp32,       Precision::tf32,
    Precision::bf16, Precision::fp16,        Precision::fp8,           Precision::fp8_sparse, Precision::int8};
inline constexpr std::array all_components = {Component::cpu,        Component::cpu_memory, Component::gpu,
                                              Component::gpu_memory, Component::node_links, Component::nic,
                                              Component::node_base,  Component::network,    Component::storage,
                                              Component::losses,     Component::cooling};

std::string_view name_of(Precision);
std::string_view name_of(DeviceKind);
std::string_view name_of(CollectiveOperation);
std::string_view name_of(Component);

// A choice among names, for Field::choice: the name in files and the value it means.
template <class E>
struct Choice {
  std::string_view name;
  E value;
};
template <class E>
using Choices = std::vector<Choice<E>>;

const Choices<Precision>& precision_names();
const Choices<DeviceKind>& device_kind_names();
const Choices<CollectiveOperation>& collective_names();

}  // namespace zettasim
