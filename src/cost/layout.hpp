// How the groups of a collective lie on a job's nodes.
//
// A rank is what takes part in a group between nodes: the devices that the group has in one cell, or, where groups
// straddle cells unevenly, one device. A cell is nodes of the job that its GPU links join: a node, or several of one
// scale-up domain.
#pragma once

#include <cstdint>
#include <span>

#include "zettasim/base/ids.hpp"
#include "zettasim/base/vocabulary.hpp"

namespace zettasim::cost {

struct Layout {
  std::int64_t ranks = 0;       // of the largest group; 1: groups stay inside cells
  std::int64_t stride = 1;      // between the ranks of a group
  std::int64_t all_ranks = 0;   // of the job
  std::int64_t cell_nodes = 1;  // nodes of a cell
  std::int64_t node_ranks = 1;  // ranks on each node; more than 1: a rank is a device
  std::int64_t devices = 1;     // on each node
  std::int64_t inside = 1;      // devices of a group in one rank
  std::int64_t beside = 1;      // groups with a rank on the same devices of a cell
  bool operator==(const Layout&) const = default;

  std::int64_t cell_devices() const { return cell_nodes * devices; }
  bool in_network() const { return ranks > 1; }
  // Groups of the whole job, smaller ones at its end included.
  std::int64_t group_count() const;
};

// `devices` take part in each node; `domain_nodes` neighbours in the machine's numbering make up a scale-up domain.
// Groups larger than the job are the job.
Layout layout_of(std::span<const NodeId> nodes, const DeviceGroups& groups, std::int64_t devices,
                 std::int64_t domain_nodes);

// Each device a rank of one group.
Layout layout_of_devices(std::size_t nodes, std::int64_t devices);

// Calls visit(group, at) for each group between nodes: the number of its ranks, and a function from its ranks to those
// of the job. The last groups may have fewer ranks.
template <class Visit>
void for_each_group(const Layout& layout, Visit visit) {
  const std::int64_t block = layout.ranks * layout.stride;
  for (std::int64_t start = 0; start < layout.all_ranks; start += block) {
    for (std::int64_t offset = 0; offset < layout.stride && start + offset < layout.all_ranks; ++offset) {
      const std::int64_t first = start + offset;
      const std::int64_t there = (layout.all_ranks - first + layout.stride - 1) / layout.stride;
      visit(there < layout.ranks ? there : layout.ranks,
            [first, stride = layout.stride](std::int64_t rank) { return first + rank * stride; });
    }
  }
}

}  // namespace zettasim::cost
