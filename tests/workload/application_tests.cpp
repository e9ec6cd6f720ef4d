#include <cmath>

#include "support/catch.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/workload/application.hpp"

using namespace zettasim;
using namespace zettasim::workload;
using namespace zettasim::literals;

namespace {

Application application(const std::string& text) {
  auto document = Document::parse("a.json", "{\"a\": " + text + "}");
  auto result = read_application("a", document.root()["a"]);
  document.finish();
  return result;
}

const NodeShape four_gpus{.main_devices = 4, .main_memory = 800_GB};

// All of one kind of amount in a list of phases, loops counted out.
template <class Count>
double total(const std::vector<Phase>& phases, const Count& count) {
  double sum = 0.0;
  for (const Phase& phase : phases) {
    const auto* loop = std::get_if<Loop>(&phase.what);
    sum += loop ? static_cast<double>(loop->count) * total(loop->body, count) : count(phase);
  }
  return sum;
}
auto flop_of(Precision precision) {
  return [precision](const Phase& phase) {
    const auto* kernel = std::get_if<Kernel>(&phase.what);
    return kernel ? kernel->flops[precision].si() : 0.0;
  };
}
double traffic_of(const Phase& phase) {
  const auto* kernel = std::get_if<Kernel>(&phase.what);
  return kernel ? kernel->memory_traffic.si() : 0.0;
}
auto bytes_of(CollectiveOperation operation) {
  return [operation](const Phase& phase) {
    const auto* collective = std::get_if<Collective>(&phase.what);
    return collective && collective->operation == operation ? collective->size.si() : 0.0;
  };
}
double halo_of(const Phase& phase) {
  const auto* neighbours = std::get_if<Neighbours>(&phase.what);
  return neighbours ? neighbours->size.si() : 0.0;
}

bool finite(const std::vector<Phase>& phases) {
  const auto amount = [](const Phase& p) { return traffic_of(p) + halo_of(p) + flop_of(Precision::fp64)(p); };
  return std::isfinite(total(phases, amount));
}

}  // namespace

TEST_CASE("only applications with steps can fill a run time", "[workload]") {
  CHECK_FALSE(repeats(application(R"({"model": "hpl"})")));
  CHECK(repeats(application(R"({"model": "hpl", "sections": 0})")));
  CHECK(repeats(application(R"({"model": "stencil"})")));
  CHECK(repeats(application(R"({"program": {"step": [{"busy": {"time": "1 s"}}]}})")));
  CHECK_FALSE(repeats(application(R"({"program": {"setup": [{"busy": {"time": "1 s"}}]}})")));
}

// 0.5 * 800 GB / (2 * 5 fields * 8 B) = 5e9 cells; a face has 5e9^(2/3) cells, 2 layers of 40 B; 250 flop a cell; 3
// sweeps read and write 40 B a cell.
TEST_CASE("a stencil fills its memory and exchanges its faces", "[workload]") {
  const auto program =
      build_program(application(R"({"model": "stencil", "checkpoint_interval": "1 h"})"), 64, four_gpus);
  CHECK(total(program.step, flop_of(Precision::fp64)) == Approx(5e9 * 250).epsilon(1e-9));
  CHECK(total(program.step, traffic_of) == Approx(5e9 * 240).epsilon(1e-9));
  CHECK(total(program.step, halo_of) == Approx(std::pow(5e9, 2.0 / 3.0) * 80).epsilon(1e-9));
  CHECK(program.device_memory.si() == Approx(0.5 * 200e9));
  REQUIRE(program.checkpoint.size() == 1);
  CHECK(std::get<StorageAccess>(program.checkpoint[0].what).size.si() == Approx(5e9 * 40));
  CHECK(program.checkpoint_interval->si() == 3600.0);
}

