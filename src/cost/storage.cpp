// Moving data to and from a storage tier, alone on it.
#include "zettasim/cost/storage.hpp"

#include <algorithm>

namespace zettasim::cost {

StorageCost storage_cost(const platform::Machine& machine, const platform::StorageTier& tier, Access access,
                         DataSize size_per_node, std::int64_t nodes) {
  if (nodes < 1 || size_per_node <= DataSize{}) return {};  // nothing to move: not even an access is made
  const double count = static_cast<double>(nodes);
  const Bandwidth tier_rate = access == Access::read ? tier.read : tier.write;
  const Bandwidth interfaces = machine.node.nics.bandwidth * static_cast<double>(machine.node.nics.count);
  StorageCost cost;
  cost.total = size_per_node * count;
  cost.rate = tier.scope == platform::StorageScope::node ? tier_rate * count : std::min(tier_rate, interfaces * count);
  cost.time = tier.latency + cost.total / cost.rate;
  cost.energy = cost.total * tier.energy;
  return cost;
}

}  // namespace zettasim::cost
