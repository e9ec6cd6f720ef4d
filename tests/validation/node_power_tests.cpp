// Watts at the plug of one node of eight H100 in MLPerf Training 4.0 (submitter smc-ac-power), against the model on
// platforms/dgx-h100.json, whose files know nothing of them.
#include "llm_runs.hpp"
#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::test;

namespace {

std::vector<Row> readings_of(const std::string& benchmark) {
  return read_table(shared_file_or_skip("data/power/mlperf/training_results_v4.0__smc-ac-power__1xSMC-H100-SXM-80GB__" +
                                        benchmark + ".csv.zst"));
}

struct MeasuredPower {
  double mean_w = 0.0;
  std::size_t runs = 0;
};

// A log begins before the GPUs do and holds a few zeros: a node trains while it draws more than half of the most it
// draws in that run. Each run counts alike.
MeasuredPower power_in_training(const std::vector<Row>& rows) {
  std::map<std::string, std::vector<double>> runs;
  for (const Row& row : rows) runs[row.at("run")].push_back(std::stod(row.at("watt")));
  MeasuredPower result{.runs = runs.size()};
  for (const auto& [name, watts] : runs) {
    const double half = 0.5 * *std::max_element(watts.begin(), watts.end());
    double sum = 0.0;
    int count = 0;
    for (const double w : watts) {
      if (w <= half) continue;
      sum += w;
      ++count;
    }
    result.mean_w += sum / count / static_cast<double>(runs.size());
  }
  return result;
}

// BERT large in FP8 by kernels in graphs, 48 packed sequences on each GPU, as the logs of the runs say. Only words that
// were masked get logits, about 15 %: a vocabulary of 0.15 x 30,522 has as many.
constexpr const char* bert =
    R"({"model": "llm-training", "layers": 24, "hidden": 1024, "heads": 16, "kv_heads": 0, "ffn": 0, "vocab": 4578, )"
    R"("seq": 512, "global_batch": 384, "microbatch": 48, "tp": 1, "pp": 1, "dp": 8, "feed_forward": "plain", )"
    R"("dropout": "yes", "precision": "fp8", "host_issue": "0 s"})";

// Llama 2 70B in FP8, sequences of 8,192, two copies over four GPUs each, as the logs say. The model has no frozen
// weights: all of them are trained here, on GPUs with memory for it, and in so many micro-batches that exchange of
// gradients and optimizer, which the adapters all but do without, take no time.
constexpr const char* llama =
    R"({"model": "llm-training", "layers": 80, "hidden": 8192, "heads": 64, "kv_heads": 8, "ffn": 28672, )"
    R"("vocab": 32000, "seq": 8192, "global_batch": 1024, "microbatch": 1, "tp": 4, "pp": 1, "dp": 2, )"
    R"("sequence_parallel": "yes", "precision": "fp8"})";

}  // namespace

// BERT of ten runs and Llama 2 with LoRA of ten. Of ResNet and U-Net there is no model: convolutions.
TEST_CASE("a node of eight H100 draws about as much in training as MLPerf metered", "[validation][power]") {
  struct Benchmark {
    std::string name, application, memory;
  };
  Errors errors;
  for (const auto& [name, application, memory] :
       {Benchmark{"bert", bert, "80 GB"}, Benchmark{"llama2_70b_lora", llama, "400 GB"}}) {
    const MeasuredPower measured = power_in_training(readings_of(name));
    REQUIRE(measured.runs == 10);
    const MeasuredMachine node("dgx-h100.json", {fmt::format("/node/gpus/device/memory/capacity=\"{}\"", memory)});
    const auto prediction = node.predict(application, 8);
    INFO(node.last_problem());
    REQUIRE(prediction);
    const double predicted = (prediction->total_energy() / prediction->time).si();
    fmt::print("{:16} {} runs  predicted {:6.0f} W  measured {:6.0f} W  {:+5.1f} %\n", name, measured.runs, predicted,
               measured.mean_w, 100.0 * (predicted / measured.mean_w - 1.0));
    errors.add(predicted, measured.mean_w);
  }
  fmt::print("mean {:.1f} %, worst {:.1f} %\n", 100.0 * errors.mean(), 100.0 * errors.worst);
  CHECK(errors.mean() < 0.10);
}
