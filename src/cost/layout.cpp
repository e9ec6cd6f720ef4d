#include "zettasim/cost/layout.hpp"

#include <algorithm>
#include <numeric>

#include "zettasim/base/contract.hpp"

namespace zettasim::cost {
namespace {

std::int64_t rounded_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Where runs of the job's nodes in one domain begin, and the end.
std::vector<std::int64_t> runs_of(std::span<const NodeId> nodes, std::int64_t domain_nodes) {
  const auto domain = [&](NodeId node) { return node.index() / static_cast<std::size_t>(domain_nodes); };
  std::vector<std::int64_t> starts;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i == 0 || domain(nodes[i]) != domain(nodes[i - 1])) starts.push_back(static_cast<std::int64_t>(i));
  }
  starts.push_back(static_cast<std::int64_t>(nodes.size()));
  return starts;
}

struct RunLengths {
  std::int64_t common = 0;  // greatest length that divides all
  std::int64_t longest = 0;
};

RunLengths lengths_of(const std::vector<std::int64_t>& runs) {
  RunLengths lengths;
  for (std::size_t i = 0; i + 1 < runs.size(); ++i) {
    lengths.common = std::gcd(lengths.common, runs[i + 1] - runs[i]);
    lengths.longest = std::max(lengths.longest, runs[i + 1] - runs[i]);
  }
  return lengths;
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

double Layout::all_devices() const {
  if (!cell_starts.empty()) return static_cast<double>(cell_starts.back() * devices);
  return static_cast<double>(all_ranks * devices_of(0));
}

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
  Layout layout;
  layout.devices = devices;
  RunLengths lengths{1, 1};
  if (domain_nodes > 1) {
    std::vector<std::int64_t> runs = runs_of(nodes, domain_nodes);
    lengths = lengths_of(runs);
    if (size == all && lengths.common != lengths.longest) {
      layout.cell_nodes = lengths.longest;
      layout.ranks = layout.all_ranks = std::ssize(runs) - 1;
      layout.inside = lengths.longest * devices;
      layout.cell_starts = std::move(runs);
      return layout;
    }
  }
  if (lengths.common == count) {  // nothing leaves the cell
    layout.cell_nodes = count;
    layout.ranks = layout.all_ranks = 1;
    layout.inside = size;
    layout.beside = rounded_up(all, size);
    return layout;
  }
  // Cells as large as divide every run of nodes in one domain; smaller ones, whose neighbours then share a domain,
  // where groups fit those alone.
  for (std::int64_t cell = lengths.common; cell >= 1; --cell) {
    if (lengths.common % cell != 0 || !fits_cells(size, stride, cell * devices, layout)) continue;
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
