// AI inside of simulations: surrogates that are trained and asked on the same machine, and networks that know physics.
#include <algorithm>
#include <cmath>

#include "models.hpp"

namespace zettasim::workload {
namespace {

// Bytes that a weight takes in the precision that computes.
double weight_bytes(Precision precision) { return precision == Precision::fp8 ? 1.0 : 2.0; }

// Layers of equal width, each a product and an activation function.
struct Perceptron {
  double layers = 1.0;  // hidden ones
  double width = 1.0;
  double inputs = 1.0;
  double outputs = 1.0;
  Precision precision = Precision::fp32;
  double devices_per_node = 1.0;
  double number_bytes() const { return precision == Precision::fp64 ? 8.0 : precision == Precision::bf16 ? 2.0 : 4.0; }
  double weights() const { return width * (inputs + width * (layers - 1.0) + outputs); }

  // `rows` pass through on each device, `times` times.
  std::vector<Phase> pass(const std::string& name, double rows, double times) const {
    const auto product = [&](double n, double k, double count) {
      return Phase{name + " products",
                   MatrixMultiply{.precision = precision, .m = rows, .n = n, .k = k, .count = count}};
    };
    Kernel activation;  // read and written, at every layer
    activation.memory_traffic = bytes(2.0 * number_bytes() * rows * width * layers * times * devices_per_node);
    activation.launches = layers * times;
    std::vector<Phase> phases{product(width, inputs, times), product(outputs, width, times)};
    if (layers > 1.0) phases.push_back(product(width, width, (layers - 1.0) * times));
    phases.push_back({name + " activations", activation});
    return phases;
  }

  // Forward, and backward for inputs and for weights, on `rows`; gradients of fp32 are summed over all devices.
  std::vector<Phase> training(double rows, double passes) const {
    std::vector<Phase> phases = pass("train", rows, 3.0 * passes);
    phases.push_back({"reduce gradients", Collective{CollectiveOperation::all_reduce, bytes(4.0 * weights())}});
    // Adam: gradient, weight and two moments, 28 bytes a weight.
    phases.push_back(compute("optimizer", Precision::fp32, 12.0 * weights() * devices_per_node,
                             28.0 * weights() * devices_per_node));
    return phases;
  }
};

// A sample's products, two operations a weight.
double flops_of(const Perceptron& network) { return 2.0 * network.weights(); }

Perceptron perceptron_of(const Parameters& given, const NodeShape& shape) {
  return {.layers = given["layers"],
          .width = given["width"],
          .inputs = given["inputs"],
          .outputs = given["outputs"],
          .precision = perceptron_precisions.at(static_cast<std::size_t>(given.count("precision"))),
          .devices_per_node = static_cast<double>(shape.main_devices)};
}

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

// pinn: trains a physics-informed network, a perceptron that is told the residual of a differential equation.
//   collocation:  `points_per_device` points a step; of each the value, a first derivative by each input and
//                 `second_derivatives` second ones, each as costly as one more pass forward (Taylor mode)
//   training:     forward, and twice as much backward, of all these; gradients are summed, weights updated by Adam
//   host:         issues every kernel, as in llm-training; small networks are bound by it
// Source: Raissi et al. 2019; Griewank and Walther 2008 for the cost of derivatives. Outcome: model FLOPs, and points
// as samples. Limits: one network on all devices, data parallel; no second-order optimizer.
Program build_pinn(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  const Parameters given(application);
  const Perceptron network = perceptron_of(given, shape);
  const double points = given["points_per_device"];
  const double passes = 1.0 + given["inputs"] + given["second_derivatives"];
  const double devices = static_cast<double>(nodes) * network.devices_per_node;
  Program program;
  program.steps = given.count("steps");
  program.step = issued("step", network.training(points, passes), given["host_issue"]);
  program.per_step = {.flops = flops(3.0 * passes * flops_of(network) * points * devices), .samples = points * devices};
  // Activations of all passes are kept; weights, gradients and moments are 16 bytes a weight.
  program.device_memory =
      bytes(network.number_bytes() * points * network.width * network.layers * passes + 16.0 * network.weights());
  program.memory_advice = "fewer points_per_device would need less";
  return program;
}

// ai-for-science: a simulation and the surrogate of its costliest part, side by side on one machine. A coupled step:
//   simulate:  `cells_per_node` cells, on the node's CPUs or its GPUs, 80 bytes a cell; a halo of 5 values a face cell
//   train:     `trainings` steps on `batch` samples of each device, which the simulation has made; beside it where the
//              simulation runs on CPUs and the network on GPUs, else after it
//   ask:       `asked` of the cells go through the network; inputs and outputs cross between CPUs and GPUs
// Source: the coupling after Jha, Fox et al. 2019, "Understanding ML driven HPC"; costs of a cell are assumed. Limits:
// training and simulation do not share memory bandwidth or power while side by side.
Program build_ai_for_science(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  const Parameters given(application);
  const Perceptron network = perceptron_of(given, shape);
  const double cells = given["cells_per_node"], edge = std::cbrt(cells), asked = cells * given["asked"];
  const bool apart = given["simulate_on"] == 0.0 && shape.main_kind == DeviceKind::gpu;
  Phase simulate = compute("simulate", Precision::fp64, cells * given["flops_per_cell"], cells * 80.0);
  if (apart) std::get<Kernel>(simulate.what).device = DeviceKind::cpu;
  const std::vector<Phase> simulation{neighbours("halo", 3, edge * edge * 5.0 * 8.0), simulate};
  const std::vector<Phase> training{loop("train", given.count("trainings"),
                                         issued("train", network.training(given["batch"], 1.0), given["host_issue"]))};
  Program program;
  program.steps = given.count("steps");
  if (apart) {
    program.step = {{"simulate and train", Overlap{{simulation, training}}}};
  } else {
    program.step = simulation;
    program.step.insert(program.step.end(), training.begin(), training.end());
  }
  Kernel hand_over;
  if (apart) hand_over.host_traffic = bytes(asked * network.number_bytes() * std::max(network.inputs, network.outputs));
  hand_over.memory_traffic = bytes(asked * network.number_bytes() * (network.inputs + network.outputs));
  program.step.push_back({"hand over", hand_over});
  for (Phase& phase : network.pass("ask", asked / network.devices_per_node, 1.0))
    program.step.push_back(std::move(phase));
  const double trained = given["trainings"] * given["batch"] * network.devices_per_node;
  program.per_step.flops = flops(static_cast<double>(nodes) *
                                 (cells * given["flops_per_cell"] + flops_of(network) * (3.0 * trained + asked)));
  program.per_step.samples = cells * static_cast<double>(nodes);
  return program;
}

}  // namespace zettasim::workload
