// LU factorisations of one matrix over all devices: HPL, and HPL-MxP in low precision. docs/model-applications.md tells
// both stories.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "device_grid.hpp"
#include "models.hpp"

namespace zettasim::workload {
namespace {

constexpr double fp64_bytes = 8.0;
constexpr double fp32_bytes = 4.0;
constexpr std::int64_t equal_steps = 50;
// Rows of a column-major matrix are gathered and scattered in sectors of 32 bytes, one for each number.
constexpr double sector_bytes = 32.0;
// Columns that the recursive panel factorisation ends in, and kernels for each: find the largest, swap, scale and
// update.
constexpr double base_columns = 16.0;
constexpr double kernels_per_column = 3.0;
// Rows and columns of the pieces in which a matrix in host memory passes through the device: HPL_OOC_TILE_M and
// HPL_OOC_TILE_N of NVIDIA's HPL unless set.
constexpr double streamed_edge = 4096.0;

// The count by which HPL and HPL-MxP rate themselves.
Outcome factorisation(double n) { return {.flops = flops(2.0 / 3.0 * n * n * n + 1.5 * n * n)}; }

// What stays the same during a factorisation.
struct Factorisation {
  double n = 1.0;
  double block = 1.0;
  DeviceGrid grid;
  double devices_per_node = 1.0;
  Precision precision = Precision::fp64;
  double resident_bytes = 0.0;  // of the matrix that a device can hold
  bool panels_on_hosts = false;
  std::int64_t panels() const { return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(n / block))); }
};

// The mean trailing matrix of some panels, the square root of the mean of its square, so that operations add up.
double mean_edge(double from, double to) { return std::sqrt((from * from + from * to + to * to) / 3.0); }

// A device's share of the trailing matrix, at least one number.
struct LocalShape {
  double rows, columns;
};
LocalShape local_shape(const Factorisation& lu, double edge) {
  return {std::max(1.0, edge / lu.grid.rows), std::max(1.0, edge / lu.grid.columns)};
}

Phase product(std::string name, Precision precision, double m, double n, double k) {
  return {std::move(name), MatrixMultiply{.precision = precision, .m = m, .n = n, .k = k}};
}
// To the trailing matrix.
Phase added(std::string name, Precision precision, double m, double n, double k) {
  Phase phase = product(std::move(name), precision, m, n, k);
  std::get<MatrixMultiply>(phase.what).adds = true;
  return phase;
}
Phase copies(std::string name, double node_bytes) {
  Kernel kernel;
  kernel.memory_traffic = bytes(node_bytes);
  return {std::move(name), kernel};
}

// Blocks go round the grid like cards, so that a device has up to one row and one column of blocks more than the mean,
// half of one on average: the others wait for it as long as those blocks take.
Phase wait_for_largest_share(const Factorisation& lu, const LocalShape& local, std::vector<Phase> update) {
  const double rows = 1.0 + lu.block * (1.0 - 1.0 / lu.grid.rows) / (2.0 * local.rows);
  const double columns = 1.0 + lu.block * (1.0 - 1.0 / lu.grid.columns) / (2.0 * local.columns);
  return {"largest share", Idle{rows * columns - 1.0, std::move(update)}};
}

// Only one column of the grid factorises a panel: the mean of all devices, and then the time that is longer. A GPU
// reads and writes its base columns for each of them; a CPU's caches hold them, and the panel passes over the link.
std::vector<Phase> panel_factorisation(const Factorisation& lu, const LocalShape& local) {
  const double share = lu.devices_per_node / lu.grid.columns;
  const double levels = std::max(0.0, std::log2(lu.block / base_columns));
  const double passes = lu.panels_on_hosts ? 2.0 : std::min(base_columns, lu.block) + 2.0 * levels;
  const DataSize part = bytes(share * fp64_bytes * local.rows * lu.block);
  Kernel work;
  work.device = lu.panels_on_hosts ? DeviceKind::cpu : DeviceKind::gpu;
  work.flops[Precision::fp64] = flops(share * local.rows * lu.block * lu.block);
  work.memory_traffic = part * passes;
  work.launches = kernels_per_column * lu.block / lu.grid.columns;
  std::vector<Phase> phases{{"panel factorisation", work}};
  if (lu.panels_on_hosts) {
    Kernel moves;
    moves.launches = 0.0;
    moves.host_traffic = part;
    phases.push_back({"panel to host and back", moves});
  }
  const Collective pivot{CollectiveOperation::all_reduce, bytes(fp64_bytes * (2.0 * lu.block + 4.0)), lu.grid.column()};
  phases.push_back({"wait for panel", Idle{lu.grid.columns - 1.0, phases}});
  phases.push_back(loop("pivots", static_cast<std::int64_t>(lu.block), {{"find pivot", pivot}}));
  return phases;
}

