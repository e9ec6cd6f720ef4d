#include "zettasim/base/vocabulary.hpp"

#include "zettasim/base/contract.hpp"

namespace zettasim {
namespace {

template <class E>
std::string_view look_up(const Choices<E>& names, E value) {
  for (const auto& choice : names) {
    if (choice.value == value) return choice.name;
  }
  ZETTASIM_EXPECT(false, "value {} has no name", static_cast<int>(value));
  return {};
}

const Choices<Component>& component_names() {
  static const Choices<Component> names = {
      {"cpu", Component::cpu},           {"cpu_memory", Component::cpu_memory}, {"gpu", Component::gpu},
      {"gpu_memory", Component::gpu_memory}, {"node_links", Component::node_links}, {"nic", Component::nic},
      {"node_base", Component::node_base},   {"network", Component::network},       {"storage", Component::storage},
      {"losses", Component::losses},         {"cooling", Component::cooling}};
  return names;
}

}  // namespace

const Choices<Precision>& precision_names() {
  static const Choices<Precision> names = {
      {"fp64", Precision::fp64}, {"fp64_matrix", Precision::fp64_matrix}, {"fp64_emulated", Precision::fp64_emulated},
      {"fp32", Precision::fp32}, {"tf32", Precision::tf32},               {"bf16", Precision::bf16},
      {"fp16", Precision::fp16}, {"fp8", Precision::fp8},                 {"fp8_sparse", Precision::fp8_sparse},
      {"int8", Precision::int8}};
  return names;
}

const Choices<DeviceKind>& device_kind_names() {
  static const Choices<DeviceKind> names = {{"cpu", DeviceKind::cpu}, {"gpu", DeviceKind::gpu}};
  return names;
}

const Choices<CollectiveOperation>& collective_names() {
  static const Choices<CollectiveOperation> names = {
      {"all-reduce", CollectiveOperation::all_reduce}, {"reduce-scatter", CollectiveOperation::reduce_scatter},
      {"all-gather", CollectiveOperation::all_gather}, {"broadcast", CollectiveOperation::broadcast},
      {"reduce", CollectiveOperation::reduce},         {"all-to-all", CollectiveOperation::all_to_all},
      {"barrier", CollectiveOperation::barrier}};
  return names;
}

std::string_view name_of(Precision p) { return look_up(precision_names(), p); }
std::string_view name_of(DeviceKind k) { return look_up(device_kind_names(), k); }
std::string_view name_of(CollectiveOperation c) { return look_up(collective_names(), c); }
std::string_view name_of(Component c) { return look_up(component_names(), c); }

}  // namespace zettasim
