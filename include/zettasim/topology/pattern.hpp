// Who sends to whom in a communication phase, for any placement of ranks, as bytes on links.
//
// Phase time = slowest link + latency of the longest route: a lower bound of what fair sharing gives, and equal to it
// where the slowest link is busy to the end (docs/model-network.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "zettasim/base/vocabulary.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::topology {

enum class PatternKind {
  neighbours,          // each rank sends to both neighbours along each extent of a periodic grid
  ring,                // to the next rank
  recursive_doubling,  // step k: rank i with rank i xor 2^k, if there is one; halving has the same pairs
  all_to_all,          // to each other rank
  uniform,             // the same, with the size divided over the others: uniform random traffic on average
  transpose,           // of the most square grid of ranks: row r, column c to row c, column r of the turned grid
  tornado,             // i to i + ceil(p/2) - 1: almost half way round, always in one direction
  bit_complement,      // i to p - 1 - i: where p is a power of two, all bits turned
  permutation,         // each to one other or itself, drawn with the seed
  matrix,              // the messages of a file
};
const Choices<PatternKind>& pattern_names();

struct Message {
  std::uint32_t from = 0;  // rank
  std::uint32_t to = 0;
  DataSize size = {};
  bool operator==(const Message&) const = default;
};

struct Pattern {
  PatternKind kind = PatternKind::all_to_all;
  DataSize size = {};                      // of a message; matrix: each has its own
  std::vector<std::int64_t> extents = {};  // neighbours, transpose (two): they multiply to the ranks
  int step = 0;                            // recursive doubling
  std::uint64_t seed = 1;                  // permutation
  std::vector<Message> messages = {};      // matrix
};

// What one phase of a pattern asks of the network.
struct PatternLoad {
  double messages = 0.0;
  Duration latency;                // of the longest route
  Duration transfer;               // of the slowest link
  LinkId slowest{std::size_t{0}};  // the first such link
  Duration time() const { return latency + transfer; }
};

// Rank i is on nodes[i]; ranks on one node send nothing over the network. Adds to `loads`; the result tells of all that
// is in there. Throws InputError when extents or ranks of a matrix do not fit.
PatternLoad add_pattern(const Network& network, const Pattern& pattern, std::span<const NodeId> nodes,
                        LinkLoads& loads);

// Reads {"format": "zettasim-traffic", "version": 1, "messages": [{"from": 0, "to": 5, "size": "1 MiB"}]}.
// Throws InputError.
std::vector<Message> load_traffic(const std::filesystem::path& file);

}  // namespace zettasim::topology
