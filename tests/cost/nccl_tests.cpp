// GPU collectives inside a node: protocols by hand, and against tables measured with nccl-tests.
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "support/shared_data.hpp"
#include "zettasim/cost/communication.hpp"
#include "zettasim/platform/load.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using enum CollectiveOperation;

namespace {

// Four GPUs; a quick protocol of 10 GB/s and a broad one of 100 GB/s.
platform::Machine library_machine(platform::Topology topology, std::int64_t nodes) {
  auto machine = test::machine(std::move(topology), nodes);
  platform::GpuCollectives library;
  library.protocols = {{.name = "quick",
                        .launch = 5_us,
                        .step = 1_us,
                        .bandwidth = bytes_per_second(10e9),
                        .network_step = 2_us,
                        .network_share = 0.5},
                       {.name = "broad",
                        .launch = 10_us,
                        .step = 4_us,
                        .bandwidth = bytes_per_second(100e9),
                        .network_step = 9_us,
                        .network_share = 1.0}};
  machine.node.gpu_collectives = library;
  return machine;
}

cost::CommunicationCost cost_on(const platform::Machine& machine, CollectiveOperation operation, DataSize size,
                                std::size_t nodes, const cost::CollectiveChoice& choice = {}) {
  const auto network = topology::build_network(machine);
  return cost::CommunicationModel(machine, *network).collective(operation, size, test::first_nodes(nodes), choice);
}

}  // namespace

// Four GPUs in a ring: 6 steps and 3/2 of the vector. 1 kB: 5 + 6 * 1 us + 1.5 kB / (10 GB/s) = 11.15 us, against 34
// us. 10 MB: 5 + 6 us + 1,500 us against 10 + 24 us + 150 us.
TEST_CASE("a small collective of GPUs takes the quick protocol and a large one the broad", "[cost][analytic]") {
  const auto machine = library_machine(test::fully_connected(), 2);
  const auto small = cost_on(machine, all_reduce, 1000_B, 1);
  CHECK(small.protocol == "quick");
  CHECK(small.algorithm == "ring");
  CHECK(in_seconds(small.time) == Approx(11.15e-6).epsilon(1e-9));
  const auto large = cost_on(machine, all_reduce, 10_MB, 1);
  CHECK(large.protocol == "broad");
  CHECK(in_seconds(large.time) == Approx(184e-6).epsilon(1e-9));
  const auto forced = cost_on(machine, all_reduce, 10_MB, 1, {.protocol = "quick"});
  CHECK(in_seconds(forced.time) == Approx(1511e-6).epsilon(1e-9));
  CHECK_THROWS_WITH(cost_on(machine, all_reduce, 1_MB, 1, {.protocol = "brod"}),
                    Catch::Contains("did you mean \"broad\"?"));
}

// 10 kB from each of four: one step for all partners at once, 3/4 of it over the link: 5 + 1 + 0.75 us.
TEST_CASE("an all-to-all of GPUs sends to all partners in one step", "[cost][analytic]") {
  const auto cost = cost_on(library_machine(test::fully_connected(), 2), all_to_all, bytes(40e3), 1);
  CHECK(in_seconds(cost.time) == Approx(6.75e-6).epsilon(1e-9));
}

// Two of the four: 2 steps, 1 kB once: 5 + 2 + 0.1 us.
TEST_CASE("a collective over some GPUs of a node takes steps for those only", "[cost][analytic]") {
  const auto cost = cost_on(library_machine(test::fully_connected(), 2), all_reduce, 1000_B, 1, {.gpus_per_node = 2});
  CHECK(in_seconds(cost.time) == Approx(7.1e-6).epsilon(1e-9));
}

// Four nodes of four: launch once, 6 steps inside and 0.15 us of data; recursive doubling between nodes, 2 rounds of 2
// us, a hop of 100 ns, and 1 kB at half of 50 GB/s.
TEST_CASE("between nodes a protocol's step takes the place of the software and its flags take bandwidth",
          "[cost][analytic]") {
  const auto cost =
      cost_on(library_machine(test::fully_connected(), 4), all_reduce, 1000_B, 4, {.algorithm = "recursive doubling"});
  CHECK(cost.protocol == "quick");
  CHECK(in_seconds(cost.time) == Approx(5e-6 + 6.15e-6 + 2 * (2.1e-6 + 1000 / 25e9)).epsilon(1e-9));
}

