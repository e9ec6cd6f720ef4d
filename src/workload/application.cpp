// The table of application models, and applications read from and written to JSON by that table.
#include "zettasim/workload/application.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "applications.hpp"
#include "models.hpp"
#include "zettasim/base/contract.hpp"
#include "zettasim/base/suggest.hpp"
#include "zettasim/base/text.hpp"

namespace zettasim::workload {
namespace {

constexpr Dimension plain{};
constexpr Dimension time_dimension = Duration::dimension;

ParameterInfo count(std::string_view name, double standard, double least, double most, std::string_view meaning) {
  return {name, plain, standard, least, most, true, meaning};
}
ParameterInfo number(std::string_view name, double standard, double least, double most, std::string_view meaning) {
  return {name, plain, standard, least, most, false, meaning};
}
ParameterInfo duration(std::string_view name, double standard, double least, double most, std::string_view meaning) {
  return {name, time_dimension, standard, least, most, false, meaning};
}
// The first of the names unless another one is meant.
ParameterInfo choice(std::string_view name, std::vector<std::string_view> names, std::string_view meaning,
                     double standard = 0.0) {
  const auto last = static_cast<double>(names.size() - 1);
  return {name, plain, standard, 0.0, last, true, meaning, std::move(names)};
}
ParameterInfo steps(double standard) {
  return count("steps", standard, 1, most_steps, "steps of a job that gives no run_time");
}
ParameterInfo memory_share(double standard) {
  return number("memory_share", standard, 1e-6, 1.0, "share of the memory of the node's main devices that data fills");
}
ParameterInfo ai_precision() { return choice("precision", {"bf16", "fp16", "fp8"}, "number format of the products"); }

// A framework that runs eagerly: 73.8 ms of its host thread for 1,689 launches in Kineto traces of four models under
// PyTorch on an H100 (samples of TraceLens), from 32 to 67 us a launch, with the profiler that recorded them.
constexpr double host_issue_s = 44e-6;
constexpr double year_s = 365.0 * 86400.0;

// The model itself, by default one of 70 billion weights, then what is done with it.
std::vector<ParameterInfo> transformer_parameters(std::vector<ParameterInfo> more) {
  std::vector<ParameterInfo> all{
      count("layers", 80, 1, 1e5, "transformer layers"),
      count("hidden", 8192, 1, 1e6, "width of a layer"),
      count("heads", 64, 1, 1e5, "attention heads"),
      count("kv_heads", 8, 0, 1e5, "heads of keys and values; 0: as many as heads"),
      count("ffn", 28672, 0, 1e7, "width of the feed-forward part, of each expert; 0: four times hidden"),
      count("vocab", 128256, 1, 1e7, "words that the model knows"),
      choice("feed_forward", {"gated", "plain"}, "three matrices, or two"),
      count("experts", 0, 0, 1e5, "feed-forward parts of a layer that tokens are routed to; 0: one part for all"),
      count("top_k", 2, 1, 1e5, "experts that a token is routed to"),
      count("shared_experts", 0, 0, 1e5, "experts that all tokens pass beside those"),
      number("capacity_factor", 1.0, 1.0, 1e3, "rows an expert computes, of those it has when all have as many"),
      count("ep", 1, 1, 1e6, "devices of different tokens that share out the experts"),
      ai_precision(),
  };
  for (ParameterInfo& info : more) all.push_back(std::move(info));
  return all;
}

// What codes on structured grids differ in.
struct GridCode {
  double fields = 5.0;
  double flops_per_cell = 250.0;
  double sweeps = 3.0;
  double halo_width = 2.0;
  double exchanges = 1.0;
  double cut = 0.0;  // position of the choice
  double levels = 1.0;
  double precision = 0.0;
  double overlap = 0.0;
};

// Assumed: a code of many fields in columns of the atmosphere, in single precision as NICAM (Yashiro et al. 2020);
// halos three cells wide for third-order advection, in each of three stages of a Runge-Kutta step, three times.
constexpr GridCode climate_code{.fields = 20.0,
                                .flops_per_cell = 3000.0,
                                .sweeps = 10.0,
                                .halo_width = 3.0,
                                .exchanges = 9.0,
                                .cut = 1.0,
                                .levels = 80.0,
                                .precision = 1.0};
// Velocity and stress of an elastic medium on staggered grids (Graves 1996): nine fields and three of the material;
// counted: 18 derivatives of fourth order of 7 operations each, and four for each of the nine fields.
constexpr GridCode seismic_code{.fields = 12.0,
                                .flops_per_cell = 162.0,
                                .sweeps = 1.0,
                                .halo_width = 2.0,
                                .exchanges = 2.0,
                                .precision = 1.0,
                                .overlap = 1.0};
// Shallow water on a staggered grid, height, two fluxes and the sea floor (Imamura 1996), with advection and friction;
// operations assumed.
constexpr GridCode tsunami_code{
    .fields = 4.0, .flops_per_cell = 60.0, .sweeps = 1.0, .halo_width = 1.0, .exchanges = 2.0, .cut = 1.0};

std::vector<ParameterInfo> grid_parameters(const GridCode& code) {
  return {memory_share(0.5),
          number("cells_per_node", 0.0, 0.0, 1e15, "cells of each node; 0: as memory_share says"),
          count("fields", code.fields, 1, 1000, "values of a cell"),
          number("flops_per_cell", code.flops_per_cell, 0.0, 1e9, "flops of a cell in a step"),
          number("sweeps", code.sweeps, 1e-3, 1e6, "times that a step reads and writes all fields"),
          count("halo_width", code.halo_width, 1, 64, "layers of cells that neighbours exchange"),
          count("exchanges", code.exchanges, 1, 1000, "halo exchanges of all fields in a step"),
          choice("cut", {"boxes", "columns"}, "nodes hold boxes, or whole columns of `levels` cells", code.cut),
          count("levels", code.levels, 1, 1e6, "cells of a column"),
          choice("precision", {"fp64", "fp32"}, "number format of the fields", code.precision),
          choice("overlap", {"no", "yes"}, "halos are exchanged beside the sweeps", code.overlap),
          duration("checkpoint_interval", 0.0, 0.0, year_s, "time between checkpoints of all fields; 0 s: none"),
          steps(1000)};
}

ParameterInfo host_issue() {
  return duration("host_issue", host_issue_s, 0.0, 1.0, "in which the host issues a kernel; 0 s: kernels in graphs");
}

std::vector<ParameterInfo> perceptron_parameters(double width, double inputs, double outputs,
                                                 std::vector<ParameterInfo> more) {
  std::vector<ParameterInfo> all{
      count("layers", 8, 1, 1e4, "hidden layers of the network"),
      count("width", width, 1, 1e6, "of a hidden layer"),
      count("inputs", inputs, 1, 1e6, "values that go into the network"),
      count("outputs", outputs, 1, 1e6, "values that come out"),
      choice("precision", {"tf32", "fp32", "fp64", "bf16"}, "number format of the network's products"),
      host_issue()};
  for (ParameterInfo& info : more) all.push_back(std::move(info));
  return all;
}

std::vector<ModelInfo> make_models() {
  return {
      {"ai-for-science", "a simulation, and a surrogate that is trained and asked beside it",
       perceptron_parameters(
           512, 64, 64,
           {number("cells_per_node", 64e6, 1, 1e15, "cells of each node"),
            number("flops_per_cell", 1000, 0.0, 1e9, "flops of a cell in a simulation step"),
            choice("simulate_on", {"cpu", "gpu"}, "devices that simulate, where there are both"),
            count("batch", 16384, 1, 1e9, "samples of each device in a training step"),
            count("trainings", 10, 1, most_loop_count, "training steps in a coupled step"),
            number("asked", 0.1, 1e-9, 1.0, "share of the cells that the surrogate computes"), steps(1000)}),
       build_ai_for_science},
      {"checkpoint",
       "sweeps over its memory and writes it out at an interval",
       {memory_share(0.5), number("flops_per_byte", 0.5, 0.0, 1e4, "flops on each byte of memory traffic"),
        duration("interval", 3600.0, 1.0, year_s, "time between checkpoints"), steps(10000)},
       build_checkpoint},
      {"climate", "an atmosphere in columns of many fields", grid_parameters(climate_code), build_stencil},
      {"fft3d",
       "a spectral code: 3-D FFTs of a grid spread in pencils",
       {memory_share(0.5), count("grid", 0, 0, 1e6, "points along an edge; 0: as memory_share says"),
        count("transforms", 2, 1, 1000, "3-D transforms in a step"),
        choice("precision", {"fp64", "fp32"}, "number format of the grid"), steps(1000)},
       build_fft3d},
      {"graph-bfs",
       "breadth-first search on a sparse graph, as Graph500",
       {memory_share(0.25), count("scale", 0, 0, 60, "the graph has 2^scale vertices; 0: as memory_share says"),
        count("edge_factor", 16, 1, 1e4, "edges of a vertex"), count("levels", 8, 1, 1e6, "of a search"),
        number("examined", 0.1, 1e-6, 1.0, "share of the edges that a search in two directions looks at"), steps(64)},
       build_graph_bfs},
      {"hpcg", "the High-Performance Conjugate Gradients benchmark", {memory_share(0.25), steps(50)}, build_hpcg},
      {"hpl",
       "the High-Performance Linpack benchmark",
       {number("memory_fill", 0.9, 1e-6, 1.0, "share of the memory of the node's main devices that the matrix fills"),
        count("n", 0, 0, 1e9, "rows of the matrix; 0: as memory_fill says"),
        count("block", 0, 0, 65536,
              "columns of a panel; 0: as the vendor's HPL has it, or 512 on GPUs, 1024 if host memory holds a part, "
              "256 on CPUs"),
        choice("panels", {"devices", "hosts"}, "who factorises panels: the main devices, or the CPUs beside them"),
        choice("precision", {"fp64_matrix", "fp64", "fp64_emulated"}, "how the update computes"),
        count("sections", 50, 0, 10000,
              "slices of one factorisation; 0: 50 equal steps, so that a run_time can choose how many")},
       build_hpl},
      {"hpl-mxp",
       "HPL-MxP: the same solution by a low-precision factorisation and refinement",
       {number("memory_fill", 0.85, 1e-6, 1.0, "share of the memory of the node's main devices that the matrix fills"),
        count("n", 0, 0, 1e9, "rows of the matrix; 0: as memory_fill says"),
        count("block", 3072, 1, 65536, "columns of a panel"),
        choice("precision", {"fp16", "bf16", "fp8"}, "number format of the products"),
        count("refinements", 3, 0, 1000, "iterations that refine the solution"),
        count("sections", 50, 1, 10000, "slices of the factorisation")},
       build_hpl_mxp},
      {"lattice-qcd",
       "lattice quantum chromodynamics: conjugate gradients on the Wilson operator",
       {number("sites_per_node", 8388608, 1, 1e15, "lattice sites of each node"), steps(1000)},
       build_lattice_qcd},
      {"llm-inference", "answers requests with copies of a transformer, dense or with experts",
       transformer_parameters(
           {count("prompt", 2048, 1, 1e8, "tokens of a request"),
            count("output", 256, 1, most_loop_count, "tokens of an answer"),
            count("batch", 64, 1, 1e6, "requests that a copy answers at once"),
            count("tp", 0, 0, 1e6, "tensor parallel devices of a copy; 0: those of a node, or more that fit"),
            steps(1000)}),
       build_llm_inference},
      {"llm-training",
       "trains a transformer, dense or with experts, in tensor, pipeline, context, expert and data parallel",
       transformer_parameters(
           {count("seq", 8192, 1, 1e8, "tokens of a sequence"),
            count("global_batch", 0, 0, 1e9, "sequences of a step; 0: `microbatches` on each copy"),
            count("microbatch", 1, 1, 1e6, "sequences that pass through the layers together"),
            count("microbatches", 16, 1, most_loop_count, "micro-batches of a step on each copy, without global_batch"),
            count("tp", 0, 0, 1e6, "tensor parallel devices; 0: those of a node, or more that fit"),
            count("pp", 0, 0, 1e5, "stages of the pipeline; 0: the fewest that fit into memory"),
            count("dp", 0, 0, 1e9, "copies of the model; 0: as many as there are devices for"),
            count("cp", 1, 1, 1e6, "context parallel devices, each with a part of the sequence"),
            count("interleave", 1, 1, 1e5, "parts of the model on each stage"),
            choice("recompute", {"auto", "none", "selective", "full"},
                   "what the backward pass computes again; auto: as little as fits into memory"),
            choice("sequence_parallel", {"no", "yes"}, "norms and sums split along the sequence over tp"),
            choice("attention", {"fused", "unfused"}, "scores in one kernel, or through memory"),
            choice("dropout", {"no", "yes"}, "dropout on scores and hidden states"),
            choice("gradient_sums", {"apart", "fused"},
                   "kernels of their own add gradients of weights up, or the products do"),
            count("zero", 0, 0, 3, "what copies share: 1 optimizer state, 2 gradients too, 3 weights too"),
            host_issue(), choice("overlap_gradients", {"no", "yes"}, "their reduction beside the last backward pass"),
            duration("checkpoint_interval", 3600.0, 0.0, year_s, "time between checkpoints; 0 s: none"), steps(1000)}),
       build_llm_training},
      {"particles",
       "molecular dynamics: short-range forces, and long-range ones on a mesh",
       {number("particles_per_node", 20e6, 1, 1e15, "particles of each node"),
        number("neighbours", 200, 1, 1e5, "particles within the cut-off of one"),
        number("flops_per_pair", 45, 1, 1e5, "flops of one pair force"),
        count("mesh_every", 2, 1, 1000, "short-range steps to one mesh step"), steps(10000)},
       build_particles},
      {"pinn", "trains a physics-informed network on the residual of an equation",
       perceptron_parameters(
           256, 4, 4,
           {count("points_per_device", 65536, 1, 1e12, "collocation points of each device in a step"),
            count("second_derivatives", 3, 0, 1e4, "of the outputs, beside first ones by every input"), steps(10000)}),
       build_pinn},
      {"recorded",
       "time as a log recorded it",
       {number("utilisation", 0.6, 0.0, 1.0, "how busy the main devices are"),
        duration("time", 3600.0, 1.0, year_s, "how long a job runs that gives no run_time")},
       build_recorded},
      {"seismic", "waves in an elastic ground", grid_parameters(seismic_code), build_stencil},
      {"stencil", "explicit time steps on a structured 3-D grid", grid_parameters({}), build_stencil},
      {"stream", "the STREAM triad on every node", {memory_share(0.5), steps(100)}, build_stream},
      {"surrogate",
       "a simulation with a neural surrogate that is retrained now and then",
       {number("cells_per_node", 64e6, 1, 1e15, "cells of each node"),
        number("flops_per_cell", 1000, 0.0, 1e9, "flops of a cell in a simulation step"),
        number("parameters", 2e6, 1, 1e12, "weights of the surrogate"), ai_precision(),
        count("retrain_every", 100, 1, most_loop_count, "coupled steps between trainings"),
        number("samples_per_node", 1e6, 1, 1e12, "training samples of a node in an epoch"),
        count("epochs", 10, 1, most_loop_count, "epochs of a training"), steps(20)},
       build_surrogate},
      {"tsunami", "shallow water over a sea floor", grid_parameters(tsunami_code), build_stencil},
  };
}

const ModelInfo* find_model(std::string_view name) {
  for (const ModelInfo& model : models()) {
    if (model.name == name) return &model;
  }
  return nullptr;
}

std::string show(const ParameterInfo& info, double value) {
  return info.dimension == time_dimension ? exact_text(value, "s") : fmt::format("{}", value);
}

double read_choice(const ParameterInfo& info, const Field& field) {
  Choices<double> choices;
  for (const std::string_view name : info.choices) choices.push_back({name, static_cast<double>(choices.size())});
  return field.choice(choices);
}

double read_parameter(const ParameterInfo& info, const Field& field) {
  if (!info.choices.empty()) return read_choice(info, field);
  if (info.whole) {
    const auto most = static_cast<std::int64_t>(info.most);
    return static_cast<double>(info.least >= 1.0 ? field.positive_count(most) : field.count(most));
  }
  if (info.dimension == plain) return field.number(info.least, info.most);
  ZETTASIM_EXPECT(info.dimension == time_dimension, "parameter {} has a dimension without a reader", info.name);
  const double value = field.nonnegative<Duration>().si();
  if (value < info.least || value > info.most) {
    field.problem(fmt::format("found {}, expected a duration from {} to {}", field.found(), show(info, info.least),
                              show(info, info.most)));
  }
  return value;
}

bool uses_storage(std::string_view model) {
  constexpr std::array names = {"checkpoint", "climate", "seismic", "stencil", "tsunami"};
  return model.starts_with("llm-") || std::find(names.begin(), names.end(), model) != names.end();
}

void read_parameters(Application& application, const ModelInfo& model, const Field& field) {
  for (const ParameterInfo& info : model.parameters) {
    const auto written = field.optional(info.name);
    application.parameters[std::string(info.name)] = written ? read_parameter(info, *written) : info.default_value;
  }
  if (!uses_storage(model.name)) return;
  if (const auto tier = field.optional("tier")) application.tier = tier->found() == "\"\"" ? "" : tier->text();
}

}  // namespace

const std::vector<ModelInfo>& models() {
  static const std::vector<ModelInfo> table = make_models();
  return table;
}

Application read_application(const std::string& name, const Field& field) {
  Application application;
  application.name = name;
  const auto model = field.optional("model");
  const auto program = field.optional("program");
  if (model && program) {
    field.problem("holds both \"model\" and \"program\"; an application is one or the other");
  } else if (program) {
    application.model = "program";
    application.program = read_program(*program);
  } else if (model) {
    Choices<const ModelInfo*> choices;
    for (const ModelInfo& info : models()) choices.push_back({info.name, &info});
    const ModelInfo* info = model->choice(choices);
    if (!model->is_string() || model->text() != info->name) {
      field.members();  // which parameters an unknown model takes cannot be known, so none is called unknown
      return application;
    }
    application.model = info->name;
    read_parameters(application, *info, field);
  } else if (field.is_object()) {
    field.problem("expected \"model\" with its parameters, or \"program\"");
  }
  return application;
}

bool repeats(const Application& application) {
  if (application.model == "program") return !application.program.step.empty();
  const auto sections = application.parameters.find("sections");
  if (application.model == "hpl-mxp") return false;
  return application.model != "hpl" || sections == application.parameters.end() || sections->second == 0.0;
}

std::string write_application(const Application& application) {
  const std::string name = quoted(application.name);
  if (application.model == "program")
    return fmt::format("{}: {{\"program\": {}}}", name, write_program(application.program));
  const ModelInfo* model = find_model(application.model);
  ZETTASIM_EXPECT(model, "application {} has the unknown model {}", application.name, application.model);
  std::string members = fmt::format("\"model\": \"{}\"", application.model);
  for (const ParameterInfo& info : model->parameters) {
    const double value = application.parameters.at(std::string(info.name));
    if (!info.choices.empty()) {
      members += fmt::format(", \"{}\": \"{}\"", info.name, info.choices.at(static_cast<std::size_t>(value)));
    } else if (info.whole) {
      members += fmt::format(", \"{}\": {}", info.name, static_cast<std::int64_t>(value));
    } else if (info.dimension == plain) {
      members += fmt::format(", \"{}\": {}", info.name, value);
    } else {
      members += fmt::format(", \"{}\": \"{}\"", info.name, show(info, value));
    }
  }
  if (!application.tier.empty()) members += fmt::format(", \"tier\": {}", quoted(application.tier));
  return fmt::format("{}: {{{}}}", name, members);
}

Program build_program(const Application& application, std::int64_t nodes, const NodeShape& shape) {
  ZETTASIM_EXPECT(nodes >= 1, "a job of {} nodes", nodes);
  if (application.model == "program") return application.program;
  const ModelInfo* model = find_model(application.model);
  ZETTASIM_EXPECT(model, "application {} has the unknown model {}", application.name, application.model);
  return model->build(application, nodes, shape);
}

}  // namespace zettasim::workload