// 80e6 cells in columns of 80 are 1,000 x 1,000 columns; nine times a step 3 layers of 20 fields of 4 B go through
// faces of 1,000 x 80 cells.
TEST_CASE("an atmosphere is cut into columns and exchanges its halo at each stage", "[workload]") {
  const auto program = build_program(application(R"({"model": "climate", "cells_per_node": 80e6})"), 64, four_gpus);
  CHECK(total(program.step, halo_of) == Approx(9 * 1000.0 * 80 * 3 * 20 * 4).epsilon(1e-9));
  CHECK(total(program.step, flop_of(Precision::fp32)) == Approx(80e6 * 3000).epsilon(1e-9));
  CHECK(program.per_step.samples == 64 * 80e6);
}

TEST_CASE("halos of a wave are exchanged beside its sweep", "[workload]") {
  const auto program = build_program(application(R"({"model": "seismic"})"), 8, four_gpus);
  REQUIRE(std::holds_alternative<Overlap>(program.step.front().what));
  CHECK(std::get<Overlap>(program.step.front().what).branches.size() == 2);
}

// 0.5 * 800 GB / 32 B = 1.25e10 points a node, a quarter of them on each device; 2 transforms of 5 N log2 N; each sends
// its 16 B a point twice, once among the 4 devices of a column, once among the 8 of a row.
TEST_CASE("a three-dimensional FFT sends its whole grid twice in a transform", "[workload]") {
  const auto program = build_program(application(R"({"model": "fft3d"})"), 8, four_gpus);
  const double points = 1.25e10;
  CHECK(total(program.step, bytes_of(CollectiveOperation::all_to_all)) ==
        Approx(2 * 2 * 16 * points / 4).epsilon(1e-9));
  CHECK(total(program.step, flop_of(Precision::fp64)) ==
        Approx(2 * 5 * points * std::log2(8 * points) + 10 * points).epsilon(1e-9));
  const auto& transform = std::get<Loop>(program.step.front().what).body;
  CHECK(std::get<Collective>(transform[1].what).groups.size == 4);
  CHECK(std::get<Collective>(transform[3].what).groups.size == 8);
  CHECK(std::get<Collective>(transform[3].what).groups.stride == 4);
}

// 1,024 points an edge of 16 B on 8 nodes of 4 devices, held twice.
TEST_CASE("an FFT of a given grid holds its share of it on each device", "[workload]") {
  const auto program = build_program(application(R"({"model": "fft3d", "grid": 1024})"), 8, four_gpus);
  CHECK(program.device_memory.si() == Approx(2.0 * 16 * 1024 * 1024 * 1024 / 32));
}

// 2^30 vertices with 16 edges each are on 32 devices, in a grid of 4 x 8. At each of 8 levels the bits of a column's
// 2^30 / 8 vertices are gathered; in all 16 B for each of a device's 2^25 vertices go along the row.
TEST_CASE("a search gathers its frontier along columns and sends what it found along rows", "[workload]") {
  const auto program = build_program(application(R"({"model": "graph-bfs", "scale": 30})"), 8, four_gpus);
  const double vertices = std::exp2(30);
  CHECK(total(program.step, bytes_of(CollectiveOperation::all_gather)) == Approx(8 * vertices / 8 / 8));
  CHECK(total(program.step, bytes_of(CollectiveOperation::all_to_all)) == Approx(16 * vertices / 32));
  CHECK(total(program.step, traffic_of) == Approx(vertices / 8 * 32 * 0.1 * 72));
  CHECK(program.per_step.samples == 16 * vertices);
}

// 8 layers of 256, 4 inputs and outputs: 4 * 256 + 7 * 256^2 + 4 * 256 = 460,800 weights. Values, 4 first and 3 second
// derivatives are 8 passes, three times for training: 2 * 460,800 * 24 operations for each of 65,536 points.
TEST_CASE("a physics-informed network computes a pass for each derivative", "[workload]") {
  const auto program = build_program(application(R"({"model": "pinn", "host_issue": "0 s"})"), 2, four_gpus);
  const auto products = [](const Phase& phase) {
    const auto* product = std::get_if<MatrixMultiply>(&phase.what);
    return product ? product->flops_per_device().si() : 0.0;
  };
  CHECK(total(program.step, products) == Approx(2 * 460800.0 * 24 * 65536).epsilon(1e-9));
  CHECK(program.per_step.flops.si() == Approx(8 * 2 * 460800.0 * 24 * 65536).epsilon(1e-9));
  CHECK(total(program.step, bytes_of(CollectiveOperation::all_reduce)) == 4 * 460800.0);
}

