// How the groups of a collective lie on a job's nodes.
//
// A rank is what takes part in a group between nodes: the devices that the group has in one cell, or, where groups
// straddle cells unevenly, one device. A cell is nodes of the job that its GPU links join: a node, or several of one
// scale-up domain.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "zettasim/base/ids.hpp"
#include "zettasim/base/vocabulary.hpp"

namespace zettasim::cost {

struct Layout {
  std::int64_t ranks = 0;       // of the largest group; 1: groups stay inside cells
  std::int64_t stride = 1;      // between the ranks of a group
  std::int64_t all_ranks = 0;   // of the job
  std::int64_t cell_nodes = 1;  // nodes of a cell, of the largest where they differ
  // Where cells differ: the first node of each, by position in the job's nodes, and the end. Else empty.
  std::vector<std::int64_t> cell_starts = {};
  std::int64_t node_ranks = 1;  // ranks on each node; more than 1: a rank is a device
  std::int64_t devices = 1;     // on each node
  std::int64_t inside = 1;      // devices of a group in one rank
  std::int64_t beside = 1;      // groups with a rank on the same devices of a cell
  bool operator==(const Layout&) const = default;

  bool in_network() const { return ranks > 1; }
  std::int64_t devices_of(std::int64_t rank) const {
    if (node_ranks > 1) return 1;
    return devices * (cell_starts.empty() ? cell_nodes : cell_starts[rank + 1] - cell_starts[rank]);
  }
  // The position of one of the `cell_nodes` nodes that a rank's messages leave from; smaller cells name some twice.
  std::size_t node_of(std::int64_t rank, std::int64_t i) const {
    if (cell_starts.empty()) return static_cast<std::size_t>(rank / node_ranks * cell_nodes + i);
    return static_cast<std::size_t>(cell_starts[rank] + i % (cell_starts[rank + 1] - cell_starts[rank]));
  }
  double all_devices() const;
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
