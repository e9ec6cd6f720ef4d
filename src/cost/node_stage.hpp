// The part of a collective that stays inside the nodes: their GPUs over GPU-GPU links, in closed forms.
#pragma once

#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::cost {

struct NodeStage {
  Duration time;
  Duration latency;  // the part of it that is not data
  DataSize traffic;  // over all GPU-GPU links of one node
  bool exists = false;
};

// Each GPU of g holds a vector of `size` (all-to-all: size / g of what its node sends). As a ring of the node's GPUs:
//   reduce-scatter, all-gather: (g-1) steps; (g-1)/g size over each GPU's link
//   all-reduce:                 a reduce-scatter before the network stage and an all-gather after it
//   broadcast, reduce:          a chain in pipeline: size over each link but one
//   all-to-all:                 of what stays in the node, size / nodes, each GPU sends (g-1)/g of its share to the
//   others
//   barrier:                    2 ceil(log2 g) latencies, to gather and to release
// The shards that cross the network are 1/g of the vector for each GPU, size for the node: the network stage takes
// `size`. Source: Thakur et al. 2005 for the ring. Holds for links that serve all partners alike (a switch, or all
// pairs).
// With a protocol, its step and bandwidth take the place of the link's, and an all-to-all sends to all partners at
// once, in one step. Without its launch.
NodeStage node_stage(const platform::Node& node, CollectiveOperation operation, DataSize size, double nodes,
                     double gpus, const platform::GpuProtocol* protocol);

}  // namespace zettasim::cost
