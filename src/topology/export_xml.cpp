// SimGrid's platform format, version 4.1: a Full zone, the most explicit one there is.
#include "zettasim/topology/export_xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "limits.hpp"
#include "zettasim/base/problem.hpp"

namespace zettasim::topology {
namespace {

constexpr std::size_t most_nodes = 1024;  // a million routes, some hundred megabytes of text

std::string in_xml(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '-':
        result += result.ends_with('-') ? " -" : "-";  // two in a row would end the comment
        break;
      default:
        result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return result;
}

// One path through a route: from each vertex on the link that takes the largest share of the message, among equals the
// one whose turn it is; no vertex twice, as detours may cross. Empty when that leads nowhere.
std::vector<LinkId> widest_path(const Network& network, std::span<const RoutedLink> route, NodeId from, NodeId to) {
  const std::size_t turn = std::size_t{from.index()} + to.index();
  std::vector<LinkId> path;
  std::set<std::size_t> passed;
  std::size_t at = from.index();
  while (true) {
    std::vector<LinkId> widest;
    double share = 0.0;
    for (const RoutedLink& step : route) {
      const Link link = network.link(step.link);
      const bool enters = link.role == LinkRole::injection;
      if (link.from != at || enters != path.empty() || step.share < share - 1e-12) continue;
      if (link.role == LinkRole::fabric && passed.contains(link.to)) continue;
      if (step.share > share + 1e-12) widest.clear();
      share = std::max(share, step.share);
      widest.push_back(step.link);
    }
    if (widest.empty()) return {};
    path.push_back(widest[turn % widest.size()]);
    const Link taken = network.link(path.back());
    if (taken.role == LinkRole::ejection) return path;
    passed.insert(at);
    at = taken.to;
  }
}

}  // namespace

std::string export_simgrid_xml(const platform::Machine& machine, const Network& network) {
  const std::size_t nodes = network.node_count();
  if (nodes > most_nodes) {
    throw InputError(
        fmt::format("machine \"{}\"", machine.name),
        fmt::format("found {} nodes, expected at most {} for a SimGrid platform file, which spells out the "
                    "route of every pair; describe a smaller machine",
                    nodes, most_nodes));
  }
  std::set<LinkId> links;
  std::string routes;
  std::size_t split = 0;
  std::vector<RoutedLink> route;
  for (std::size_t from = 0; from < nodes; ++from) {
    for (std::size_t to = 0; to < nodes; ++to) {
      if (from == to) continue;
      route.clear();
      network.append_route(NodeId(from), NodeId(to), route);
      split += std::ranges::any_of(route, [](const RoutedLink& step) { return step.share < 1.0; });
      fmt::format_to(std::back_inserter(routes), "    <route src=\"node-{}\" dst=\"node-{}\" symmetrical=\"NO\">", from,
                     to);
      const std::vector<LinkId> path = widest_path(network, route, NodeId(from), NodeId(to));
      if (path.empty()) refuse(machine, fmt::format("found no single path from node {} to node {}", from, to));
      for (const LinkId link : path) {
        links.insert(link);
        fmt::format_to(std::back_inserter(routes), "<link_ctn id=\"link-{}\"/>", link.index());
      }
      routes += "</route>\n";
    }
  }
  std::string text = fmt::format(
      "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
      "<!-- {}: {}. Written by zettasim. Injection links have the message latency in theirs. -->\n",
      in_xml(machine.name), in_xml(network.describe()));
  if (split > 0) {
    text += fmt::format("<!-- {} of {} routes split their traffic in zettasim; here each takes one of its paths. -->\n",
                        split, nodes * (nodes - 1));
  }
  text += "<platform version=\"4.1\">\n  <zone id=\"machine\" routing=\"Full\">\n";
  for (std::size_t node = 0; node < nodes; ++node) {
    text += fmt::format("    <host id=\"node-{}\" speed=\"1Gf\"/>\n", node);
  }
  for (const LinkId id : links) {
    const Link link = network.link(id);
    const Duration software = link.role == LinkRole::injection ? machine.network.message_latency : Duration{};
    text += fmt::format("    <link id=\"link-{}\" bandwidth=\"{}Bps\" latency=\"{}s\"/>\n", id.index(),
                        in_bytes_per_second(link.bandwidth), in_seconds(link.latency + software));
  }
  return text + routes + "  </zone>\n</platform>\n";
}

}  // namespace zettasim::topology