// What the device holds of the trailing matrix in one product, and what is in host memory piece by piece.
std::vector<Phase> update_of(const Factorisation& lu, const LocalShape& local, double streamed_bytes) {
  const double streamed = streamed_bytes / (fp64_bytes * local.rows * local.columns);
  std::vector<Phase> phases;
  if (streamed < 1.0)
    phases.push_back(added("update", lu.precision, local.rows, (1.0 - streamed) * local.columns, lu.block));
  if (streamed > 0.0) {
    const double rows = std::min(streamed_edge, local.rows), columns = std::min(streamed_edge, local.columns);
    Phase pieces = added("update in pieces", lu.precision, rows, columns, lu.block);
    std::get<MatrixMultiply>(pieces.what).count = streamed_bytes / (fp64_bytes * rows * columns);
    phases.push_back(std::move(pieces));
  }
  return phases;
}

// One panel of HPL at a trailing matrix of `edge` rows.
Phase hpl_panel(const Factorisation& lu, double edge) {
  const LocalShape local = local_shape(lu, edge);
  const double rows_swapped = lu.block * local.columns;  // numbers of a device
  const double streamed = std::max(0.0, fp64_bytes * local.rows * local.columns - lu.resident_bytes);
  const std::vector<Phase> update = update_of(lu, local, streamed);
  std::vector<Phase> trailing = update;
  trailing.push_back(product("solve for U", lu.precision, lu.block, local.columns, std::max(1.0, lu.block / 2.0)));
  trailing.push_back(
      copies("gather and scatter rows", lu.devices_per_node * 2.0 * (sector_bytes + fp64_bytes) * rows_swapped));
  trailing.push_back(wait_for_largest_share(lu, local, update));
  std::vector<Phase> next = panel_factorisation(lu, local);
  next.push_back({"panel broadcast", Collective{CollectiveOperation::broadcast,
                                                bytes(fp64_bytes * local.rows * lu.block), lu.grid.row()}});
  const Collective rows{CollectiveOperation::broadcast, bytes(fp64_bytes * rows_swapped), lu.grid.column()};
  next.push_back(loop("row swaps", 2, {{"row swaps", rows}}));
  Overlap both{{std::move(trailing), std::move(next)}};
  if (streamed > 0.0) {
    Kernel stream;
    stream.host_traffic = bytes(lu.devices_per_node * streamed);
    stream.launches = 0.0;
    both.branches.push_back({{"stream from host memory", stream}});
  }
  return {"panel", std::move(both)};
}

// Back substitution: the matrix is read once, and each block of the solution goes round its row and its column.
std::vector<Phase> back_substitution(const Factorisation& lu, double number_bytes) {
  const LocalShape local = local_shape(lu, lu.n);
  const auto pass_on = [&](const char* name, const DeviceGroups& groups) {
    return Phase{name, Collective{CollectiveOperation::broadcast, bytes(number_bytes * lu.block), groups}};
  };
  return {copies("read factors", lu.devices_per_node * number_bytes * local.rows * local.columns),
          loop("back substitution", lu.panels(),
               {pass_on("solution along rows", lu.grid.row()), pass_on("solution along columns", lu.grid.column())})};
}

// `sections` slices of the panels, each of equal panels of their mean shape.
template <class PanelAt>
std::vector<Phase> in_sections(const Factorisation& lu, std::int64_t sections, const PanelAt& panel_at) {
  const std::int64_t panels = lu.panels();
  sections = std::min(sections, panels);
  std::vector<Phase> phases;
  for (std::int64_t s = 0; s < sections; ++s) {
    const auto boundary = [&](std::int64_t section) {
      return static_cast<std::int64_t>(static_cast<double>(panels) * static_cast<double>(section) /
                                       static_cast<double>(sections));
    };
    const std::int64_t first = boundary(s);
    const std::int64_t last = s + 1 == sections ? panels : boundary(s + 1);
    const auto edge = [&](std::int64_t panel) { return std::max(0.0, lu.n - lu.block * static_cast<double>(panel)); };
    phases.push_back(loop("panels", last - first, {panel_at(mean_edge(edge(first), edge(last)))}));
  }
  return phases;
}

// The same work as equal steps, which a job's run_time may repeat: panels of the mean shape.
template <class PanelAt>
void in_equal_steps(const Factorisation& lu, const PanelAt& panel_at, Program& program) {
  program.steps = equal_steps;
  const std::int64_t panels = std::max<std::int64_t>(1, lu.panels() / equal_steps);
  program.step = {loop("panels", panels, {panel_at(mean_edge(lu.n, 0.0))})};
  program.per_step.flops = factorisation(lu.n).flops * (static_cast<double>(panels) / static_cast<double>(lu.panels()));
}

