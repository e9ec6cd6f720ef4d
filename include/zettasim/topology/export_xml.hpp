// A small machine's network as a SimGrid platform file, which plain SimGrid and smpirun load.
#pragma once

#include <string>

#include "zettasim/platform/machine.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::topology {

// Hosts node-0, node-1, ...; every link that a route uses, with its bandwidth and latency; every route spelled out, so
// at most 1,024 nodes (InputError beyond). message_latency is in the latency of each injection link. A SimGrid route is
// one path: where ours splits a message, each pair of nodes takes one of the widest paths, the pairs in turn, so what
// SimGrid then says of split traffic is not what we say; a comment in the file tells where that is so.
std::string export_simgrid_xml(const platform::Machine& machine, const Network& network);

}  // namespace zettasim::topology
