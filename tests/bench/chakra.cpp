// Not a test: how long a Chakra rank takes to be read and checked. bench_chakra [NODES]
#include <fmt/format.h>

#include <chrono>
#include <string>

#include "support/chakra_writer.hpp"
#include "zettasim/workload/rank_trace_files.hpp"

using namespace zettasim;

namespace {

// A host thread that launches a kernel at every other node, each kernel after its launch and four kernels before it.
std::string rank_of(std::uint64_t nodes) {
  std::vector<test::ChakraRecord> records;
  for (std::uint64_t i = 0; i < nodes; ++i) {
    const bool kernel = i % 2 == 1;
    test::ChakraRecord node{
        i,  kernel ? "void a_kernel_with_a_long_name<float, 4>(float*, float const*, int)" : "aten::op",
        4,  {},
        {}, 5,
        {}, ""};
    for (std::uint64_t back = kernel ? 1 : 2; back <= std::min<std::uint64_t>(i, 8); back += 2)
      node.data.push_back(i - back);
    node.attributes = {{"is_cpu_op", kernel ? 0 : 1, 27},
                       {"tid", kernel ? 7 : 1},
                       {"rf_id", static_cast<std::int64_t>(i)},
                       {"seq_id", 0},
                       {"scope", 7}};
    if (i % 500 == 1) {
      node.kind = 7;
      node.attributes.push_back({"comm_type", 0});
      node.attributes.push_back({"comm_size", 1 << 20});
    }
    records.push_back(std::move(node));
  }
  return test::chakra_file(records);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int count, char** arguments) {
  const std::uint64_t nodes = count > 1 ? std::stoull(arguments[1]) : 30'000;
  const workload::RankFile file{"bench.0.et", rank_of(nodes)};
  for (int run = 0; run < 5; ++run) {
    const auto start = std::chrono::steady_clock::now();
    const auto trace = workload::read_chakra("bench", {file});
    const double read = seconds_since(start);
    workload::check(trace);
    fmt::print("{} nodes, {:.1f} MB, {} dependencies: read in {:.3f} s, checked in {:.3f} s more\n", nodes,
               static_cast<double>(file.text.size()) * 1e-6, trace.ranks[0].dependencies.size(), read,
               seconds_since(start) - read);
  }
}
