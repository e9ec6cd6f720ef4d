#include "node_stage.hpp"

#include <cmath>

namespace zettasim::cost {
namespace {

// What one GPU does: steps of the link's latency, and bytes over its link; and what all links of the node carry.
struct Steps {
  double steps = 0.0;
  DataSize per_gpu;
  DataSize per_node;
};

Steps steps_of(CollectiveOperation operation, DataSize size, double g, double nodes) {
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
      const DataSize stays = size / nodes * ((g - 1) / g);
      return {g - 1, stays / g, stays};
    }
    case CollectiveOperation::barrier:
      return {2 * std::ceil(std::log2(g)), DataSize{}, DataSize{}};
  }
  return {};
}

}  // namespace

NodeStage node_stage(const platform::Node& node, CollectiveOperation operation, DataSize size, double nodes,
                     double gpus, const platform::GpuProtocol* protocol) {
  if (!node.gpu_gpu || gpus < 2) return {};
  Steps work = steps_of(operation, size, gpus, nodes);
  if (protocol && operation == CollectiveOperation::all_to_all) work.steps = 1;
  const Duration latency = (protocol ? protocol->step : node.gpu_gpu->latency) * work.steps;
  return {.time = latency + work.per_gpu / (protocol ? protocol->bandwidth : node.gpu_gpu->bandwidth),
          .latency = latency,
          .traffic = work.per_node,
          .exists = true};
}

}  // namespace zettasim::cost
