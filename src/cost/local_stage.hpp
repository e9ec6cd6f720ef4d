// The part of a collective that stays between devices that links of a node or a scale-up domain join, in closed forms.
#pragma once

#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::cost {

// How a device reaches its neighbours, per direction.
struct LocalLink {
  Duration latency;  // of a step
  Bandwidth bandwidth;
  EnergyPerByte energy;
};

// GPUs: their links, with the step and bandwidth of a protocol where there is one. CPU sockets pass messages through
// memory, which each byte enters and leaves once: half its bandwidth, twice its energy, and the latency of a message.
LocalLink local_link(const platform::Machine& machine, const platform::GpuProtocol* protocol);

struct LocalStage {
  Duration time;
  Duration latency;  // the part of it that is not data
  DataSize traffic;  // over the links of all devices of one group
};

// Each device of g holds a vector of `size` (all-to-all: size / g of what its rank sends). As a ring of the devices:
//   reduce-scatter, all-gather: (g-1) steps; (g-1)/g size over each device's link
//   all-reduce:                 a reduce-scatter before the network stage and an all-gather after it
//   broadcast, reduce:          a chain in pipeline: size over each link but one
//   all-to-all:                 of what stays in the rank, size / ranks, each device sends (g-1)/g of its share to the
//   others
//   barrier:                    2 ceil(log2 g) latencies, to gather and to release
// The shards that cross the network are 1/g of the vector for each device, size for the rank: the network stage takes
// `size`. Source: Thakur et al. 2005 for the ring. Holds for links that serve all partners alike (a switch, or all
// pairs), so that groups beside each other do not meet. `grouped_sends`: an all-to-all sends to all partners at once,
// in one step. Nothing for fewer than two devices. Without a protocol's launch.
LocalStage local_stage(CollectiveOperation operation, DataSize size, double ranks, double devices,
                       const LocalLink& link, bool grouped_sends);

}  // namespace zettasim::cost
