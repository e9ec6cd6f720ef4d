#include "zettasim/topology/export_graph.hpp"

#include <fmt/format.h>

#include <boost/graph/graphml.hpp>
#include <boost/graph/graphviz.hpp>
#include <boost/property_map/dynamic_property_map.hpp>
#include <sstream>

#include "zettasim/base/problem.hpp"

namespace zettasim::topology {
namespace {

constexpr std::size_t most_links = 2'000'000;  // some hundred megabytes of text

struct VertexLabel {
  std::string name;
  std::string kind;
};
struct EdgeLabel {
  double bandwidth = 0.0;
  double latency = 0.0;
  std::string role;
};
using LabelledGraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, VertexLabel, EdgeLabel>;

std::string name_of_role(LinkRole role) {
  switch (role) {
    case LinkRole::injection:
      return "injection";
    case LinkRole::ejection:
      return "ejection";
    case LinkRole::fabric:
      return "fabric";
  }
  return {};
}

LabelledGraph label(const Network& network) {
  LabelledGraph graph(network.vertex_count());
  for (std::size_t v = 0; v < network.vertex_count(); ++v) {
    const bool node = v < network.node_count();
    graph[v] = {fmt::format("{} {}", node ? "node" : "switch", node ? v : v - network.node_count()),
                node ? "node" : "switch"};
  }
  for (std::size_t i = 0; i < network.link_count(); ++i) {
    const Link link = network.link(LinkId(i));
    if (link.from == link.to) continue;
    boost::add_edge(link.from, link.to, EdgeLabel{link.bandwidth.si(), link.latency.si(), name_of_role(link.role)},
                    graph);
  }
  return graph;
}

}  // namespace

std::string export_graph(const Network& network, GraphFormat format) {
  if (network.link_count() > most_links) {
    throw InputError("export", fmt::format("the network has {} directed links, and at most {} are written",
                                           network.link_count(), most_links));
  }
  LabelledGraph graph = label(network);
  boost::dynamic_properties properties;
  properties.property(format == GraphFormat::dot ? "label" : "name", boost::get(&VertexLabel::name, graph));
  properties.property("kind", boost::get(&VertexLabel::kind, graph));
  properties.property("bandwidth_bytes_per_s", boost::get(&EdgeLabel::bandwidth, graph));
  properties.property("latency_s", boost::get(&EdgeLabel::latency, graph));
  properties.property("role", boost::get(&EdgeLabel::role, graph));
  std::ostringstream text;
  if (format == GraphFormat::graphml) {
    boost::write_graphml(text, graph, properties, true);
  } else {
    properties.property("node_id", boost::get(boost::vertex_index, graph));
    boost::write_graphviz_dp(text, graph, properties);
  }
  return text.str();
}

}  // namespace zettasim::topology
