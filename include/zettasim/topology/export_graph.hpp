// A network as a file for other graph tools: GraphML (networkx, igraph, Gephi) or Graphviz's dot.
#pragma once

#include <string>

#include "zettasim/topology/network.hpp"

namespace zettasim::topology {

enum class GraphFormat { graphml, dot };

// Every vertex with its kind (node or switch), every directed fabric or host link with bandwidth (bytes per second),
// latency (seconds) and role. Links from a vertex to itself (interfaces of a torus node) are left out. At most
// 2,000,000 links (InputError beyond).
std::string export_graph(const Network& network, GraphFormat format);

}  // namespace zettasim::topology