// CPUs simulate while GPUs train; on GPUs alone one follows the other.
TEST_CASE("a surrogate is trained beside the simulation that has devices of its own", "[workload]") {
  const auto beside = build_program(application(R"({"model": "ai-for-science"})"), 2, four_gpus);
  REQUIRE(std::holds_alternative<Overlap>(beside.step.front().what));
  const auto after = build_program(application(R"({"model": "ai-for-science", "simulate_on": "gpu"})"), 2, four_gpus);
  CHECK_FALSE(std::holds_alternative<Overlap>(after.step.front().what));
  CHECK(beside.per_step == after.per_step);
  const auto flop = flop_of(Precision::fp64);
  CHECK(total(std::get<Overlap>(beside.step.front().what).branches.front(), flop) == total(after.step, flop));
  CHECK(total(after.step, flop) == Approx(64e6 * 1000));
}

// 1e6 particles, 200 neighbours: 1e8 pairs of 45 flop, twice before each mesh step. Mesh: 2 transforms of 2 transposes
// of 8 MB, a quarter on each device.
TEST_CASE("particles compute each pair once and transpose their mesh four times", "[workload]") {
  const auto program = build_program(application(R"({"model": "particles", "particles_per_node": 1e6})"), 4, four_gpus);
  const double mesh = 2 * 5 * 1e6 * std::log2(4e6) + 1e6 * 64 * 10;
  CHECK(total(program.step, flop_of(Precision::fp32)) == Approx(2 * (1e8 * 45 + 20e6) + mesh).epsilon(1e-9));
  CHECK(total(program.step, bytes_of(CollectiveOperation::all_to_all)) == Approx(4 * 8e6 / 4).epsilon(1e-9));
  const double cutoff = std::cbrt(3 * 200 / (4 * 3.14159265358979));
  CHECK(total(program.step, halo_of) == Approx(2 * 1e4 * cutoff * 24).epsilon(1e-9));
}

// Two nodes of four devices: tensor parallel 2 x pipeline 2 x data parallel 2 (what is left). 72 B s l h^2 (1 + s / 6h
// + V / 12lh) model FLOPs for 4 sequences of 1,024, h 1,024, l 8, V 51,200; each of the 8 devices holds 1/4 of the
// layers' weights and 1/2 of the embedding.
TEST_CASE("training reports model FLOPs and hands each device its share of the model", "[workload][llm]") {
  const auto program = build_program(
      application(R"({"model": "llm-training", "layers": 8, "hidden": 1024, "heads": 16, "kv_heads": 0, "ffn": 0,
                      "vocab": 51200, "seq": 1024, "feed_forward": "plain", "tp": 2, "pp": 2, "global_batch": 4})"),
      2, four_gpus);
  CHECK(program.misfit.empty());
  const double l = 8, h = 1024, s = 1024, v = 51200, sequences = 4;
  CHECK(program.per_step.flops.si() ==
        Approx(72 * sequences * s * l * h * h * (1 + s / (6 * h) + v / (12 * l * h))).epsilon(1e-9));
  CHECK(program.per_step.tokens == 4096);
  // 4 sequences / 2 copies = 2 micro-batches, after a bubble of (2 - 1) / 1 of them.
  const auto count_of = [&](const char* name) {
    double count = 0.0;
    for (const Phase& phase : program.step) {
      if (phase.name == name && std::holds_alternative<Loop>(phase.what))
        count = static_cast<double>(std::get<Loop>(phase.what).count);
      if (phase.name == name && std::holds_alternative<Idle>(phase.what)) count = std::get<Idle>(phase.what).times;
    }
    return count;
  };
  CHECK(count_of("micro-batches") == 2.0);
  CHECK(count_of("pipeline bubble") == 1.0);
  // Gradients of 4 bytes: 12 h^2 + 13 h weights a layer, 8 layers on 4 devices, and V h / 2 of the embedding.
  const double weights = 8 * (12 * h * h + 13 * h) / 4 + v * h / 2;
  const auto gradients = [&](const Phase& phase) {
    return phase.name == "reduce gradients" ? std::get<Collective>(phase.what).size.si() : 0.0;
  };
  CHECK(total(program.step, gradients) == Approx(4 * weights).epsilon(1e-9));
}

