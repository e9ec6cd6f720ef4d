// How the cost of a communication phase grows with its ranks: bench_network. From 1,024 to 131,072 nodes of Fugaku,
// each algorithm on a fresh model, so that every pattern is routed. For each the least of five runs, in CPU time.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>

#include "zettasim/cost/algorithms.hpp"
#include "zettasim/cost/communication.hpp"
#include "zettasim/platform/load.hpp"
#include "zettasim/topology/network.hpp"

using namespace zettasim;
using namespace zettasim::literals;

namespace {

double cpu_s() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Without what making the model takes, which is the same for all.
double least_s(const platform::Machine& machine, const topology::Network& network, CollectiveOperation operation,
               std::string_view algorithm, std::size_t ranks) {
  std::vector<NodeId> nodes;
  for (std::size_t i = 0; i < ranks; ++i) nodes.emplace_back(i);
  double least = 1e9;
  for (int run = 0; run < 5; ++run) {
    cost::CommunicationModel model(machine, network);
    const double start = cpu_s();
    model.collective(operation, 1_MiB, nodes, {.algorithm = algorithm, .loads = cost::Loads::left_out});
    least = std::min(least, cpu_s() - start);
  }
  return least;
}

}  // namespace

int main() {
  constexpr std::size_t few = 1024, many = 131'072;
  const double goal = many * std::log2(many) / (few * std::log2(few));
  const auto machine = platform::load_machine(std::filesystem::path(ZETTASIM_SOURCE_DIR) / "platforms/fugaku.json");
  const auto network = topology::build_network(machine);
  fmt::print("{} and {} nodes of {}, goal: at most {:.1f} times, N log N\n", few, many, machine.name, goal);
  double worst = 0.0;
  for (const cost::CollectiveAlgorithm& algorithm : cost::collective_algorithms()) {
    for (const CollectiveOperation operation : algorithm.operations) {
      const bool works_here = algorithm.name != "pairwise" && algorithm.name != "in-network reduction" &&
                              algorithm.name != "torus rings";  // needs a box, and both sizes are none
      if (!works_here) continue;
      const double small = least_s(machine, *network, operation, algorithm.name, few);
      const double large = least_s(machine, *network, operation, algorithm.name, many);
      fmt::print("{:<15} {:<45} {:>8.2f} ms {:>8.2f} ms {:>7.1f} times\n", name_of(operation), algorithm.name,
                 small * 1e3, large * 1e3, large / small);
      worst = std::max(worst, large / small);
    }
  }
  fmt::print("worst: {:.1f} times\n", worst);
  return worst <= goal ? 0 : 1;
}
