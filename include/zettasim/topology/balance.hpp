// Routing that reacts to load (adaptive routing, as of Slingshot or Quantum): messages that are under way together go
// directly or on detours, in the share of all that makes the slowest link fastest.
//
// With d_l and t_l the times of link l when everything goes directly and when everything takes detours, the share is
//   v = argmin over 0 <= v <= 1 of  max over l of  (1 - v) d_l + v t_l
// Source: what UGAL aims at packet by packet (Singh, "Load-balanced routing in interconnection networks", 2005; Kim et
// al., "Technology-driven, highly-scalable dragonfly topology", ISCA 2008). Limits: one share for all messages of a
// phase, where routers decide for each packet; routers see the phase as a whole at once; a phase does not evade other
// jobs' traffic; latency is that of the direct route, as the first packets find it free.
#pragma once

#include "zettasim/topology/network.hpp"

namespace zettasim::topology {

// Turns loads of direct routes into those of the best mix with loads of detours; returns the share v.
double balance(const Network& network, LinkLoads& direct, const LinkLoads& detoured);

// Adds the loads of what `add(network, loads)` sends, a function that returns the latency of its longest route,
// balanced where the network has detours. Returns the latency of the direct routes.
template <class Add>
Duration add_balanced(const Network& network, LinkLoads& loads, const Add& add) {
  const Network* detours = network.detours();
  if (detours == nullptr) return add(network, loads);
  LinkLoads direct(network.link_count()), detoured(network.link_count());
  const Duration latency = add(network, direct);
  add(*detours, detoured);
  balance(network, direct, detoured);
  for (const LinkId link : direct.touched()) loads.add(link, direct.on(link));
  return latency;
}

}  // namespace zettasim::topology
