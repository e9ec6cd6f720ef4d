// Chakra execution traces: what their nodes become, how recorded ones are repaired, and what is refused.
#include "support/catch.hpp"
#include "support/chakra_writer.hpp"
#include "support/shared_data.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/workload/rank_trace_describe.hpp"
#include "zettasim/workload/rank_trace_files.hpp"

using namespace zettasim;
using namespace zettasim::workload;
using test::ChakraRecord;

namespace {

constexpr protozero::pbf_tag_type as_truth = 27, as_int32 = 7, as_uint64 = 13;

RankTrace read(const std::vector<std::vector<ChakraRecord>>& ranks) {
  std::vector<RankFile> files;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    files.push_back({"t." + std::to_string(i) + ".et", test::chakra_file(ranks[i])});
  }
  RankTrace trace = read_chakra("t", files);
  check(trace);
  return trace;
}

template <class Read>
std::string refusal(Read read_it) {
  try {
    read_it();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no problem";
}

ChakraRecord compute(std::uint64_t id, std::vector<std::uint64_t> after = {}) {
  return {id, "c", 4, std::move(after), {}, 5, {}, ""};
}
ChakraRecord all_reduce(std::uint64_t id, std::string group = "") {
  return {id, "r", 7, {}, {}, 0, {{"comm_type", 0}, {"comm_size", 64}}, std::move(group)};
}

std::int64_t count_of(const RankTraceDescription& description, const std::string& kind) {
  for (const auto& total : description.kinds) {
    if (total.kind == kind) return total.count;
  }
  return 0;
}

std::int64_t note_of(const std::vector<TraceNote>& notes, const std::string& word) {
  for (const TraceNote& note : notes) {
    if (note.what.find(word) != std::string::npos) return note.count;
  }
  return 0;
}

RankTraceDescription shared_description(const std::string& name) {
  return describe(read_rank_trace(test::shared_file_or_skip("data/ai/" + name)));
}

}  // namespace

TEST_CASE("attributes are found by their names and in any of their integer types", "[workload][chakra]") {
  for (const auto field : {9, 13}) {
    const auto trace = read({{{1,
                               "r",
                               7,
                               {},
                               {},
                               0,
                               {{"comm_size", 4096, static_cast<protozero::pbf_tag_type>(field)}, {"comm_type", 2}},
                               ""}}});
    const auto& collective = std::get<RankCollective>(trace.ranks[0].actions[0].work);
    CHECK(collective.operation == RankOperation::all_gather);
    CHECK(collective.size.si() == 4096.0);
  }
  const auto sent =
      read({{{0, "s", 5, {}, {}, 0, {{"comm_dst", 1, as_int32}, {"comm_tag", 3, as_int32}, {"comm_size", 10}}, ""}},
            {{0, "r", 6, {}, {}, 0, {{"comm_src", 0, as_int32}, {"comm_tag", 3, as_uint64}}, ""}}});
  CHECK(std::get<RankSend>(sent.ranks[0].actions[0].work) == RankSend{1, 3, bytes(10.0)});
}

TEST_CASE("a host node and a kernel compute on their own devices and lanes", "[workload][chakra]") {
  const auto trace =
      read({{{1, "h", 4, {}, {}, 7, {{"is_cpu_op", 1, as_truth}, {"tid", 2}}, ""},
             {2, "k", 4, {1}, {}, 30, {{"is_cpu_op", 0, as_truth}, {"tid", 2}, {"num_ops", 1000}}, ""}}});
  const auto& host = std::get<RankCompute>(trace.ranks[0].actions[0].work);
  const auto& kernel = std::get<RankCompute>(trace.ranks[0].actions[1].work);
  CHECK(host.device == DeviceKind::cpu);
  CHECK(host.time->si() == Approx(7e-6));
  CHECK(kernel.device == DeviceKind::gpu);
  CHECK(kernel.flops->si() == 1000.0);
  CHECK(kernel.lane != host.lane);
}

