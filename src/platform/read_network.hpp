// The network of a description: its fields, and what must hold between them. Private to platform.
#pragma once

#include <cstdint>

#include "zettasim/base/field.hpp"
#include "zettasim/platform/machine.hpp"

namespace zettasim::platform {

inline constexpr std::int64_t most_nodes = 4'000'000;
inline constexpr std::int64_t most_in_node = 1024;  // devices or interfaces: more is a typing error

// `interfaces` of each node, over which a fat tree spreads its rails.
Network read_network(const Field& network, std::int64_t interfaces);

// Whether the topology has a place for each node and can be wired; for a machine whose fields were all read.
void check_network(const Field& root, const Machine& machine);

}  // namespace zettasim::platform
