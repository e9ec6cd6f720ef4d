#include "layout.hpp"

#include <algorithm>
#include <numeric>

#include "zettasim/base/contract.hpp"

namespace zettasim::cost {
namespace {

std::int64_t rounded_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The nodes of a cell: as many as divide every run of the job's nodes in one domain, so that all cells are alike.
std::int64_t nodes_of_cell(std::span<const NodeId> nodes, std::int64_t domain_nodes) {
  if (domain_nodes <= 1) return 1;
  const auto domain = [&](NodeId node) { return node.index() / static_cast<std::size_t>(domain_nodes); };
  std::int64_t common = 0;
  std::int64_t run = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    ++run;
    if (i + 1 < nodes.size() && domain(nodes[i + 1]) == domain(nodes[i])) continue;
    common = std::gcd(common, run);
    run = 0;
  }
  return common;
}

// Fills in how groups of `size` with `stride` lie on cells of `cell` devices; false where they straddle them unevenly.
bool fits_cells(std::int64_t size, std::int64_t stride, std::int64_t cell, Layout& layout) {
  if (stride % cell == 0) {
    layout.inside = 1;
    layout.ranks = size;
    layout.stride = stride / cell;
    layout.beside = cell;
    return true;
  }
  if (cell % stride != 0) return false;
  const std::int64_t most_inside = cell / stride;
  if (most_inside % size != 0 && size % most_inside != 0) return false;
  layout.inside = std::min(size, most_inside);
  layout.ranks = rounded_up(size, most_inside);
  layout.stride = 1;
  layout.beside = cell / layout.inside;
  return true;
}

}  // namespace

std::int64_t Layout::group_count() const {
  std::int64_t count = 0;
  for_each_group(*this, [&](std::int64_t, auto) { ++count; });
  return count;
}

Layout layout_of(std::span<const NodeId> nodes, const DeviceGroups& groups, std::int64_t devices,
                 std::int64_t domain_nodes) {
  ZETTASIM_EXPECT(groups.size >= 0 && groups.stride >= 1 && devices >= 1, "size {} stride {} devices {}", groups.size,
                  groups.stride, devices);
  const auto count = static_cast<std::int64_t>(nodes.size());
  const std::int64_t all = count * devices;
  const std::int64_t stride = groups.size == 0 ? 1 : std::min(groups.stride, all);
  const std::int64_t there = rounded_up(all, stride);
  const std::int64_t size = groups.size == 0 ? all : std::min(groups.size, there);
  const std::int64_t largest_cell = nodes_of_cell(nodes, domain_nodes);
  Layout layout;
  layout.devices = devices;
  if (largest_cell == count) {  // nothing leaves the cell
    layout.cell_nodes = count;
    layout.ranks = layout.all_ranks = 1;
    layout.inside = size;
    layout.beside = rounded_up(all, size);
    return layout;
  }
  for (std::int64_t cell = largest_cell; cell >= 1; --cell) {
    if (largest_cell % cell != 0 || !fits_cells(size, stride, cell * devices, layout)) continue;
    layout.cell_nodes = cell;
    layout.all_ranks = count / cell;
    return layout;
  }
  layout = layout_of_devices(nodes.size(), devices);
  layout.ranks = size;
  layout.stride = stride;
  return layout;
}

Layout layout_of_devices(std::size_t nodes, std::int64_t devices) {
  const std::int64_t all = static_cast<std::int64_t>(nodes) * devices;
  return {.ranks = all, .all_ranks = all, .node_ranks = devices, .devices = devices};
}

}  // namespace zettasim::cost
