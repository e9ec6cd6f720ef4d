// The collective algorithms there are: one table of names, used to force one, to suggest one and to explain one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "zettasim/base/vocabulary.hpp"

namespace zettasim::cost {

// p nodes, n bytes (as in workload::Collective), L the latency of a round (software, and the hops of its longest
// route), B what its slowest link passes for each message, k blocks, D dimensions, e their extents.
struct CollectiveAlgorithm {
  std::string_view name;
  std::vector<CollectiveOperation> operations;
  std::string_view time;   // on an idle network whose links nobody shares
  std::string_view where;  // what it needs; empty: works anywhere
  std::string_view source;
};

const std::vector<CollectiveAlgorithm>& collective_algorithms();

// Whether a GPU library such as NCCL has it for groups with one GPU on each node, or with several.
bool is_in_gpu_libraries(std::string_view name, CollectiveOperation operation, bool several_on_a_node);

// The table's entry of that name for that operation, or nullptr. Hyphens and blanks are the same: "double-binary-tree".
const CollectiveAlgorithm* find_algorithm(std::string_view name, CollectiveOperation operation);

// The names for one operation, in the order of the table.
std::vector<std::string> algorithm_names(CollectiveOperation operation);

}  // namespace zettasim::cost
