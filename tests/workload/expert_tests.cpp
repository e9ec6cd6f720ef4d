// Mixture of experts: weights, operations, the exchange of tokens, and what shares them out.
#include <cmath>

#include "../../src/workload/transformer.hpp"
#include "support/catch.hpp"
#include "zettasim/workload/application.hpp"

using namespace zettasim;
using namespace zettasim::workload;
using namespace zettasim::literals;

namespace {

const NodeShape eight_gpus{.main_devices = 8, .main_memory = 640_GB};

Program program_of(const std::string& model, std::string parameters, std::int64_t nodes) {
  if (model == "llm-training") parameters += R"(, "pp": 1, "recompute": "none")";
  auto document = Document::parse("a.json", R"({"a": {"model": ")" + model + "\", " + parameters + "}}");
  const auto application = read_application("a", document.root()["a"]);
  document.finish();
  return build_program(application, nodes, eight_gpus);
}

// Mixtral 8x7B (Jiang et al. 2024).
std::string with_experts(int experts) {
  return R"("layers": 32, "hidden": 4096, "heads": 32, "kv_heads": 8, "ffn": 14336, "vocab": 32000, "experts": )" +
         std::to_string(experts) + ", ";
}
const std::string mixtral = with_experts(8);

template <class Visit>
void visit_all(const std::vector<Phase>& phases, double times, const Visit& visit) {
  for (const Phase& phase : phases) {
    visit(phase, times);
    if (const auto* loop = std::get_if<Loop>(&phase.what))
      visit_all(loop->body, times * static_cast<double>(loop->count), visit);
    if (const auto* overlap = std::get_if<Overlap>(&phase.what)) {
      for (const auto& branch : overlap->branches) visit_all(branch, times, visit);
    }
  }
}

double bytes_named(const Program& program, const std::string& name) {
  double sum = 0.0;
  visit_all(program.step, 1.0, [&](const Phase& phase, double times) {
    const auto* collective = std::get_if<Collective>(&phase.what);
    if (collective && phase.name == name) sum += times * collective->size.si();
  });
  return sum;
}

double product_flops(const Program& program, const std::string& name) {
  double sum = 0.0;
  visit_all(program.step, 1.0, [&](const Phase& phase, double times) {
    const auto* product = std::get_if<MatrixMultiply>(&phase.what);
    if (product && phase.name == name) sum += times * product->flops_per_device().si();
  });
  return sum;
}

}  // namespace

// Jiang et al. publish 47 billion weights (46.7 counted) and 13 billion (12.9) that a token passes.
TEST_CASE("a mixture of eight experts has the weights that Mixtral publishes", "[workload][llm]") {
  Transformer model{.layers = 32, .hidden = 4096, .heads = 32, .kv_heads = 8, .ffn = 14336, .vocab = 32000};
  model.seq = 0.0;
  model.gated = true;
  model.experts = 8.0;
  model.top_k = 2.0;
  CHECK(all_weights(model) == Approx(46.7e9).epsilon(0.005));
  // Two operations a weight, without scores: embedding and logits are two matrices there, of which logits compute.
  CHECK(forward_flops(model, 1.0, 0.0, 1.0) / 2.0 == Approx(12.9e9 - 32000 * 4096).epsilon(0.005));
}

// 16 GPUs, tensor parallel 2, so that 8 devices have different tokens; a micro-batch of 4,096 tokens, each to 2
// experts, 2 B a number: a device sends 4096 / 2 * 2 * 4096 * 2 B each time, four times a layer, 32 layers, 4
// micro-batches.
TEST_CASE("tokens go to their experts and back in each pass of a layer", "[workload][llm]") {
  const auto program = program_of("llm-training", mixtral + R"("seq": 4096, "tp": 2, "ep": 8, "global_batch": 32)", 2);
  REQUIRE(program.misfit.empty());
  CHECK(bytes_named(program, "expert exchange") == Approx(4.0 * 32 * 4 * (4096 / 2 * 2 * 4096.0 * 2)).epsilon(1e-9));
}

