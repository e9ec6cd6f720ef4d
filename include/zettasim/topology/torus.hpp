// An n-dimensional torus or mesh whose switches are in the nodes, routed dimension by dimension.
//
// Node numbers are mixed radix with the last dimension fastest. A message corrects dimension 0 first, then 1, and so
// on, each the shortest way round; where both ways are equally long (half way round an even size) it is split half and
// half, which loads both directions alike. A dimension of size 2 that wraps has two cables between its two nodes.
//
// A share of each message may go to any node of the torus first, evenly over all, both ways as above (Valiant 1982).
// What many messages load is then as much as two all-to-alls: from the sources to all nodes, and from all nodes to the
// destinations, each node with the weight of what it sends or receives. With a share that follows the load
// (balance.hpp) it is adaptive routing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "zettasim/topology/link_kind.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::topology {

class Torus final : public Network {
 public:
  explicit Torus(const platform::Machine& machine);

  std::size_t node_count() const override { return node_count_; }
  std::size_t switch_count() const override { return node_count_; }
  std::size_t vertex_count() const override { return node_count_; }
  std::size_t link_count() const override { return link_count_; }
  Link link(LinkId id) const override;
  LinkRole role(LinkId id) const override;
  Bandwidth bandwidth(LinkId id) const override;
  EnergyPerByte energy(LinkId id) const override;
  LoadTotals totals(const LinkLoads& loads) const override;
  Duration append_route(NodeId from, NodeId to, std::vector<RoutedLink>& route) const override;
  Duration add_all_to_all(std::span<const NodeId> nodes, DataSize per_pair, LinkLoads& loads) const override;
  Duration add_transfers(std::span<const Transfer> transfers, LinkLoads& loads) const override;
  const Network* detours() const override { return detours_.get(); }
  // Where each dimension wraps or has at most two nodes.
  bool is_symmetric() const override;
  // Across the dimension with the fewest links, an even one if there is any.
  Halves halves() const override;
  std::string describe() const override;
  std::string link_name(LinkId id) const override;

 private:
  enum class Way { up, down };
  // A dimension and where its links are numbered. The links of one way are a grid of their own, as large as the node
  // grid but one shorter in this dimension where it does not wrap.
  struct Axis {
    std::string name;
    std::uint32_t size = 1;
    bool wraps = false;
    std::uint32_t stride = 1;      // between node numbers of neighbours
    std::uint32_t links = 0;       // of one way, on one line of nodes
    std::uint32_t first_up = 0;    // id of the first link towards larger coordinates
    std::uint32_t first_down = 0;  // and towards smaller ones
    LinkKind link = {};
  };
  struct Hop {
    const Axis* axis = nullptr;
    Way way = Way::up;
    std::uint32_t from = 0;  // node
    std::uint32_t to = 0;    // node
  };
  struct Census;

  const Axis& axis_of(LinkId id) const;  // of a fabric link
  Hop hop(LinkId id) const;
  void append_way(const Axis& axis, Way way, std::uint32_t line, std::uint32_t start, std::uint32_t hops, double share,
                  std::vector<RoutedLink>& route) const;
  std::uint32_t append_axis(const Axis& axis, std::uint32_t line, std::uint32_t from, std::uint32_t to,
                            std::vector<RoutedLink>& route) const;
  Duration append_direct(NodeId from, NodeId to, double share, std::vector<RoutedLink>& route) const;
  void add_all_pairs(const std::vector<double>& sources, const std::vector<double>& destinations, double bytes,
                     LinkLoads& loads, Duration& latency) const;
  void add_detours(const std::vector<double>& sent, const std::vector<double>& received, LinkLoads& loads) const;
  Duration longest_detour() const;
  std::uint32_t add_axis(const Axis& axis, const Census& census, double bytes, LinkLoads& loads) const;
  std::string coordinates(std::size_t node) const;

  std::vector<Axis> axes_;
  std::uint32_t node_count_ = 0;
  std::uint32_t link_count_ = 0;
  Bandwidth interface_bandwidth_;
  double detour_share_ = 0.0;
  std::unique_ptr<const Torus> detours_;
};

}  // namespace zettasim::topology
