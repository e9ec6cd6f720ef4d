// The table. schedule.cpp and communication.cpp make what it names; a test holds them to each other.
#include "zettasim/cost/algorithms.hpp"

#include <algorithm>

namespace zettasim::cost {

using enum CollectiveOperation;

const std::vector<CollectiveAlgorithm>& collective_algorithms() {
  constexpr std::string_view thakur = "Thakur, Rabenseifner, Gropp, IJHPCA 19(1), 2005";
  constexpr std::string_view two_trees = "Sanders, Speck, Traeff, Parallel Computing 35(12), 2009; as in NCCL";
  constexpr std::string_view van_de_geijn = "Barnett et al., SC 1994 (van de Geijn); Thakur et al. 2005";
  constexpr std::string_view powers = "a power of two of nodes";
  static const std::vector<CollectiveAlgorithm> table = {
      {"recursive doubling", {all_reduce}, "log2 p (L + n/B), and 2 (L + n/B) unless p is a power of two", "", thakur},
      {"recursive doubling", {all_gather}, "log2 p L + n (p-1)/p / B", powers, thakur},
      {"recursive halving", {reduce_scatter}, "log2 p L + n (p-1)/p / B", powers, thakur},
      {"halving and doubling",
       {all_reduce},
       "2 log2 p L + 2 n (p-1)/p / B, and 2 (L + n/B) unless p is a power of two",
       "",
       "Rabenseifner, ICCS 2004; Thakur et al. 2005"},
      {"ring", {all_reduce}, "2 (p-1) (L + n/p / B)", "", "Patarasuk, Yuan, JPDC 69(2), 2009; Thakur et al. 2005"},
      {"ring", {reduce_scatter, all_gather}, "(p-1) (L + n/p / B)", "", thakur},
      {"Bruck", {all_gather}, "ceil(log2 p) L + n (p-1)/p / B", "", "Bruck et al., IEEE TPDS 8(11), 1997"},
      {"reversed Bruck", {reduce_scatter}, "ceil(log2 p) L + n (p-1)/p / B", "", "Bruck et al., IEEE TPDS 8(11), 1997"},
      {"double binary tree", {all_reduce}, "(2 ceil(log2 p) - 1 + k) (L + 2 n/k / B), k of least time", "", two_trees},
      {"double binary tree",
       {broadcast, reduce},
       "(ceil(log2 p) - 1 + k) (L + n/k / B), k of least time",
       "",
       two_trees},
      {"chain",
       {broadcast, reduce},
       "(p - 2 + k) (L + n/k / B), k of least time",
       "",
       "pipelined; as NCCL's ring broadcast"},
      {"binomial tree", {broadcast, reduce}, "ceil(log2 p) (L + n/B)", "", thakur},
      {"scatter and Bruck all-gather", {broadcast}, "2 ceil(log2 p) L + 2 n (p-1)/p / B", "", van_de_geijn},
      {"scatter and ring all-gather", {broadcast}, "(ceil(log2 p) + p-1) L + 2 n (p-1)/p / B", "", van_de_geijn},
      {"scatter and recursive doubling all-gather", {broadcast}, "2 log2 p L + 2 n (p-1)/p / B", powers, van_de_geijn},
      {"reversed Bruck reduce-scatter and gather", {reduce}, "2 ceil(log2 p) L + 2 n (p-1)/p / B", "", van_de_geijn},
      {"ring reduce-scatter and gather", {reduce}, "(ceil(log2 p) + p-1) L + 2 n (p-1)/p / B", "", van_de_geijn},
      {"recursive halving reduce-scatter and gather",
       {reduce},
       "2 log2 p L + 2 n (p-1)/p / B",
       powers,
       "Rabenseifner, ICCS 2004"},
      {"torus rings",
       {all_reduce, reduce_scatter, all_gather},
       "D phases (all-reduce: 2 D) of the rings of all dimensions at once, n/(2D) each way round; a phase is its "
       "slowest "
       "ring, (e-1) (L + part/e / B), or the interfaces",
       "nodes that fill a box of a torus in order",
       "Jain, Sabharwal, ICS 2010 (bucket algorithms); Barnett et al. 1993"},
      {"Bruck", {all_to_all}, "ceil(log2 p) L + about n/2 log2 p / B", "", "Bruck et al., IEEE TPDS 8(11), 1997"},
      {"pairwise", {all_to_all}, "(p-1) (L + n/p / B)", "at most 4,096 nodes; when asked for by name", thakur},
      {"all pairs at once", {all_to_all}, "L + max((p-2) gap, busiest link)", "", "docs/model-network.md"},
      {"dissemination", {barrier}, "ceil(log2 p) L", "", "Hensgen, Finkel, Manber, IJPP 17(1), 1988"},
      {"in-network reduction",
       {all_reduce, reduce, broadcast, barrier},
       "switches: L + combining + hops up and down + n/B; barrier gates: software + log2 p (combining + hops)",
       "a network whose description has \"in_network_reduction\", up to its largest vector",
       "Graham et al., COMHPC 2016 (SHARP); Ajima et al., CLUSTER 2018 (Tofu barrier)"},
  };
  return table;
}

namespace {

bool same_name(std::string_view a, std::string_view b) {
  const auto plain = [](char c) { return c == '-' || c == '_' ? ' ' : c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return plain(x) == plain(y); });
}

}  // namespace

const CollectiveAlgorithm* find_algorithm(std::string_view name, CollectiveOperation operation) {
  for (const CollectiveAlgorithm& algorithm : collective_algorithms()) {
    if (std::ranges::count(algorithm.operations, operation) > 0 && same_name(algorithm.name, name)) return &algorithm;
  }
  return nullptr;
}

// NCCL's user guide, NCCL_ALGO: Ring, Tree, CollNet (in the network), PAT (as Bruck's, for one GPU a node); sends and
// receives in a group for all-to-alls. It has no barrier, so that programs make theirs of something else.
bool is_in_gpu_libraries(std::string_view name, CollectiveOperation operation, bool several_on_a_node) {
  switch (operation) {
    case all_reduce:
      return name == "ring" || name == "double binary tree" || name == "in-network reduction";
    case reduce_scatter:
      return name == "ring" || (name == "reversed Bruck" && !several_on_a_node);
    case all_gather:
      return name == "ring" || (name == "Bruck" && !several_on_a_node);
    case broadcast:
    case reduce:
      return name == "chain";
    case all_to_all:
      return name == "all pairs at once";
    case barrier:
      return true;
  }
  return true;
}

std::vector<std::string> algorithm_names(CollectiveOperation operation) {
  std::vector<std::string> names;
  for (const CollectiveAlgorithm& algorithm : collective_algorithms()) {
    if (std::ranges::count(algorithm.operations, operation) > 0) names.emplace_back(algorithm.name);
  }
  return names;
}

}  // namespace zettasim::cost