// Each token passes 2 of 8 experts, 3 matrices of 4,096 x 14,336, three times: forward and twice backward. Capacity
// 1.25 computes a quarter more rows, which the model's own FLOPs do not count.
TEST_CASE("experts compute their capacity and count what tokens need", "[workload][llm]") {
  const std::string shape = R"("seq": 4096, "tp": 1, "ep": 8, "global_batch": 8)";
  const auto exact = program_of("llm-training", mixtral + shape, 1);
  const auto padded = program_of("llm-training", mixtral + shape + R"(, "capacity_factor": 1.25)", 1);
  const double needed = 3.0 * 32 * 4096 * 2 * (2.0 * 3 * 4096 * 14336);
  CHECK(product_flops(exact, "expert products") == Approx(needed).epsilon(1e-9));
  CHECK(product_flops(padded, "expert products") == Approx(1.25 * needed).epsilon(1e-9));
  CHECK(exact.per_step.flops == padded.per_step.flops);
}

// An expert's gradients are summed over the devices that hold the same expert: 16 / 8 = 2, 8 devices apart.
TEST_CASE("gradients of experts are summed over fewer devices than those of all other weights", "[workload][llm]") {
  const auto program = program_of("llm-training", mixtral + R"("tp": 1, "ep": 8, "global_batch": 16)", 2);
  std::vector<DeviceGroups> groups;
  visit_all(program.step, 1.0, [&](const Phase& phase, double) {
    if (phase.name == "reduce gradients") groups.push_back(std::get<Collective>(phase.what).groups);
  });
  REQUIRE(groups.size() == 2);
  CHECK((groups[0].size == 16 && groups[0].stride == 1));
  CHECK((groups[1].size == 2 && groups[1].stride == 8));
}

// Of 45.1 billion weights of experts, 18 B each with optimizer, eight devices hold an eighth each.
TEST_CASE("sharing experts out saves the memory of those that are elsewhere", "[workload][llm]") {
  const auto memory = [](int ep) {
    return program_of("llm-training", mixtral + R"("tp": 1, "ep": )" + std::to_string(ep), 1).device_memory.si();
  };
  const double experts = 32.0 * 8 * (3.0 * 4096 * 14336 + 2 * 14336 + 4096);
  CHECK(memory(1) - memory(8) == Approx(18.0 * experts * 7 / 8).epsilon(1e-9));
}

// 8 copies of 1 request ask for 2 of 64 experts: 64 (1 - (62 / 64)^8) = 14.35 of them are read for a word, not 64.
TEST_CASE("few words at a time read few of many experts", "[workload][llm]") {
  const auto program =
      program_of("llm-inference", with_experts(64) + R"("tp": 1, "ep": 8, "batch": 1, "output": 2)", 1);
  REQUIRE(program.misfit.empty());
  double read = 0.0;
  visit_all(program.step, 1.0, [&](const Phase& phase, double times) {
    const auto* product = std::get_if<MatrixMultiply>(&phase.what);
    if (product && phase.name == "decode expert products") read += times * product->count / 2.0;
  });
  CHECK(8.0 * read == Approx(32 * 64 * (1.0 - std::pow(62.0 / 64.0, 8))).epsilon(1e-9));
}

TEST_CASE("experts that cannot be shared out say why", "[workload][llm]") {
  const auto misfit = [](const std::string& more) { return program_of("llm-training", more, 1).misfit; };
  CHECK(misfit(R"("tp": 1, "ep": 2)") == "ep 2 without experts; give experts, or leave ep at 1");
  CHECK(misfit(R"("tp": 1, "experts": 8, "ep": 3)") == "8 experts do not divide into ep 3 equal parts");
  CHECK(misfit(R"("tp": 4, "experts": 8, "ep": 4)") == "ep 4 does not divide dp x cp = 2");
  CHECK(misfit(R"("tp": 1, "experts": 2, "top_k": 3)") == "a token cannot be routed to top_k 3 of 2 experts");
}
