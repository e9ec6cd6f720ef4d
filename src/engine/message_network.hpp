// The machine's network inside SimGrid, for simulations message by message: one flat zone whose routes come from
// topology::Network, with links only where messages will go.
//
// How a message of ours becomes a communication of SimGrid's model CM02:
// - Latency. CM02 shares a link in proportion to 1 / latency of the flows on it, and bounds a flow by its latency
//   (TCP's window). Neither is meant here, so every route has the same latency for SimGrid, and a factor that SimGrid
//   asks us for turns it into message_latency + hops of this pair.
// - Split routes. Where a link gets only a share of a message, all shares are taken as multiples of one 1/m. The route
//   names a link as often as its share has m-ths, and size / m travels: then each link carries exactly its share of the
//   message's bytes, all parts keep pace with each other, and the message ends with the slowest. Its latency counts m
//   times, so that two messages that share a link get the same rate, however each is split.
// - Sizes. SimGrid counts whole bytes; we hand it bytes of 1/65536 of ours, and bandwidths in those.
#pragma once

#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "engine/simgrid_bridge.hpp"
#include "zettasim/base/ids.hpp"
#include "zettasim/base/quantity.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::engine {

// Most parts that a route may be split into.
inline constexpr int most_parts = 1024;

// The smallest m, at most most_parts, of whose 1/m all shares are multiples; 0 when there is none.
int parts_of(std::span<const topology::RoutedLink> route);

class MessageNetwork {
 public:
  using Pairs = std::set<std::pair<NodeId, NodeId>>;

  // Makes the process's engine with a host for each node and a link for each link on a route between the pairs (of
  // different nodes). Machine and network must outlive it.
  MessageNetwork(const platform::Machine& machine, const topology::Network& network, const std::set<NodeId>& nodes,
                 const Pairs& pairs);
  ~MessageNetwork();

  simgrid::s4u::Host* host(NodeId node) const { return hosts_.at(node.index()); }
  // What to tell SimGrid as the size of a message between two nodes.
  std::uint64_t simulated_size(NodeId from, NodeId to, DataSize size);
  // Of the messages from now on.
  void set_message_latency(Duration latency);
  // Runs until no actor is left, and returns the time that took.
  Duration run();

 private:
  class Zone;
  void add_links(const Pairs& pairs);

  const platform::Machine& machine_;
  const topology::Network& network_;
  std::unique_ptr<simgrid::s4u::Engine> engine_;
  Zone* zone_ = nullptr;  // SimGrid's
  std::unordered_map<std::uint32_t, simgrid::s4u::Host*> hosts_;
};

}  // namespace zettasim::engine