// Sixteen nodes all linked. 1 kB by MPI is least in log2 16 = 4 rounds; a GPU library has no such pairs. One GPU of
// each node: what NCCL calls PAT is Bruck's.
TEST_CASE("between nodes a GPU library chooses among what it has and MPI among all", "[cost]") {
  auto machine = library_machine(test::fully_connected(), 16);
  const auto chosen = [&](CollectiveOperation operation, std::int64_t gpus) {
    return cost_on(machine, operation, 1000_B, 16, {.gpus_per_node = gpus}).algorithm;
  };
  CHECK(chosen(all_reduce, 4) == "double binary tree");
  CHECK(chosen(broadcast, 4) == "chain");
  CHECK(chosen(all_gather, 4) == "ring");
  CHECK(chosen(all_gather, 1) == "Bruck");
  CHECK(chosen(all_to_all, 4) == "all pairs at once");
  CHECK(cost_on(machine, all_reduce, 1000_B, 16, {.algorithm = "recursive doubling"}).algorithm ==
        "recursive doubling");
  machine.node.gpu_collectives.reset();
  CHECK(chosen(all_reduce, 4) == "recursive doubling");
}

// 20 us + n / (30 GB/s) * 4/3: 1 MB takes 64.4 us where the broad ring takes 10 + 24 + 15 = 49 us. With 100 GB/s: 33.3.
TEST_CASE("a switch that adds is taken where it is faster than the ring", "[cost][analytic]") {
  auto machine = library_machine(test::fully_connected(), 2);
  machine.node.gpu_collectives->in_switch = {.latency = 20_us, .bandwidth = bytes_per_second(30e9)};
  CHECK(cost_on(machine, all_reduce, 1_MB, 1).algorithm == "ring");
  machine.node.gpu_collectives->in_switch->bandwidth = bytes_per_second(100e9);
  const auto cost = cost_on(machine, all_reduce, 1_MB, 1);
  CHECK(cost.algorithm == "in-switch reduction");
  CHECK(in_seconds(cost.time) == Approx(20e-6 + 1e6 / 100e9 * 4 / 3).epsilon(1e-9));
  CHECK(cost_on(machine, all_reduce, 1_MB, 1, {.algorithm = "ring"}).algorithm == "ring");
  CHECK(cost_on(machine, reduce_scatter, 1_MB, 1).algorithm == "ring");
}

