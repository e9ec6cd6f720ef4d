// The application models, one function each; private to workload. The table in application.cpp names their parameters.
//
// Each turns an application on `nodes` nodes into phases whose amounts are per node. They are first-order models: they
// count the floating-point operations, the memory traffic and the bytes that the algorithm cannot do without, and leave
// how fast a machine does them to the cost stage.
#pragma once

#include "zettasim/base/contract.hpp"
#include "zettasim/workload/application.hpp"

namespace zettasim::workload {

// The parameters of one application while its program is built.
class Parameters {
 public:
  explicit Parameters(const Application& application) : application_(application) {}
  double operator[](const char* name) const {
    const auto it = application_.parameters.find(name);
    ZETTASIM_EXPECT(it != application_.parameters.end(), "model {} has no parameter {}", application_.model, name);
    return it->second;
  }
  std::int64_t count(const char* name) const { return static_cast<std::int64_t>((*this)[name]); }
  const std::string& tier() const { return application_.tier; }

 private:
  const Application& application_;
};

// What all language models are described by; `dropout` is off and attention is fused.
struct Transformer;
Transformer read_transformer(const Parameters& given);
// Tensor parallel devices to choose among where `given` is 0: those of a node, then twice as many, and so on.
std::vector<double> tensor_parallel_choices(double given, const NodeShape& shape, double heads, double devices);
// Why `ep` of `copies` devices with different tokens, which are `what`, cannot share out its experts; empty: they can.
std::string misfit_of_experts(const Transformer& model, double ep, double copies, const char* what);

// Phases in one line each.
Phase compute(std::string name, Precision precision, double flop, double memory_bytes);
Phase collective(std::string name, CollectiveOperation operation, double size_bytes);
Phase neighbours(std::string name, int dimensions, double size_bytes);
Phase storage(std::string name, Direction direction, double size_bytes, const std::string& tier);
Phase loop(std::string name, std::int64_t count, std::vector<Phase> body);
// The phases beside a host that issues each kernel and exchange of them in `seconds_each`: whoever is slower sets the
// pace. 0: no host.
std::vector<Phase> issued(const char* name, std::vector<Phase> phases, double seconds_each);

// The choices of a `precision` parameter, in the order of the table.
inline constexpr std::array hpl_precisions = {Precision::fp64_matrix, Precision::fp64, Precision::fp64_emulated};
inline constexpr std::array mxp_precisions = {Precision::fp16, Precision::bf16, Precision::fp8};
inline constexpr std::array stencil_precisions = {Precision::fp64, Precision::fp32};
inline constexpr std::array perceptron_precisions = {Precision::tf32, Precision::fp32, Precision::fp64,
                                                     Precision::bf16};
inline constexpr std::array ai_precisions = {Precision::bf16, Precision::fp16, Precision::fp8};

Program build_hpl(const Application&, std::int64_t nodes, const NodeShape&);
Program build_hpl_mxp(const Application&, std::int64_t nodes, const NodeShape&);
Program build_hpcg(const Application&, std::int64_t nodes, const NodeShape&);
Program build_stream(const Application&, std::int64_t nodes, const NodeShape&);
Program build_lattice_qcd(const Application&, std::int64_t nodes, const NodeShape&);
Program build_stencil(const Application&, std::int64_t nodes, const NodeShape&);
Program build_fft3d(const Application&, std::int64_t nodes, const NodeShape&);
Program build_particles(const Application&, std::int64_t nodes, const NodeShape&);
Program build_checkpoint(const Application&, std::int64_t nodes, const NodeShape&);
Program build_recorded(const Application&, std::int64_t nodes, const NodeShape&);
Program build_llm_training(const Application&, std::int64_t nodes, const NodeShape&);
Program build_llm_inference(const Application&, std::int64_t nodes, const NodeShape&);
Program build_graph_bfs(const Application&, std::int64_t nodes, const NodeShape&);
Program build_pinn(const Application&, std::int64_t nodes, const NodeShape&);
Program build_ai_for_science(const Application&, std::int64_t nodes, const NodeShape&);
Program build_surrogate(const Application&, std::int64_t nodes, const NodeShape&);

}  // namespace zettasim::workload
