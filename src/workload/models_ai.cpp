// AI inside of simulations: a surrogate that is trained and asked on the same machine.
#include <algorithm>
#include <cmath>

#include "models.hpp"

namespace zettasim::workload {
namespace {

// Bytes that a weight takes in the precision that computes.
double weight_bytes(Precision precision) { return precision == Precision::fp8 ? 1.0 : 2.0; }

}  // namespace

// surrogate: a simulation whose costliest part a neural network has taken over, retrained now and then on fresh
// samples. One step of the program is `retrain_every` time steps and one training.
//   simulation: `cells_per_node` cells, flops_per_cell in fp64, 80 bytes a cell read and written; a halo of 5 values a
//   face cell inference:  2 flops a weight and cell; the weights are read once, 40 bytes a cell in and out training: 6
//   flops a weight and sample, over `epochs`; one all-reduce of the gradients (4 bytes a weight) each epoch
// Source: the operation counts of Kaplan et al. 2020; the coupling follows the in-situ surrogates surveyed by Jha, Fox
// et al. 2019, "Understanding ML driven HPC"; cell costs are assumed. Limits: one all-reduce an epoch stands for all of
// its batches.
Program build_surrogate(const Application& application, std::int64_t, const NodeShape&) {
  const Parameters given(application);
  const auto precision = ai_precisions.at(static_cast<std::size_t>(given.count("precision")));
  const double weights = given["parameters"];
  const double cells = given["cells_per_node"];
  const double edge = std::cbrt(cells);
  const double samples = given["samples_per_node"];
  Program program;
  program.steps = given.count("steps");
  program.step = {
      loop("coupled steps", given.count("retrain_every"),
           {neighbours("halo", 3, edge * edge * 5.0 * 8.0),
            compute("simulate", Precision::fp64, cells * given["flops_per_cell"], cells * 80.0),
            compute("infer", precision, 2.0 * weights * cells, weights * weight_bytes(precision) + cells * 40.0)}),
      loop("retrain", given.count("epochs"),
           {compute("forward and backward", precision, 6.0 * weights * samples,
                    3.0 * weights * weight_bytes(precision) + samples * 80.0),
            collective("reduce gradients", CollectiveOperation::all_reduce, 4.0 * weights),
            compute("optimizer", Precision::fp32, 12.0 * weights, 28.0 * weights)})};
  return program;
}

}  // namespace zettasim::workload