// A third of the devices would be left over; five layers do not make two equal stages; and so on.
TEST_CASE("training says why its parts do not go together", "[workload][llm]") {
  const auto misfit = [](const std::string& parameters) {
    return build_program(application(R"({"model": "llm-training", )" + parameters + "}"), 3, four_gpus).misfit;
  };
  CHECK(misfit(R"("tp": 4)").empty());
  CHECK(misfit(R"("tp": 8)") == "tp 8 x cp 1 x dp 1 x pp 1 = 8 devices, while the job has 12");
  CHECK(misfit(R"("pp": 3)") == "80 layers do not divide into pp 3 x interleave 1 equal parts");
  CHECK(misfit(R"("global_batch": 5)") ==
        "a global_batch of 5 is no whole number of micro-batches of 1 for each of dp 3 copies");
  CHECK(misfit(R"("kv_heads": 65)") == "kv_heads 65 are more than heads 64");
}

// Each step of ZeRO divides one more of 12, 4 and 2 bytes a weight by the copies: 3 nodes hold 3.
TEST_CASE("sharing states among copies saves the memory that Rajbhandari et al count", "[workload][llm]") {
  const auto memory = [](int zero) {
    return build_program(application(R"({"model": "llm-training", "pp": 1, "recompute": "none", "zero": )" +
                                     std::to_string(zero) + "}"),
                         3, four_gpus)
        .device_memory.si();
  };
  CHECK((memory(0) - memory(1)) / (memory(1) - memory(2)) == Approx(12.0 / 4.0));
  CHECK((memory(1) - memory(2)) / (memory(2) - memory(3)) == Approx(4.0 / 2.0));
}

// A layer forward on one device issues 12 kernels: two norms, four products, attention in one, and five between them.
// Computing it again issues these once more, 44 us each; kernels in graphs need no host.
TEST_CASE("a host issues the kernels of each micro-batch one after the other", "[workload][llm]") {
  const auto host_time = [](const std::string& more) {
    const auto program = build_program(
        application(R"({"model": "llm-training", "layers": 3, "tp": 1, "pp": 1, "microbatches": 1)" + more + "}"), 1,
        four_gpus);
    return total(program.step, [](const Phase& phase) {
      const auto* overlap = std::get_if<Overlap>(&phase.what);
      const auto* host = overlap ? std::get_if<Busy>(&overlap->branches.back().front().what) : nullptr;
      return host ? host->time.si() : 0.0;
    });
  };
  CHECK(host_time(R"(, "recompute": "full")") - host_time(R"(, "recompute": "none")") ==
        Approx(3 * 12 * 44e-6).epsilon(1e-9));
  CHECK(host_time(R"(, "recompute": "none", "host_issue": "22 us")") * 2 ==
        Approx(host_time(R"(, "recompute": "none")")).epsilon(1e-9));
  CHECK(host_time(R"(, "host_issue": "0 s")") == 0.0);
}

// 70 billion weights of 18 B are 1.26 TB, which 4 devices of 200 GB cannot hold, whatever is computed again; 64 devices
// can, in several stages.
TEST_CASE("what is left open in the layout of a training is chosen by memory", "[workload][llm]") {
  const auto training = [](const std::string& more, std::int64_t nodes) {
    return build_program(application(R"({"model": "llm-training")" + more + "}"), nodes, four_gpus);
  };
  CHECK(training("", 16).device_memory.si() <= 200e9);
  CHECK(training("", 16).misfit.empty());
  CHECK(training(R"(, "tp": 4, "pp": 1, "recompute": "none")", 16).device_memory.si() > 200e9);
  CHECK(training("", 1).device_memory.si() > 200e9);
  // Where it fits already, nothing is changed.
  const NodeShape large{.main_devices = 4, .main_memory = 8000_GB};
  const auto open = build_program(application(R"({"model": "llm-training"})"), 16, large);
  const auto plain =
      build_program(application(R"({"model": "llm-training", "tp": 4, "pp": 1, "recompute": "none"})"), 16, large);
  CHECK(open.device_memory == plain.device_memory);
}