TEST_CASE("dependencies on nodes that are not there are dropped with a note", "[workload][chakra]") {
  const auto trace = read({{compute(1, {77, 78}), compute(2, {1})}});
  CHECK(note_of(trace.notes, "does not hold") == 2);
  CHECK(trace.ranks[0].dependencies.size() == 1);
}

TEST_CASE("dependencies of control that close a circle give way to those of data", "[workload][chakra]") {
  const auto trace = read({{{1, "a", 4, {}, {2}, 5, {}, ""}, compute(2, {1})}});
  CHECK(note_of(trace.notes, "close circles") == 1);
  const auto kept = read({{{1, "a", 4, {}, {}, 5, {}, ""}, {2, "b", 4, {}, {1}, 5, {}, ""}}});
  CHECK(kept.ranks[0].dependencies.size() == 1);
}

// Kernels 2 and 3 of stream 7: nothing waits for 2, so 3 does; kernel 4 is of another stream.
TEST_CASE("a kernel that nothing waits for is put before the next of its stream", "[workload][chakra]") {
  const auto kernel = [](std::uint64_t id, std::int64_t stream) {
    return ChakraRecord{id, "k", 4, {1}, {}, 5, {{"is_cpu_op", 0, as_truth}, {"tid", stream}}, ""};
  };
  const auto trace = read({{compute(1), kernel(2, 7), kernel(4, 9), kernel(3, 7)}});
  CHECK(note_of(trace.notes, "nothing waited for") == 1);
  const auto after = trace.ranks[0].dependencies_of(trace.ranks[0].actions[2]);  // in the order of ids
  REQUIRE(after.size() == 2);
  CHECK(after[1].action == 1);
}

TEST_CASE("process groups are groups of the ranks that name them", "[workload][chakra]") {
  const auto trace = read(
      {{all_reduce(1, "a"), all_reduce(2)}, {all_reduce(1, "b"), all_reduce(2)}, {all_reduce(1, "a"), all_reduce(2)}});
  REQUIRE(trace.groups.size() == 3);
  CHECK(trace.groups[1].members == std::vector<std::uint32_t>{0, 2});
  CHECK(trace.groups[2].members == std::vector<std::uint32_t>{1});
}

TEST_CASE("a Chakra trace cut off anywhere is refused with its rank and node", "[workload][chakra][rejects]") {
  const std::string whole = test::small_training_rank();
  for (std::size_t length = 1; length < whole.size(); ++length) {
    const std::string text = refusal([&] { read_chakra("t", {{"t.0.et", whole.substr(0, length)}}); });
    if (text == "no problem") continue;  // between two records
    CHECK(text.rfind("t.0.et: rank 0: the trace ends within", 0) == 0);
  }
  CHECK(refusal([&] {
          read_chakra("t", {{"t.0.et", whole.substr(0, whole.size() - 3)}});
        }).find("after node 7") != std::string::npos);
  CHECK(refusal([&] {
          read_chakra("t", {{"t.0.et", ""}});
        }) == "t.0.et: rank 0: is empty, expected a Chakra execution trace");
}

