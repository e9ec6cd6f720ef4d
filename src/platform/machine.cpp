// What can be asked of a whole machine.
#include "zettasim/platform/machine.hpp"

namespace zettasim::platform {
namespace {

FlopRate peak_of(const DeviceGroup& group, Precision precision) {
  const auto& rate = group.device.rates[precision];
  return rate ? rate->peak * static_cast<double>(group.count) : FlopRate{};
}

// The format that takes over work written for `precision`: the next that loses neither digits nor range on purpose.
std::optional<Precision> next_wider(Precision precision) {
  switch (precision) {
    case Precision::fp8_sparse:
      return Precision::fp8;
    case Precision::int8:
      return Precision::fp8;
    case Precision::fp8:
      return Precision::fp16;
    case Precision::fp16:
      return Precision::bf16;
    case Precision::bf16:
      return Precision::tf32;
    case Precision::tf32:
      return Precision::fp32;
    case Precision::fp32:
      return Precision::fp64;
    case Precision::fp64_emulated:
      return Precision::fp64_matrix;
    case Precision::fp64_matrix:
      return Precision::fp64;
    case Precision::fp64:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(CoolingKind kind) {
  switch (kind) {
    case CoolingKind::air:
      return "air";
    case CoolingKind::cold_plate:
      return "cold-plate";
    case CoolingKind::immersion:
      return "immersion";
  }
  return "";
}

std::string_view name_of(BudgetPolicy policy) {
  switch (policy) {
    case BudgetPolicy::report:
      return "report";
    case BudgetPolicy::uniform:
      return "uniform";
    case BudgetPolicy::proportional:
      return "proportional";
    case BudgetPolicy::job_fair:
      return "job-fair";
    case BudgetPolicy::wait:
      return "wait";
  }
  return "";
}

std::string_view name_of(Medium medium) {
  switch (medium) {
    case Medium::unstated:
      return "unstated";
    case Medium::board:
      return "board";
    case Medium::electrical:
      return "electrical";
    case Medium::optical:
      return "optical";
    case Medium::linear:
      return "linear";
    case Medium::co_packaged:
      return "co-packaged";
    case Medium::in_package:
      return "in-package";
  }
  return {};
}

Power Node::inlet_at_rest() const {
  Power power =
      base_power + cpus.device.idle * static_cast<double>(cpus.count) + nics.idle * static_cast<double>(nics.count);
  if (gpus) power += gpus->device.idle * static_cast<double>(gpus->count);
  for (const Supply& supply : supplies) power = (power + supply.fixed_loss) / supply.efficiency;
  return power;
}

FlopRate Machine::peak(Precision precision) const {
  FlopRate per_node = peak_of(node.cpus, precision);
  if (node.gpus) per_node += peak_of(*node.gpus, precision);
  return per_node * static_cast<double>(node_count);
}

std::optional<Precision> precision_used(const Device& device, Precision wanted) {
  for (std::optional<Precision> candidate = wanted; candidate; candidate = next_wider(*candidate)) {
    if (device.rates[*candidate]) return candidate;
  }
  return std::nullopt;
}

}  // namespace zettasim::platform