// N as given, or so that the matrix fills its share of the devices' memory, in whole blocks.
double matrix_rows(const Parameters& given, double number_bytes, double block, std::int64_t nodes,
                   const NodeShape& shape) {
  if (given["n"] > 0.0) return given["n"];
  const double all = given["memory_fill"] * shape.main_memory.si() * static_cast<double>(nodes);
  return std::max(1.0, std::floor(std::sqrt(all / number_bytes) / block) * block);
}

Factorisation factorisation_of(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  Factorisation lu;
  const auto of_node = static_cast<double>(shape.main_devices);
  lu.grid = near_square_grid(static_cast<double>(nodes) * of_node, of_node);
  lu.devices_per_node = of_node;
  lu.block = Parameters(application)["block"];
  return lu;
}

// Two panels and two block rows beside the matrix: one of each at work, and one under way.
double workspace_bytes(const Factorisation& lu, double number_bytes) {
  const LocalShape local = local_shape(lu, lu.n);
  return 2.0 * number_bytes * lu.block * (local.rows + local.columns);
}

// Says where the matrix is: what the devices cannot hold is in their host's memory.
void place_matrix(const Factorisation& lu, double number_bytes, const NodeShape& shape, Program& program) {
  const LocalShape local = local_shape(lu, lu.n);
  const double matrix = number_bytes * local.rows * local.columns;
  const double on_host = std::max(0.0, matrix - lu.resident_bytes) * lu.devices_per_node;
  program.device_memory = bytes(std::min(matrix, lu.resident_bytes) + workspace_bytes(lu, number_bytes));
  program.host_memory = bytes(on_host);
  if (on_host <= shape.host_memory.si()) return;
  program.misfit = fmt::format(
      "a matrix of {:.0f} rows takes {:.4g} GB of each device, and {:.4g} GB of device memory and {:.4g} GB of host "
      "memory are there for each",
      lu.n, matrix / 1e9, std::max(0.0, lu.resident_bytes) / 1e9, shape.host_memory.si() / lu.devices_per_node / 1e9);
  program.memory_advice =
      fmt::format("a smaller n, or a run on {:.3g} times as many nodes, would fit",
                  matrix / std::max(1.0, lu.resident_bytes + shape.host_memory.si() / lu.devices_per_node));
}

}  // namespace

// HPL: LU factorisation with partial pivoting. While the trailing matrix is updated, the next panel is factorised and
// broadcast and its rows are swapped (look-ahead of one panel). Per panel of NB columns, m x n the device's share:
//   update       C (m x n) -= L (m x NB) U (NB x n), after U from a triangular solve of NB^2 n flops
//   panel        m NB^2 flops and 8 m NB (16 + 2 log2(NB / 16)) bytes on one column of the grid, three kernels and one
//                all-reduce of 2 NB + 4 numbers over that column for each of NB columns
//                (left to CPUs: 16 m NB bytes, and the panel both ways over the links to the GPUs)
//   broadcast    8 m NB bytes along each row of the grid;  row swaps: twice 8 NB n bytes along each column
// What does not fit into the GPUs' memory is in their host's, passes over the link both ways for every panel, and is
// multiplied in pieces.
// Source: Petitet, Whaley, Dongarra, Cleary, "HPL"; Chalmers et al., arXiv:2304.10397 (panels hidden on GPUs).
// Limits: docs/model-applications.md#hpl.
Program build_hpl(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  const Parameters given(application);
  Factorisation lu = factorisation_of(application, nodes, shape);
  lu.precision = hpl_precisions.at(static_cast<std::size_t>(given.count("precision")));
  lu.panels_on_hosts = given["panels"] > 0.0 && shape.main_kind == DeviceKind::gpu;
  const double memory = shape.main_memory.si() / lu.devices_per_node;
  const auto settle = [&](double block) {
    lu.block = block;
    lu.n = matrix_rows(given, fp64_bytes, block, nodes, shape);
    lu.resident_bytes = std::max(0.0, memory - workspace_bytes(lu, fp64_bytes));
    const LocalShape local = local_shape(lu, lu.n);
    return fp64_bytes * local.rows * local.columns <= lu.resident_bytes;
  };
  const bool on_gpus = shape.main_kind == DeviceKind::gpu;
  if (given["block"] > 0.0) {
    settle(given["block"]);
  } else {
    const double in_core = on_gpus ? 512.0 : 256.0, from_host = 1024.0;
    const double block = shape.lu_block > 0 ? static_cast<double>(shape.lu_block) : in_core;
    // Wide panels make each pass over the host link do more work.
    if (!settle(block) && on_gpus && block < from_host) settle(from_host);
  }
  Program program;
  place_matrix(lu, fp64_bytes, shape, program);
  const auto panel_at = [&](double edge) { return hpl_panel(lu, edge); };
  if (given.count("sections") == 0) {
    in_equal_steps(lu, panel_at, program);
    return program;
  }
  program.steps = 0;
  program.setup = in_sections(lu, given.count("sections"), panel_at);
  program.finish = back_substitution(lu, fp64_bytes);
  program.once = factorisation(lu.n);
  return program;
}

