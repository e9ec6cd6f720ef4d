// The network of a machine as directed links and the routes over them. A new topology is one class behind this
// interface.
//
// Vertices are numbered nodes first (0 to node_count - 1), then switches. Links are directed; both directions of a
// cable are two links. A node's injection and ejection (its network interfaces) are links too, so that no node sends
// faster than its interfaces allow.
#pragma once

#include <boost/graph/adjacency_list.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "zettasim/base/ids.hpp"
#include "zettasim/base/quantity.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/topology/link_loads.hpp"

namespace zettasim::topology {

enum class LinkRole {
  injection,  // from a node's interfaces into the network
  ejection,   // from the network into a node's interfaces
  fabric,     // between switches, or between nodes of a torus
};

struct Link {
  std::size_t from = 0;  // vertex
  std::size_t to = 0;    // vertex; equal to `from` for injection and ejection where the switch is in the node
  LinkRole role = LinkRole::fabric;
  Bandwidth bandwidth;        // of payload
  Duration latency;           // of passing it
  EnergyPerByte energy = {};  // above static power; none where the interface counts it (injection, ejection)
  std::size_t cables = 1;     // parallel ones that count as this link; 0 inside a node
  Length length = {};         // of a cable; 0 when nobody said
  platform::Medium medium = platform::Medium::unstated;
};

// A link on a route, and which share of the message's bytes takes it: 1 on a single path, less where traffic is split.
// A route names each link once.
struct RoutedLink {
  LinkId link;
  double share = 1.0;
};

// What loads come to on the links of a network.
struct LoadTotals {
  double slowest_s = 0.0;            // of the link that takes longest
  double slowest_interface_s = 0.0;  // of injections and ejections alone
  double interface_bytes = 0.0;
  double fabric_joules = 0.0;
};

// Bytes from one node to another, different one.
struct Transfer {
  NodeId from, to;
  double bytes = 0.0;
};

// A way to cut the nodes of a network in two.
struct Halves {
  std::vector<bool> is_second;  // by node
  std::string how;              // "nodes 0 to 63 and the rest"
};

class Network {
 public:
  virtual ~Network() = default;

  virtual std::size_t node_count() const = 0;
  virtual std::size_t switch_count() const = 0;  // switches that draw switch_power: in a torus one per node
  virtual std::size_t vertex_count() const = 0;
  virtual std::size_t link_count() const = 0;
  virtual Link link(LinkId id) const = 0;
  // Three members of link(id) that loops over millions of loads ask for; topologies answer them without the rest.
  virtual LinkRole role(LinkId id) const { return link(id).role; }
  virtual Bandwidth bandwidth(LinkId id) const { return link(id).bandwidth; }
  virtual EnergyPerByte energy(LinkId id) const { return link(id).energy; }
  // The default asks for each loaded link; a topology whose links are of few kinds overrides it.
  virtual LoadTotals totals(const LinkLoads& loads) const;

  // Appends the route of a message between two different nodes and returns its latency, that of the longest path taken.
  virtual Duration append_route(NodeId from, NodeId to, std::vector<RoutedLink>& route) const = 0;
  // Adds the traffic of `per_pair` bytes from each of `nodes` (all different) to each other one, and returns the
  // latency of the longest route among them. The default routes every pair; a topology that knows a closed form
  // (dimension-order routing does) overrides it with the same loads at a lower cost, and a latency that may be an upper
  // bound.
  virtual Duration add_all_to_all(std::span<const NodeId> nodes, DataSize per_pair, LinkLoads& loads) const;

  // Adds many messages and returns the latency of the longest route. The default routes each; a topology whose routes
  // fan out overrides it with the same loads, added up where they meet before they fan out.
  virtual Duration add_transfers(std::span<const Transfer> transfers, LinkLoads& loads) const;
  // Where routers choose by load: the same nodes and links with every message on its detours, and this network's own
  // routes are the direct ones (balance.hpp puts them together). nullptr where routes are fixed.
  virtual const Network* detours() const { return nullptr; }

  // Whether all nodes look alike: what holds from one then holds from each.
  virtual bool is_symmetric() const { return false; }
  // Two halves of the nodes to count the links between; a topology that knows where it is thinnest overrides it.
  virtual Halves halves() const;

  virtual std::string describe() const = 0;            // "torus 10 x 8 x 4 x 2 x 3 x 2"
  virtual std::string link_name(LinkId id) const = 0;  // "node 12 (0,0,1,0,0,0) +x"
};

// Throws InputError when the topology does not hold the machine's nodes, or has more links than can be numbered.
std::unique_ptr<Network> build_network(const platform::Machine& machine);

// The same network as a Boost graph, for metrics that are graph algorithms: breadth-first distances, connectivity,
// cuts. Links that stay inside one vertex (a torus node's interfaces) are no edges of it.
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property, boost::no_property>;
Graph to_graph(const Network& network);

}  // namespace zettasim::topology
