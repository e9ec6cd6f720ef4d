// PyTorch profiles: the dependencies that are put in, and what is refused.
#include "support/catch.hpp"
#include "support/kineto_sample.hpp"
#include "support/shared_data.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/workload/rank_trace_describe.hpp"
#include "zettasim/workload/rank_trace_files.hpp"

using namespace zettasim;
using namespace zettasim::workload;

namespace {

std::string refusal(const std::string& text) {
  try {
    read_kineto({"p.json", text});
  } catch (const InputError& error) {
    return error.what();
  }
  return "no problem";
}

}  // namespace

// Host until the first launch, kernel, host until the second, the sum, host until the call that waits, the wait, what
// is left of the call, the tail.
TEST_CASE("a profile becomes host time and GPU work that waits for its launch", "[workload][kineto]") {
  const auto trace = read_kineto({"p.json", test::kineto_sample()});
  check(trace);
  const auto& rank = trace.ranks.at(0);
  REQUIRE(rank.actions.size() == 8);
  const auto after = [&](std::size_t i) { return rank.dependencies_of(rank.actions[i]); };
  const auto& kernel = std::get<RankCompute>(rank.actions[1].work);
  CHECK(kernel.device == DeviceKind::gpu);
  CHECK(kernel.multiplies);
  CHECK(kernel.time->si() == Approx(200e-6));
  CHECK(after(1)[0].action == 0);
  const auto& sum = std::get<RankCollective>(rank.actions[3].work);
  CHECK(sum.operation == RankOperation::all_reduce);
  CHECK(sum.size.si() == 8192.0);
  CHECK(sum.time->si() == Approx(100e-6));
}

TEST_CASE("work that began when another stream's ended is taken to have waited for it", "[workload][kineto]") {
  const auto trace = read_kineto({"p.json", test::kineto_sample()});
  const auto& rank = trace.ranks.at(0);
  for (std::size_t i = 0; i < rank.actions.size(); ++i) {
    if (!std::holds_alternative<RankCollective>(rank.actions[i].work)) continue;
    const auto after = rank.dependencies_of(rank.actions[i]);
    REQUIRE(after.size() == 2);
    CHECK(after[1].action == 1);
  }
}

TEST_CASE("profiles that are none are refused", "[workload][kineto][rejects]") {
  const std::string whole = test::kineto_sample();
  CHECK(refusal(whole.substr(0, whole.size() / 2)) == "p.json: rank 0: is no whole JSON; is the profile cut off?");
  CHECK(refusal("{\"traceEvents\": 5}") ==
        "p.json#/traceEvents: rank 0: expected the list of events of a PyTorch profile");
  CHECK(refusal("{\"traceEvents\": [5, {\"ph\": \"X\", \"ts\": \"a\"}]}") ==
        "p.json: rank 0: the profile holds no work of a GPU");
}

// 690 kernels, 84 of them NCCL's, 6 copies and 81 fills.
TEST_CASE("the recorded Megatron profile is read with all its kernels", "[workload][kineto]") {
  const auto trace =
      read_rank_trace(test::shared_file_or_skip("data/ai/megatron-tp8-rank0/megatron_kineto_0.json.zst"));
  std::int64_t gpu = 0, sums = 0;
  for (const RankAction& action : trace.ranks.at(0).actions) {
    const auto* compute = std::get_if<RankCompute>(&action.work);
    gpu += compute != nullptr && compute->device == DeviceKind::gpu ? 1 : 0;
    sums += std::holds_alternative<RankCollective>(action.work) ? 1 : 0;
  }
  CHECK(gpu == 606 + 6 + 81);
  CHECK(sums == 84);
}