// 140 GB of weights, keys and values on one CPU of 32 GB do not fit; on 64 of them tensor parallelism grows until they
// do.
TEST_CASE("a model too large for a node is served by several", "[workload][llm]") {
  const NodeShape small{.main_devices = 1, .main_memory = 32_GB, .main_kind = DeviceKind::cpu};
  const auto served = [&](const std::string& more) {
    return build_program(application(R"({"model": "llm-inference", "batch": 8)" + more + "}"), 64, small);
  };
  CHECK(served("").device_memory.si() <= 32e9);
  CHECK(served(R"(, "tp": 4)").device_memory.si() > 32e9);
}

// Weights have to come from somewhere only where there is somewhere; a tier that is named is used, and then missed.
TEST_CASE("language models on a machine without storage neither read weights nor write checkpoints",
          "[workload][llm]") {
  NodeShape bare = four_gpus;
  bare.storage = false;
  for (const char* model : {"llm-training", "llm-inference"}) {
    const std::string text = R"({"model": ")" + std::string(model) + '"';
    CHECK(build_program(application(text + "}"), 8, bare).setup.empty());
    CHECK(build_program(application(text + "}"), 8, bare).checkpoint.empty());
    CHECK(build_program(application(text + R"(, "tier": "scratch"})"), 8, bare).setup.size() == 1);
  }
}

// Keys and values of 80 layers of 8 heads of 128 numbers of 2 bytes: 2 * 80 * 1,024 * 2 B = 327,680 B a token. Decoding
// word 2 to 256 reads those of 64 requests of 2,048 + 128 tokens; the four devices of the node share them.
TEST_CASE("decoding reads all keys and values for every word", "[workload][llm]") {
  const auto program = build_program(application(R"({"model": "llm-inference", "precision": "fp8"})"), 1, four_gpus);
  const auto cache = [](const Phase& phase) { return phase.name == "decode attention" ? traffic_of(phase) : 0.0; };
  CHECK(total(program.step, cache) == Approx(255 * 64.0 * 2176 * 327680).epsilon(1e-9));
  CHECK(program.per_step.tokens == 64 * 256);
}

// A word's products read each weight once: 80 * (2.25 h^2 + 3 h f) weights, and as many multiplications a request.
TEST_CASE("a word costs two flops a weight for each request", "[workload][llm]") {
  const auto program = build_program(application(R"({"model": "llm-inference"})"), 1, four_gpus);
  const double h = 8192, f = 28672;
  const auto products = [](const Phase& phase) {
    const auto* product = std::get_if<MatrixMultiply>(&phase.what);
    return product && phase.name != "decode logits" && phase.name.starts_with("decode")
               ? product->flops_per_device().si()
               : 0.0;
  };
  CHECK(4 * total(program.step, products) == Approx(255 * 64.0 * 2 * 80 * (2.25 * h * h + 3 * h * f)).epsilon(1e-9));
}

// Two bytes a weight and 327,680 B for each token of 64 requests of 2,304; a hundred thousand requests fit nowhere.
TEST_CASE("serving needs memory for weights and for keys and values", "[workload][llm]") {
  const auto memory = [](int batch) {
    return build_program(application(R"({"model": "llm-inference", "batch": )" + std::to_string(batch) + "}"), 1,
                         four_gpus)
        .device_memory.si();
  };
  CHECK(memory(64) > (140e9 + 64 * 2304 * 327680.0) / 4);
  CHECK(memory(128) - memory(64) > 64 * 2304 * 327680.0 / 4);
}

// 100 coupled steps, then 10 epochs with one all-reduce of 4 B a weight each: 10 * 8 MB.
TEST_CASE("a surrogate is retrained with one gradient exchange an epoch", "[workload]") {
  const auto program = build_program(application(R"({"model": "surrogate"})"), 8, four_gpus);
  CHECK(total(program.step, bytes_of(CollectiveOperation::all_reduce)) == Approx(10 * 8e6));
  CHECK(total(program.step, flop_of(Precision::fp64)) == Approx(100 * 64e6 * 1000).epsilon(1e-9));
}