namespace {

struct Measured {
  std::string gpu;
  std::string operation;
  double bytes = 0.0;
  double time_us = 0.0;
};

std::vector<Measured> read_measured(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::vector<Measured> rows;
  std::string line;
  std::getline(stream, line);  // gpu,nccl_table,op,GPUs,bytes,latency_us,...
  while (std::getline(stream, line)) {
    std::istringstream fields(line);
    std::vector<std::string> values;
    for (std::string value; std::getline(fields, value, ',');) values.push_back(value);
    if (values.size() < 6 || values[3] != "8") continue;
    rows.push_back({values[0], values[2], std::stod(values[4]), std::stod(values[5])});
  }
  return rows;
}

CollectiveOperation operation_of(const std::string& name) {
  static const std::map<std::string, CollectiveOperation> names = {{"all_gather", all_gather},
                                                                   {"all_reduce", all_reduce},
                                                                   {"alltoall", all_to_all},
                                                                   {"reduce_scatter", reduce_scatter}};
  return names.at(name);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// Prints a line for each row and returns the errors by operation.
std::map<std::string, std::vector<double>> errors_of(const std::vector<Measured>& rows, const std::string& gpu,
                                                     const std::string& platform) {
  const auto machine =
      platform::load_machine(std::filesystem::path(ZETTASIM_SOURCE_DIR) / "platforms" / (platform + ".json"));
  std::map<std::string, std::vector<double>> errors;
  for (const Measured& row : rows) {
    if (row.gpu != gpu) continue;
    const auto operation = operation_of(row.operation);
    const double size = operation == all_to_all ? 8 * row.bytes : row.bytes;  // of the node
    const auto cost = cost_on(machine, operation, bytes(size), 1);
    const double time_us = in_seconds(cost.time) * 1e6;
    const double error = time_us / row.time_us - 1;
    errors[row.operation].push_back(std::abs(error));
    std::cout << fmt::format("{:<16} {:<15} {:>10} B {:>9.2f} us measured {:>9.2f} us {:>+6.1f} %  {:<7} {}\n", row.gpu,
                             row.operation, row.bytes, row.time_us, time_us, 100 * error, cost.protocol,
                             cost.algorithm);
  }
  return errors;
}

// Medians over the sizes of each operation, and over everything.
std::map<std::string, double> medians_of(const std::map<std::string, std::vector<double>>& errors,
                                         const std::string& gpu) {
  std::map<std::string, double> medians;
  std::vector<double> all;
  for (const auto& [operation, values] : errors) {
    medians[operation] = median(values);
    all.insert(all.end(), values.begin(), values.end());
  }
  medians["all"] = median(all);
  for (const auto& [operation, value] : medians) {
    std::cout << fmt::format("{:<16} {:<15} median error {:.1f} %\n", gpu, operation, 100 * value);
  }
  return medians;
}

}  // namespace

// Eight GPUs on NVSwitch, 1 KiB to 512 MiB. The description's parameters come from other measurements and from NCCL's
// own tuning (platforms/nodes/dgx-*.json); none was fitted to these rows. Goal: 15 % in the median over sizes. Missed
// by the all-to-all of A100, where grouped sends to seven partners take longer than one send, and bounded as it is.
TEST_CASE("collectives on eight A100 and eight H100 meet the measured times", "[cost][validation]") {
  const auto rows = read_measured(test::shared_file_or_skip("validation/nccl_single_node.csv"));
  REQUIRE(rows.size() >= 48);
  const auto a100 = medians_of(errors_of(rows, "A100-SXM4-80GB", "dgx-a100"), "A100");
  const auto h100 = medians_of(errors_of(rows, "H100-SXM-80GB", "dgx-h100"), "H100");
  for (const auto& medians : {a100, h100}) {
    for (const char* operation : {"all_reduce", "all_gather", "reduce_scatter", "all"}) {
      INFO(operation);
      CHECK(medians.at(operation) <= 0.15);
    }
  }
  CHECK(h100.at("alltoall") <= 0.15);
  CHECK(a100.at("alltoall") <= 0.35);
}

namespace {

// The first table of a page of nccl-tests' output: bytes and microseconds, out of place.
std::vector<std::pair<double, double>> read_nccl_output(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::vector<std::pair<double, double>> rows;
  for (std::string line; std::getline(stream, line);) {
    std::istringstream fields(line);
    double size = 0.0, count = 0.0, root = 0.0, time_us = 0.0;
    std::string type, operation;
    if (!(fields >> size >> count >> type >> operation >> root >> time_us) || operation != "sum") continue;
    if (!rows.empty() && size < rows.back().first) break;
    rows.emplace_back(size, time_us);
  }
  return rows;
}

double median_error(const std::vector<std::pair<double, double>>& errors, double least, double most) {
  std::vector<double> chosen;
  for (const auto& [size, error] : errors) {
    if (size >= least && size <= most) chosen.push_back(error);
  }
  return median(chosen);
}

}  // namespace

// Four Grace Hopper on each of two nodes of Alps, Slingshot 11; the library's constants are those of Hopper, in the
// description of DGX H100. Goal: 15 % in the median over sizes. Met up to 512 bytes and from 64 MiB on; missed between,
// where measured times are up to five times those of the library's own constants (the step to twice the time at 4 KiB
// is the adapter library's, which nothing here describes), and bounded as it is.
TEST_CASE("an all-reduce of eight GH200 on two nodes meets the measured times at both ends", "[cost][validation]") {
  const auto file = test::shared_file_or_skip("data/results/nccl_gemm/cscs_alps_gh200_nccl.txt");
  const auto platforms = std::filesystem::path(ZETTASIM_SOURCE_DIR) / "platforms";
  auto machine = platform::load_machine(platforms / "isambard-ai.json");
  machine.node.gpu_collectives = platform::load_machine(platforms / "dgx-h100.json").node.gpu_collectives;
  machine.node.gpu_collectives->in_switch.reset();
  const auto rows = read_nccl_output(file);
  REQUIRE(rows.size() == 25);
  std::vector<std::pair<double, double>> errors;
  for (const auto& [size, measured_us] : rows) {
    const auto cost = cost_on(machine, all_reduce, bytes(size), 2);
    const double time_us = in_seconds(cost.time) * 1e6;
    errors.emplace_back(size, std::abs(time_us / measured_us - 1));
    std::cout << fmt::format("8 GH200, 2 nodes {:>10} B {:>9.2f} us measured {:>9.2f} us {:>+6.1f} %  {:<7} {}\n", size,
                             measured_us, time_us, 100 * (time_us / measured_us - 1), cost.protocol, cost.algorithm);
  }
  const double all = median_error(errors, 0, 1e12);
  std::cout << fmt::format("8 GH200, 2 nodes: median error {:.1f} %\n", 100 * all);
  CHECK(median_error(errors, 0, 512) <= 0.15);
  CHECK(median_error(errors, 64 << 20, 1e12) <= 0.15);
  CHECK(all <= 0.40);
}
