// Models of classical simulation: stencil, 3-D FFT, particles, and the two simplest, checkpoint and recorded.
#include <algorithm>
#include <cmath>

#include "device_grid.hpp"
#include "models.hpp"

namespace zettasim::workload {

Phase compute(std::string name, Precision precision, double flop, double memory_bytes) {
  Kernel kernel;
  kernel.memory_traffic = bytes(memory_bytes);
  kernel.flops[precision] = flops(flop);
  return {std::move(name), kernel};
}
Phase collective(std::string name, CollectiveOperation operation, double size_bytes) {
  return {std::move(name), Collective{operation, bytes(size_bytes)}};
}
Phase neighbours(std::string name, int dimensions, double size_bytes) {
  return {std::move(name), Neighbours{dimensions, bytes(size_bytes)}};
}
Phase storage(std::string name, Direction direction, double size_bytes, const std::string& tier) {
  return {std::move(name), StorageAccess{direction, bytes(size_bytes), tier}};
}
Phase loop(std::string name, std::int64_t count, std::vector<Phase> body) {
  return {std::move(name), Loop{count, std::move(body)}};
}

namespace {

constexpr double fp64_bytes = 8.0;
constexpr double fp32_bytes = 4.0;
constexpr double pi = 3.14159265358979323846;

// A grid of complex numbers that the devices hold in pencils.
struct Pencils {
  std::int64_t nodes = 1;
  std::int64_t devices_per_node = 1;
  double points_per_node = 2.0;
  double point_bytes = 16.0;
  Precision precision = Precision::fp64;
};

// Writes `size_bytes` a node every `interval` seconds; 0: never.
void add_checkpoint(Program& program, double interval, double size_bytes, const std::string& tier) {
  if (interval <= 0.0 || size_bytes <= 0.0) return;
  program.checkpoint = {storage("write checkpoint", Direction::write, size_bytes, tier)};
  program.checkpoint_interval = seconds(interval);
}

}  // namespace

// stencil: explicit time steps on a structured grid, a box of cells on each node.
//   cells per node: given, or memory_share * memory / (2 fields * bytes of a number), two copies of every field
//   traffic:        each of `sweeps` sweeps reads and writes every field once (perfect reuse of neighbours in cache)
//   halo:           cut in 3 dimensions edge^2 * halo_width * fields numbers through each face, edge = cells^(1/3);
//                   cut in 2, of columns of `levels` cells, edge * levels * halo_width * fields, edge = columns^(1/2);
//                   `exchanges` times a step, beside the sweeps with `overlap`
//   time step:      an all-reduce of one number (the largest stable step)
// Source: the traffic bound of Williams, Waterman, Patterson 2009 (roofline) for stencils. Limits: the node's devices
// exchange halos among themselves for free; edges and corners of the halo are left out; no load imbalance.
Program build_stencil(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  const Parameters given(application);
  const Precision precision = stencil_precisions.at(static_cast<std::size_t>(given.count("precision")));
  const double cell_bytes = given["fields"] * (precision == Precision::fp64 ? fp64_bytes : fp32_bytes);
  const double fitting = std::max(1.0, std::floor(given["memory_share"] * shape.main_memory.si() / (2.0 * cell_bytes)));
  const double cells = given["cells_per_node"] > 0.0 ? given["cells_per_node"] : fitting;
  const double levels = std::min(cells, given["levels"]);
  const bool columns = given["cut"] > 0.0;
  const double face = columns ? std::sqrt(cells / levels) * levels : std::pow(cells, 2.0 / 3.0);
  const Phase halo = loop("halo", given.count("exchanges"),
                          {neighbours("halo", columns ? 2 : 3, face * given["halo_width"] * cell_bytes)});
  const Phase sweep =
      compute("sweep", precision, cells * given["flops_per_cell"], cells * cell_bytes * 2.0 * given["sweeps"]);
  Program program;
  program.steps = given.count("steps");
  program.step = {halo, sweep};
  if (given["overlap"] > 0.0) program.step = {{"sweep beside halo", Overlap{{{sweep}, {halo}}}}};
  program.step.push_back(collective("time step", CollectiveOperation::all_reduce, fp64_bytes));
  program.per_step.flops = flops(cells * given["flops_per_cell"] * static_cast<double>(nodes));
  program.per_step.samples = cells * static_cast<double>(nodes);
  program.device_memory = bytes(2.0 * cells * cell_bytes / static_cast<double>(shape.main_devices));
  program.memory_advice = "fewer cells_per_node would need less";
  add_checkpoint(program, given["checkpoint_interval"], cells * cell_bytes, application.tier);
  return program;
}

// Complex 3-D FFTs of a grid in pencils, whole along one dimension at a time, on a grid of devices rows x columns:
//   flops:       5 N log2 N over all devices (the count by which FFTs are rated)
//   traffic:     three passes, one a dimension, each reads and writes the grid
//   transposes:  one among the devices of each column, one among those of each row; a device sends all it holds
// Source: Pekurovsky 2012 (P3DFFT) for the transposes; Frigo and Johnson 2005 for the count.
std::vector<Phase> pencil_transform(const Pencils& grid) {
  const double points = grid.points_per_node * static_cast<double>(grid.nodes);
  const double flop = 5.0 * grid.points_per_node * std::log2(std::max(2.0, points));
  const double pass = 2.0 * grid.point_bytes * grid.points_per_node;
  const DeviceGrid devices = grid_of_nodes(grid.nodes, grid.devices_per_node);
  const DataSize held = bytes(grid.point_bytes * grid.points_per_node / static_cast<double>(grid.devices_per_node));
  const auto transpose = [&](const char* name, const DeviceGroups& groups) {
    return Phase{name, Collective{CollectiveOperation::all_to_all, held, groups}};
  };
  return {compute("first dimension", grid.precision, flop / 3.0, pass),
          transpose("transpose columns", devices.column()),
          compute("second dimension", grid.precision, flop / 3.0, pass), transpose("transpose rows", devices.row()),
          compute("third dimension", grid.precision, flop / 3.0, pass)};
}

// fft3d: a spectral code; each step does `transforms` complex 3-D FFTs of a grid of `grid` points an edge, or of as
// many as memory_share of the memory holds twice, and a pass over it.
// Limits: nothing beside the transposes; more devices than pencils (grid^2) are not refused.
Program build_fft3d(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  const Parameters given(application);
  const bool twice_as_wide = given["precision"] == 0.0;
  Pencils grid{.nodes = nodes,
               .devices_per_node = shape.main_devices,
               .point_bytes = twice_as_wide ? 2.0 * fp64_bytes : 2.0 * fp32_bytes,
               .precision = twice_as_wide ? Precision::fp64 : Precision::fp32};
  const double fitting = std::floor(given["memory_share"] * shape.main_memory.si() / (2.0 * grid.point_bytes));
  const double edge = given["grid"];
  grid.points_per_node = std::max(2.0, edge > 0.0 ? edge * edge * edge / static_cast<double>(nodes) : fitting);
  const double transforms = given["transforms"];
  Program program;
  program.steps = given.count("steps");
  program.step = {
      loop("transforms", given.count("transforms"), pencil_transform(grid)),
      compute("pointwise", grid.precision, 10.0 * grid.points_per_node, 2.0 * grid.point_bytes * grid.points_per_node)};
  const double points = grid.points_per_node * static_cast<double>(nodes);
  program.per_step.flops = flops(transforms * 5.0 * points * std::log2(points));
  program.device_memory =
      bytes(2.0 * grid.point_bytes * grid.points_per_node / static_cast<double>(shape.main_devices));
  program.memory_advice = "a smaller grid or more nodes would need less";
  return program;
}

// particles: molecular dynamics with short-range forces in a cut-off and long-range ones by particle-mesh Ewald.
//   short range: particles * neighbours / 2 pairs, flops_per_pair each, in fp32; the pair list is read (4 bytes a pair)
//                and positions, velocities and forces are read and written (2 * 9 * 4 bytes a particle)
//   halo:        the particles within the cut-off of each face. In units of the mean spacing the node's box has the
//                edge particles^(1/3) and the cut-off is (3 neighbours / 4 pi)^(1/3). Positions go out and forces come
//                back: 2 * 12 bytes a particle
//   mesh:        every `mesh_every` steps charges are spread (64 mesh points a particle, order 4), a forward and a
//                backward FFT in pencils of one mesh point a particle, 8 bytes each, and forces are gathered
// Source: Essmann et al. 1995 (smooth PME); Abraham et al. 2015 (GROMACS) for what is computed in single precision.
// Limits: uniform density, no load imbalance, no bonded forces; the mesh lies on all devices (codes give it some of
// them); node counts beyond the mesh's width are not refused.
Program build_particles(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  const Parameters given(application);
  const double particles = given["particles_per_node"];
  const double pairs = particles * given["neighbours"] / 2.0;
  const double edge = std::cbrt(particles);
  const double cutoff = std::cbrt(3.0 * given["neighbours"] / (4.0 * pi));
  const Pencils mesh{.nodes = nodes,
                     .devices_per_node = shape.main_devices,
                     .points_per_node = particles,
                     .point_bytes = 2.0 * fp32_bytes,
                     .precision = Precision::fp32};
  Program program;
  program.steps = given.count("steps");
  program.step = {loop("short range", given.count("mesh_every"),
                       {neighbours("halo", 3, edge * edge * std::min(cutoff, edge) * 24.0),
                        compute("forces", Precision::fp32, pairs * given["flops_per_pair"] + particles * 20.0,
                                pairs * 4.0 + particles * 72.0)}),
                  compute("spread to mesh", Precision::fp32, particles * 64.0 * 4.0, particles * 64.0 * 4.0),
                  loop("mesh transforms", 2, pencil_transform(mesh)),
                  compute("gather forces", Precision::fp32, particles * 64.0 * 6.0, particles * 64.0 * 4.0)};
  program.per_step.samples = particles * static_cast<double>(nodes) * given["mesh_every"];
  return program;
}

// checkpoint: sweeps over its memory again and again, and writes it out at an interval; the plainest user of storage.
// A sweep reads and writes memory_share of the memory once and does flops_per_byte on each byte of that traffic.
// Formula only, no source: it stands for no real code. It reads its state at the start, as a restarted job does.
Program build_checkpoint(const Application& application, std::int64_t, const NodeShape& shape) {
  const Parameters given(application);
  const double state = given["memory_share"] * shape.main_memory.si();
  Program program;
  program.steps = given.count("steps");
  program.setup = {storage("read state", Direction::read, state, application.tier)};
  program.step = {compute("sweep", Precision::fp64, 2.0 * state * given["flops_per_byte"], 2.0 * state),
                  collective("agree", CollectiveOperation::all_reduce, fp64_bytes)};
  add_checkpoint(program, given["interval"], state, application.tier);
  return program;
}

// recorded: time as a log has it, in steps of one second (the resolution of logs), the devices busy to `utilisation`.
// The default of 0.6 is assumed: logs of batch systems do not say.
Program build_recorded(const Application& application, std::int64_t, const NodeShape&) {
  const Parameters given(application);
  Program program;
  program.steps = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::llround(given["time"])));
  program.step = {{"recorded", Busy{seconds(1.0), given["utilisation"]}}};
  return program;
}

}  // namespace zettasim::workload
