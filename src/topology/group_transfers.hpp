// Many messages on a dragonfly of either kind: those inside a group go by their routes, those between groups are added
// up before they fan out.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "zettasim/topology/group_cables.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::topology {

// Adds all loads but those of what fans out, which `between` has counted then, and returns the latency of the longest
// route. `injection` and `ejection` give the links of a node's interfaces, `port_of` the switch of its group that an
// interface is on; `raise(longest, from, to)` makes a latency at least that between two nodes of different groups.
template <class GroupOf, class PortOf, class Injection, class Ejection, class Raise>
Duration add_by_group(const Network& network, std::span<const Transfer> transfers, std::size_t interfaces,
                      LinkLoads& loads, GroupTraffic& between, GroupOf group_of, PortOf port_of, Injection injection,
                      Ejection ejection, Raise raise) {
  std::vector<RoutedLink> route;
  Duration longest;
  const double share = 1.0 / static_cast<double>(interfaces);
  for (const auto& [from, to, bytes] : transfers) {
    const std::size_t a = group_of(from), b = group_of(to);
    if (a == b) {
      route.clear();
      longest = std::max(longest, network.append_route(from, to, route));
      for (const RoutedLink& step : route) loads.add(step.link, step.share * bytes);
      continue;
    }
    raise(longest, from, to);
    between.add_between(a, b, bytes);
    for (std::size_t k = 0; k < interfaces; ++k) {
      loads.add(injection(from, k), bytes * share);
      loads.add(ejection(to, k), bytes * share);
      between.add_out(a, port_of(from, k), b, bytes * share);
      between.add_in(b, port_of(to, k), a, bytes * share);
    }
  }
  return longest;
}

}  // namespace zettasim::topology
