// Time of moving data between a job's nodes and a storage tier.
#pragma once

#include "zettasim/base/quantity.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::cost {

struct StorageCost {
  Duration time;   // alone on the tier
  DataSize total;  // all nodes together
  Bandwidth rate;  // of the transfer, all nodes together
  Energy energy;   // at the tier, above idle
};

enum class Access { read, write };

// time = latency + size / rate: of a node's own tier its rate; of a shared one the smaller of the tier's rate and
// what the nodes' interfaces carry together. Nothing to move takes no access and no time.
StorageCost storage_cost(const platform::Machine& machine, const platform::StorageTier& tier, Access access,
                         DataSize size_per_node, std::int64_t nodes);

}  // namespace zettasim::cost
