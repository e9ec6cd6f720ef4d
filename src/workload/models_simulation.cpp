// Models of classical simulation: stencil, 3-D FFT, particles, and the two simplest, checkpoint and recorded.
#include <algorithm>
#include <cmath>

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
constexpr double complex_bytes = 16.0;  // two fp64 numbers
constexpr double pi = 3.14159265358979323846;

// Writes `size_bytes` a node every `interval` seconds; 0: never.
void add_checkpoint(Program& program, double interval, double size_bytes, const std::string& tier) {
  if (interval <= 0.0 || size_bytes <= 0.0) return;
  program.checkpoint = {storage("write checkpoint", Direction::write, size_bytes, tier)};
  program.checkpoint_interval = seconds(interval);
}

}  // namespace

// Stencil: explicit time steps on a structured 3-D grid, a cube of cells on each node.
//   cells per node: memory_share * memory / (2 fields * 8 bytes), two copies of every field
//   traffic:        each of `sweeps` sweeps reads and writes every field once (perfect reuse of neighbours in cache)
//   halo:           edge^2 * halo_width * fields * 8 bytes through each face, edge = cells^(1/3)
//   time step:      an all-reduce of one number (the largest stable step)
// Source: the traffic bound of Williams, Waterman, Patterson 2009 (roofline) for stencils. Limits: the node's devices
// exchange halos among themselves for free; edges and corners of the halo are left out.
Program build_stencil(const Application& application, std::int64_t, const NodeShape& shape) {
  const Parameters given(application);
  const double cell_bytes = given["fields"] * fp64_bytes;
  const double cells = std::max(1.0, std::floor(given["memory_share"] * shape.main_memory.si() / (2.0 * cell_bytes)));
  const double edge = std::cbrt(cells);
  Program program;
  program.steps = given.count("steps");
  program.step = {
      neighbours("halo", 3, edge * edge * given["halo_width"] * cell_bytes),
      compute("sweep", Precision::fp64, cells * given["flops_per_cell"], cells * cell_bytes * 2.0 * given["sweeps"]),
      collective("time step", CollectiveOperation::all_reduce, fp64_bytes)};
  add_checkpoint(program, given["checkpoint_interval"], cells * cell_bytes, application.tier);
  return program;
}

// fft3d: a spectral code; each step does `transforms` complex 3-D FFTs of a grid spread in pencils.
//   points per node: memory_share * memory / (2 * 16 bytes)
//   flops:           5 N log2 N over all nodes, N all points (the count by which FFTs are rated)
//   traffic:         three passes, one a dimension, each reads and writes the grid
//   transposes:      two all-to-alls, each sends the whole of a node's grid
// Source: Pekurovsky 2012 (P3DFFT) for the two transposes; Frigo and Johnson 2005 for the operation count. Limits: a
// transpose involves a row or a column of the process grid only; here all nodes, with the same bytes in smaller pieces.
Program build_fft3d(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  const Parameters given(application);
  const double points =
      std::max(2.0, std::floor(given["memory_share"] * shape.main_memory.si() / (2.0 * complex_bytes)));
  const double flop = 5.0 * points * std::log2(points * static_cast<double>(nodes));
  const double pass = 2.0 * complex_bytes * points;
  Program program;
  program.steps = given.count("steps");
  program.step = {loop("transforms", given.count("transforms"),
                       {compute("first dimension", Precision::fp64, flop / 3.0, pass),
                        collective("transpose", CollectiveOperation::all_to_all, complex_bytes * points),
                        compute("second dimension", Precision::fp64, flop / 3.0, pass),
                        collective("transpose back", CollectiveOperation::all_to_all, complex_bytes * points),
                        compute("third dimension", Precision::fp64, flop / 3.0, pass)}),
                  compute("pointwise", Precision::fp64, 10.0 * points, pass)};
  return program;
}

// particles: molecular dynamics with short-range forces in a cut-off and long-range ones by particle-mesh Ewald.
//   short range: particles * neighbours / 2 pairs, flops_per_pair each, in fp32; the pair list is read (4 bytes a pair)
//   and
//                positions, velocities and forces are read and written (2 * 9 * 4 bytes a particle)
//   halo:        the particles within the cut-off of each face. In units of the mean spacing the node's box has the
//   edge
//                particles^(1/3) and the cut-off is (3 neighbours / 4 pi)^(1/3). Positions go out and forces come back:
//                2 * 12 bytes a particle
//   mesh:        every `mesh_every` steps a forward and a backward FFT of one mesh point a particle, 8 bytes each: two
//                transposes a transform, 5 N log2 N flops a transform, and 64 mesh points touched a particle (order 4)
// Source: Essmann et al. 1995 (smooth PME); Abraham et al. 2015 (GROMACS) for what is computed in single precision.
// Limits: uniform density, no load imbalance, no bonded forces; node counts beyond the mesh's width are not refused.
Program build_particles(const Application& application, std::int64_t nodes, const NodeShape&) {
  const Parameters given(application);
  const double particles = given["particles_per_node"];
  const double pairs = particles * given["neighbours"] / 2.0;
  const double edge = std::cbrt(particles);
  const double cutoff = std::cbrt(3.0 * given["neighbours"] / (4.0 * pi));
  constexpr double mesh_bytes = 8.0;  // a complex number in single precision
  const double fft_flop = 5.0 * particles * std::log2(std::max(2.0, particles * static_cast<double>(nodes)));
  Program program;
  program.steps = given.count("steps");
  program.step = {
      loop("short range", given.count("mesh_every"),
           {neighbours("halo", 3, edge * edge * std::min(cutoff, edge) * 24.0),
            compute("forces", Precision::fp32, pairs * given["flops_per_pair"] + particles * 20.0,
                    pairs * 4.0 + particles * 72.0)}),
      compute("spread to mesh", Precision::fp32, particles * 64.0 * 4.0, particles * 64.0 * 4.0),
      loop("mesh transforms", 2,
           {compute("transform", Precision::fp32, fft_flop, particles * mesh_bytes * 6.0),
            loop("transposes", 2, {collective("transpose", CollectiveOperation::all_to_all, particles * mesh_bytes)})}),
      compute("gather forces", Precision::fp32, particles * 64.0 * 6.0, particles * 64.0 * 4.0)};
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
