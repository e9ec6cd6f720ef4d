// graph-bfs: breadth-first search on a large sparse graph, as Graph500 asks for.
#include <algorithm>
#include <cmath>

#include "device_grid.hpp"
#include "models.hpp"

namespace zettasim::workload {

// A Kronecker graph of 2^scale vertices and edge_factor edges a vertex, its adjacency matrix cut over a grid of devices
// rows x columns. One search, level by level, in the cheaper of two directions:
//   examined:   `examined` of the 2 * edge_factor entries a vertex, the rest is skipped by searching backwards once
//   most
//               vertices are found; for each an index of 8 bytes and a bit somewhere else, a cache line of 64 bytes
//   frontier:   one bit a vertex of the column, gathered along it at each level
//   found:      each vertex once with its parent, 16 bytes, through an all-to-all along the row
//   agreement:  an all-reduce of one number at each level
// Outcome: edges traversed, edge_factor a vertex, which is how Graph500 rates (samples; TEPS). Source: Beamer et al.
// 2012 (searching in two directions), Ueno et al. 2016 (on grids). Limits: equal levels and devices; no integer
// operations.
Program build_graph_bfs(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  constexpr double entry_bytes = 8.0, line_bytes = 64.0, found_bytes = 16.0;
  const Parameters given(application);
  const double devices = static_cast<double>(nodes) * static_cast<double>(shape.main_devices);
  const double entries = 2.0 * given["edge_factor"];
  const double held_bytes = entries * entry_bytes + found_bytes;
  const double memory = shape.main_memory.si() * static_cast<double>(nodes);
  const double fitting = std::floor(std::log2(std::max(2.0, given["memory_share"] * memory / held_bytes)));
  const double vertices = std::exp2(given["scale"] > 0.0 ? given["scale"] : fitting);
  const double levels = given["levels"];
  const DeviceGrid grid = grid_of_nodes(nodes, shape.main_devices);
  const double of_node = vertices / static_cast<double>(nodes);
  Kernel search;
  search.memory_traffic = bytes(of_node * entries * given["examined"] * (entry_bytes + line_bytes) / levels);
  Program program;
  program.steps = given.count("steps");
  program.step = {loop(
      "levels", given.count("levels"),
      {{"frontier", Collective{CollectiveOperation::all_gather, bytes(vertices / grid.columns / 8.0), grid.column()}},
       {"search", search},
       {"found",
        Collective{CollectiveOperation::all_to_all, bytes(found_bytes * vertices / devices / levels), grid.row()}},
       collective("agreement", CollectiveOperation::all_reduce, entry_bytes)})};
  program.per_step.samples = given["edge_factor"] * vertices;
  program.device_memory = bytes(vertices * held_bytes / devices);
  program.memory_advice = "a smaller scale or more nodes would need less";
  return program;
}

}  // namespace zettasim::workload