TEST_CASE("a checkpointing application writes its share of memory to the tier it names", "[workload]") {
  const auto program = build_program(
      application(R"({"model": "checkpoint", "memory_share": 0.25, "interval": "10 min", "tier": "scratch"})"), 2,
      four_gpus);
  const auto& write = std::get<StorageAccess>(program.checkpoint.at(0).what);
  CHECK(write.size.si() == Approx(200e9));
  CHECK(write.tier == "scratch");
  CHECK(program.checkpoint_interval->si() == 600.0);
}

TEST_CASE("a recorded application is busy one second a step", "[workload]") {
  const auto program =
      build_program(application(R"({"model": "recorded", "utilisation": 0.25, "time": "90 s"})"), 3, four_gpus);
  CHECK(program.steps == 90);
  CHECK(std::get<Busy>(program.step.at(0).what).time.si() == 1.0);
  CHECK(std::get<Busy>(program.step.at(0).what).utilisation == 0.25);
}

TEST_CASE("the models stand in the order of their names and every default lies within its bounds", "[workload]") {
  std::string before;
  for (const ModelInfo& model : models()) {
    CHECK(before < model.name);
    before = model.name;
    for (const ParameterInfo& parameter : model.parameters) {
      INFO(model.name << " " << parameter.name);
      CHECK(parameter.default_value >= parameter.least);
      CHECK(parameter.default_value <= parameter.most);
      CHECK_FALSE(parameter.meaning.empty());
    }
  }
}

// Every parameter at each end of its range, on the smallest and the largest job, on a node without and with memory.
TEST_CASE("every model gives finite programs at the ends of its parameters", "[workload]") {
  for (const ModelInfo& model : models()) {
    Application all{.name = "a", .model = std::string(model.name), .parameters = {}, .tier = {}, .program = {}};
    for (const ParameterInfo& p : model.parameters) all.parameters[std::string(p.name)] = p.default_value;
    for (const ParameterInfo& varied : model.parameters) {
      for (const double end : {varied.least, varied.most}) {
        Application one = all;
        one.parameters[std::string(varied.name)] = end;
        for (const std::int64_t nodes : {std::int64_t{1}, std::int64_t{7}, most_count}) {
          for (const DataSize memory : {0_GB, 1e6 * 1_TB}) {
            const auto program = build_program(one, nodes, {.main_devices = 4, .main_memory = memory});
            INFO(model.name << " " << varied.name << " = " << end << " on " << nodes);
            CHECK(finite(program.setup));
            CHECK(finite(program.step));
            CHECK(finite(program.checkpoint));
            CHECK(program.steps >= 0);
          }
        }
      }
    }
  }
}

TEST_CASE("a program with products and groups and overlap reads back as it was written", "[workload]") {
  const auto read_back = [](const std::string& text) {
    auto document = Document::parse("p.json", text);
    auto program = workload::read_program(document.root());
    document.finish();
    return workload::write_program(program);
  };
  const std::string text = read_back(R"({"step": [
    {"name": "layer", "overlap": [
      [{"matmul": {"precision": "bf16", "m": 128, "n": 64, "k": 32, "count": 2.5, "result": "fp32", "adds": true}}],
      [{"collective": {"operation": "all-reduce", "size": "1 MB", "groups": {"size": 4, "stride": 2}}}]]},
    {"shift": {"distance": 8, "size": "2 MB"}},
    {"idle": {"times": 1.5, "of": [{"kernel": {"memory_traffic": "1 MB", "launches": 3, "working_set": "4 MB"}}]}}]})");
  CHECK(read_back(text) == text);
  for (const char* part : {"\"count\":2.5", "\"result\":\"fp32\"", "\"adds\":true", "\"stride\":2", "\"distance\":8",
                           "\"times\":1.5", "\"launches\":3.0"})
    CHECK(text.find(part) != std::string::npos);
}