namespace {

// A triangular solve in FP32 that one row or column of the grid does, `lines` of them there are: the mean of all
// devices, and then the time that is longer.
void add_solve(const char* solve_name, const char* wait_name, double rows, double columns, double k, double lines,
               std::vector<Phase>& phases) {
  const Phase solve{
      solve_name,
      MatrixMultiply{
          .precision = Precision::fp32, .m = rows, .n = columns, .k = std::max(1.0, k / 2.0), .count = 1.0 / lines}};
  phases.push_back(solve);
  phases.push_back({wait_name, Idle{lines - 1.0, {solve}}});
}

// One panel of HPL-MxP at a trailing matrix of `edge` rows: no pivots, so no swaps and no waiting for columns. The
// update needs U; the next panel, with its L, is made beside it.
Phase mxp_panel(const Factorisation& lu, double edge, double low_bytes) {
  const LocalShape local = local_shape(lu, edge);
  Phase update = added("update", lu.precision, local.rows, local.columns, lu.block);
  std::get<MatrixMultiply>(update.what).result = Precision::fp32;
  std::vector<Phase> trailing{update, wait_for_largest_share(lu, local, {update})};
  add_solve("solve for U", "wait for U", lu.block, local.columns, lu.block, lu.grid.rows, trailing);
  std::vector<Phase> next{
      product("diagonal block", Precision::fp32, lu.block, lu.block, std::max(1.0, lu.block / 3.0)),
      {"diagonal broadcast", Collective{CollectiveOperation::broadcast, bytes(fp32_bytes * lu.block * lu.block), {}}}};
  add_solve("solve for L", "wait for L", local.rows, lu.block, lu.block, lu.grid.columns, next);
  next.push_back({"panel broadcast",
                  Collective{CollectiveOperation::broadcast, bytes(low_bytes * local.rows * lu.block), lu.grid.row()}});
  next.push_back({"row broadcast", Collective{CollectiveOperation::broadcast,
                                              bytes(low_bytes * local.columns * lu.block), lu.grid.column()}});
  return {"panel", Overlap{{std::move(trailing), std::move(next)}}};
}

}  // namespace

// HPL-MxP: LU factorisation without pivoting in a low precision, held in FP32, then the solution refined to FP64.
//   N            = sqrt(memory_fill * memory / 4), or given
//   update       products of the low precision, added up in FP32; L and U broadcast in it, 2 or 1 bytes a number
//   panel        L and U by triangular solves in FP32 on one column and one row of the grid, L hidden behind the update
//   refinement   each iteration makes the FP64 matrix anew row by row, 2 N^2 flops, and solves with the FP32 factors
// Counted as 2/3 N^3 + 3/2 N^2. Source: hpl-mxp.org; Lu et al. 2022 (OpenMxP on Summit and Frontier) for FP32 storage.
// Limits: docs/model-applications.md#hpl-mxp.
Program build_hpl_mxp(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  const Parameters given(application);
  Factorisation lu = factorisation_of(application, nodes, shape);
  lu.precision = mxp_precisions.at(static_cast<std::size_t>(given.count("precision")));
  const double low_bytes = lu.precision == Precision::fp8 ? 1.0 : 2.0;
  lu.n = matrix_rows(given, fp32_bytes, lu.block, nodes, shape);
  lu.resident_bytes = std::max(0.0, shape.main_memory.si() / lu.devices_per_node - workspace_bytes(lu, low_bytes));
  Program program;
  place_matrix(lu, fp32_bytes, shape, program);
  if (program.host_memory > DataSize{} && program.misfit.empty()) {
    program.misfit =
        "the matrix does not fit into the memory of the main devices, and HPL-MxP is not run from host memory";
    program.memory_advice = "a smaller n or memory_fill would fit";
  }
  program.steps = 0;
  program.setup = in_sections(lu, given.count("sections"), [&](double edge) { return mxp_panel(lu, edge, low_bytes); });
  const LocalShape local = local_shape(lu, lu.n);
  Kernel residual;
  residual.flops[Precision::fp64] = flops(lu.devices_per_node * 2.0 * local.rows * local.columns);
  std::vector<Phase> iteration{{"residual", residual}};
  for (Phase& phase : back_substitution(lu, fp32_bytes)) iteration.push_back(std::move(phase));
  program.finish = {loop("refinement", given.count("refinements"), std::move(iteration))};
  program.once = factorisation(lu.n);
  return program;
}

}  // namespace zettasim::workload
