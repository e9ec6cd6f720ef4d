// Models that live on memory bandwidth: HPCG, STREAM, and the solver of lattice QCD.
#include <algorithm>
#include <array>
#include <cmath>

#include "models.hpp"

namespace zettasim::workload {
namespace {

constexpr double fp64_bytes = 8.0;

Phase sweep(std::string name, double flop, double memory_bytes, double launches) {
  Phase phase = compute(std::move(name), Precision::fp64, flop, memory_bytes);
  std::get<Kernel>(phase.what).launches = launches;
  return phase;
}

}  // namespace

// HPCG: an iteration of conjugate gradients with a multigrid preconditioner of four levels, each an eighth of the last.
// A row has 27 numbers with 4 bytes of index each; a pass over the matrix also reads and writes 24 bytes of vectors.
//   product        54 flops and a pass a row                        1 on the finest level
//   smoothing      108 flops and two passes a row, 8 colours each   twice a level, once on the coarsest
//   residual       54 flops and a pass a row                        once a level, not on the coarsest
//   vectors        12 flops and 14 numbers a row; 3 all-reduces of one number
// Each product and smoothing exchanges the faces of the node's box. Counted as HPCG counts: these flops are its own.
// Source: Dongarra, Heroux, Luszczek 2016 (HPCG); Ruiz et al. 2018 for colours. Limits:
// docs/model-applications.md#hpcg.
Program build_hpcg(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  constexpr std::array<double, 4> coarsening = {1.0, 8.0, 64.0, 512.0};
  constexpr double row_bytes = 27.0 * 12.0;
  constexpr double pass_bytes = row_bytes + 24.0;
  constexpr double vectors_held = 10.0;
  const Parameters given(application);
  const double all_levels = 1.0 + 1.0 / 8.0 + 1.0 / 64.0 + 1.0 / 512.0;
  const double held = all_levels * (row_bytes + vectors_held * fp64_bytes);
  const double rows = std::max(1.0, std::floor(given["memory_share"] * shape.main_memory.si() / held));
  const double colours = shape.main_kind == DeviceKind::gpu ? 8.0 : 1.0;
  double counted = 0.0;
  Program program;
  const auto pass = [&](const char* name, double n, double passes) {
    const double flop = 54.0 * n * passes;
    counted += flop;
    program.step.push_back(neighbours("halo", 3, std::pow(n, 2.0 / 3.0) * fp64_bytes));
    program.step.push_back(sweep(name, flop, n * passes * pass_bytes, passes > 1.0 ? passes * colours : 1.0));
  };
  for (const double factor : coarsening) {
    const double n = rows / factor;
    pass("smoothing", n, 2.0);
    if (factor == coarsening.back()) break;
    pass("residual", n, 1.0);
    pass("smoothing", n, 2.0);
  }
  pass("product", rows, 1.0);
  program.step.push_back(compute("vectors", Precision::fp64, 12.0 * rows, 14.0 * fp64_bytes * rows));
  for (int i = 0; i < 3; ++i)
    program.step.push_back(collective("dot product", CollectiveOperation::all_reduce, fp64_bytes));
  program.steps = given.count("steps");
  program.per_step.flops = flops((counted + 12.0 * rows) * static_cast<double>(nodes));
  program.device_memory = bytes(rows * held / static_cast<double>(shape.main_devices));
  return program;
}

// STREAM: the triad a = b + s c on vectors that fill their share of memory: 2 flops and 24 bytes an element, nothing
// between nodes. Source: McCalpin 1995.
Program build_stream(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  const Parameters given(application);
  const double elements =
      std::max(1.0, std::floor(given["memory_share"] * shape.main_memory.si() / (3.0 * fp64_bytes)));
  Program program;
  program.steps = given.count("steps");
  program.step = {compute("triad", Precision::fp64, 2.0 * elements, 3.0 * fp64_bytes * elements)};
  program.per_step.flops = flops(2.0 * elements * static_cast<double>(nodes));
  return program;
}

// lattice-qcd: an iteration of conjugate gradients on the Wilson operator's normal equations, in FP64.
//   operator   applied twice; a site does 1,368 flops, reads 8 links of 18 numbers and 9 spinors of 24, writes one
//   halo       projected spinors, 12 numbers a site of each face of a four-dimensional box, before each application
//   vectors    3 updates and 2 dot products of spinors: 240 flops and 12 spinors a site, 2 all-reduces of one number
// Source: the operation count of Wilson dslash as lattice codes quote it (1,320, and 48 for the diagonal). Limits: no
// mixed precision, no compressed links, no preconditioning by parity.
Program build_lattice_qcd(const Application& application, std::int64_t nodes, const NodeShape&) {
  const Parameters given(application);
  const double sites = given["sites_per_node"];
  const Phase apply =
      compute("operator", Precision::fp64, sites * 1368.0, sites * fp64_bytes * (8.0 * 18.0 + 9.0 * 24.0 + 24.0));
  const Phase halo = neighbours("halo", 4, std::pow(sites, 0.75) * 12.0 * fp64_bytes);
  const Phase sum = collective("dot product", CollectiveOperation::all_reduce, fp64_bytes);
  Program program;
  program.steps = given.count("steps");
  program.step = {
      halo, apply, halo, apply, compute("vectors", Precision::fp64, sites * 240.0, sites * 12.0 * 24.0 * fp64_bytes),
      sum,  sum};
  program.per_step.flops = flops(sites * (2.0 * 1368.0 + 240.0) * static_cast<double>(nodes));
  return program;
}

}  // namespace zettasim::workload