TEST_CASE("bad Chakra traces are refused with their rank and node", "[workload][chakra][rejects]") {
  CHECK(refusal([] {
          read_chakra("t", {{"t.0.et", "\x01x"}, {"t.2.et", ""}});
        }) == "t: rank 1 is missing: there is no file of it, but t.2.et is of rank 2");
  CHECK(refusal([] {
          read_chakra("t", {{"a.et", ""}, {"t.2.et", ""}});
        }) == "a.et: has no rank in its name, expected a name such as \"trace.3.et\" for rank 3");
  CHECK(refusal([] {
          read({{compute(4, {5}), compute(5, {4})}});
        }) ==
        "t.0.et: node 4: rank 0: actions wait for each other in a circle: rank 0 node 4 (compute) waits for rank 0 "
        "node 5 "
        "(compute) waits for rank 0 node 4 (compute)");
  CHECK(refusal([] {
          read({{all_reduce(1)}, {compute(1)}});
        }) ==
        "t.0.et: node 1: rank 0: this all-reduce is collective 1 of all ranks, which 1 of its 2 ranks never join (1)");
  CHECK(refusal([] {
          read({{compute(1)}, {{9, "r", 6, {}, {}, 0, {{"comm_src", 0}}, ""}}});
        }) ==
        "t.1.et: node 9: rank 1: this receive from rank 0 with tag 0 has no send left to meet it; a rank or a line may "
        "be "
        "missing");
  CHECK(refusal([] {
          read({{{3, "r", 7, {}, {}, 0, {{"comm_type", 77}}, ""},
                 {4, "x", 7, {}, {}, 0, {}, ""},
                 {5, "s", 5, {}, {}, 0, {{"comm_dst", 8}}, ""},
                 {6, "n", 9, {}, {}, 0, {}, ""},
                 compute(6)}});
        }) ==
        "t.0.et: node 6: rank 0: \"c\" has the number of another node of this rank; each number belongs to one\n"
        "t.0.et: node 3: rank 0: \"r\" has comm_type 77, expected 0 to 9\n"
        "t.0.et: node 4: rank 0: \"x\" is a collective without comm_type; which collective it is cannot be known\n"
        "t.0.et: node 5: rank 0: \"s\" has comm_dst 8, expected a rank, 0 to 0; is a file missing?\n"
        "t.0.et: node 6: rank 0: \"n\" has type 9, expected one of 1 (metadata) to 7 (collective)");
}

TEST_CASE("the small Chakra trace of the library is what our writer writes", "[workload][chakra]") {
  const std::string folder = std::string(ZETTASIM_SOURCE_DIR) + "/workloads/traces/training/";
  for (const char* name : {"training.0.et", "training.1.et"})
    CHECK(read_text(folder + name) == test::small_training_rank());
  const auto description = describe(read_rank_trace(folder));
  CHECK(description.ranks == 2);
  CHECK(description.roles == 1);
  CHECK(description.actions == 16);
  CHECK(description.collective_size.si() == 16e6);
}

// One record of metadata and 3,664 nodes are the 3,665 records of shared/README.md.
TEST_CASE("the recorded Chakra trace has all its records", "[workload][chakra]") {
  const auto description = shared_description("chakra/chakra.0.et.zst");
  CHECK(description.actions + note_of(description.notes, "metadata") == 3665);
  CHECK(count_of(description, "all-reduce") == 5);
  CHECK(count_of(description, "broadcast") == 2);
  CHECK(note_of(description.notes, "does not hold") == 1277);
}

TEST_CASE("the other Chakra samples load with their nodes", "[workload][chakra]") {
  const auto old = shared_description("chakra/feeder_tests_trace_old.tar.gz");
  CHECK(old.actions == 11347);
  CHECK(count_of(old, "all-reduce") + count_of(old, "broadcast") == 14);
  CHECK(shared_description("chakra/feeder_tests_trace.tar.gz").actions == 3664);
}

// 64 ranks: ResNet-50 with 54 collectives each among 215 nodes, one all-reduce of 65,536 B; a ring of 8 ranks, each
// with 14 messages of 131,072 B and 35 nodes.
TEST_CASE("the generated Chakra samples of many ranks load with one role each", "[workload][chakra]") {
  const auto resnet = shared_description("astra-resnet_dp.tar.zst");
  CHECK(resnet.ranks == 64);
  CHECK(resnet.roles == 1);
  CHECK(resnet.actions == 64 * 215);
  CHECK(count_of(resnet, "all-reduce") == 64 * 54);
  const auto one = shared_description("astra-onecomm_allreduce.tar");
  CHECK(one.ranks == 64);
  CHECK(one.roles == 1);
  CHECK(one.collective_size.si() == 64 * 65536.0);
  const auto ring = shared_description("astra-custom_ring_allreduce_8npus_1MB.et.tar.zst");
  CHECK(ring.ranks == 8);
  CHECK(ring.roles == 1);
  CHECK(ring.actions == 8 * 35);
  CHECK(ring.message_size.si() == 8 * 14 * 131072.0);
}
