// Collective algorithms as schedules: rounds of messages between the ranks 0 to p - 1, one rank on each node.
//
// A round is a pattern (who sends to whom) with a size. Patterns do not depend on the size of the collective, and
// several algorithms share them, so their routes are worked out once. Algorithms and their costs without contention:
//   Thakur, Rabenseifner, Gropp 2005, "Optimization of collective communication operations in MPICH" (ring, recursive
//   doubling, halving and doubling after Rabenseifner, Bruck, pairwise, binomial tree, scatter and all-gather after van
//   de Geijn);
//   Sanders, Speck, Traeff 2009, "Two-tree algorithms for full bandwidth broadcast, reduction and scan";
//   Jain, Sabharwal 2010, "Optimal bucket algorithms for large MPI collectives on torus interconnects".
// The table of all of them: zettasim/cost/algorithms.hpp.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"

namespace zettasim::cost {

enum class Shape {
  shift,     // each rank to the one `distance` further on, round the end
  exchange,  // each rank of the largest power of two to the one whose number differs in the bit `distance`, and back
  fold,      // ranks beyond the largest power of two to a partner inside it (distance 0)
  unfold,    // and back
  spread,    // binomial tree: each rank below `distance` to the one `distance` further on
  gather,    // the same messages backwards
  scatter,   // binomial tree from its long branches on: a message carries one unit for each rank behind it
  collect,   // the same messages backwards
  line,      // each rank to both neighbours on its line of `extent` ranks that are `distance` apart, round the ends
  chain,     // each rank but the last to the next
  unchain,   // the same messages backwards
  trees_up,  // two binary trees under rank 0 at once, half a unit each: every rank to its parents (Sanders et al. 2009)
  trees_down,  // the same messages backwards
  trees_both,  // up and down two trees with a root each
  send,        // each rank to the one `distance` further on; the last ones to nobody
  all_pairs,   // each rank to each other
  combine,     // of switches: what all ranks have, to the first, each link once
  distribute,  // and from the first to all
};

struct Pattern {
  Shape shape = Shape::shift;
  std::uint32_t distance = 1;
  std::uint32_t extent = 0;  // of a line
  auto operator<=>(const Pattern&) const = default;
};

struct Round {
  Pattern pattern;
  double bytes = 0.0;    // of a message, of each of its units where messages differ
  double repeats = 1.0;  // rounds of this kind
  // More than 0: the bytes are cut into blocks that follow one another through so many stages; as many blocks as take
  // least time.
  double pipeline_depth = 0.0;
  // Neighbouring rounds with the same number other than 0 run side by side, each with its own repeats. They share the
  // nodes' interfaces and no other link.
  std::uint32_t beside = 0;
};

struct Schedule {
  std::string_view algorithm;
  std::vector<Round> rounds;
  // Who relays: the software of the ranks, or the interfaces or switches, and software at the start and the end only.
  enum class Relay { software, gates, switches };
  Relay relay = Relay::software;

  double round_count() const;  // one after the other, at least
  double bytes_sent() const;   // by the rank that sends most, at least
};

// The algorithms for an operation between `ranks` nodes (two or more); `size` as in workload::Collective. All-to-all:
// only the one in rounds. `box`: the extents of the sub-torus that the ranks fill in order, the last fastest; empty
// where they fill none, and then no algorithm made for tori is among them.
std::vector<Schedule> schedules(CollectiveOperation operation, double size_bytes, std::uint32_t ranks,
                                std::span<const std::uint32_t> box = {});

// All-to-all in p - 1 rounds, each rank to the one k further on: as many patterns as ranks, so only on demand.
Schedule pairwise(double size_bytes, std::uint32_t ranks);

// All-to-all with all messages under way together.
Schedule all_pairs_schedule(double size_bytes, std::uint32_t ranks);

// Reductions, broadcasts and barriers in the network's switches.
Schedule switch_schedule(CollectiveOperation operation, double size_bytes);

// Barriers and reductions in gates of the interfaces: dissemination and recursive doubling without software between
// their rounds.
Schedule gate_schedule(CollectiveOperation operation, double size_bytes, std::uint32_t ranks);

// The parent of a rank other than 0 in the binary tree whose level is the lowest bit set: leaves are the odd ranks, and
// the ranks in order are the tree in order. Depth ceil(log2 ranks).
constexpr std::uint32_t tree_parent(std::uint32_t rank, std::uint32_t ranks) {
  const std::uint64_t bit = rank & (~rank + 1);
  const std::uint64_t up = (rank - bit) | (bit << 1);
  return static_cast<std::uint32_t>(up < ranks ? up : rank - bit);
}

// Calls edge(child, parent) for the edges of both trees of an all-reduce. The second is the first over mirrored ranks,
// or over ranks moved on by one where their number is odd: either way the leaves of one are the inner ranks of the
// other, and all are equally busy. Each half of the vector is complete at the root of its tree and goes down from
// there, so that the roots have nothing to tell each other.
template <class Edge>
void for_each_tree_edge(std::uint32_t ranks, Edge edge) {
  const auto second = [ranks](std::uint32_t i) { return ranks % 2 == 0 ? ranks - 1 - i : (i + 1) % ranks; };
  for (std::uint32_t i = 1; i < ranks; ++i) {
    const std::uint32_t parent = tree_parent(i, ranks);
    edge(i, parent);
    edge(second(i), second(parent));
  }
}

// The same where rank 0 has the vector, or shall have it: it is the root of both, with one child in each, and the other
// ranks change places for the second tree.
template <class Edge>
void for_each_rooted_tree_edge(std::uint32_t ranks, Edge edge) {
  const auto second = [ranks](std::uint32_t i) {
    if (i == 0) return i;
    return ranks % 2 == 1 ? ranks - i : i % (ranks - 1) + 1;
  };
  for (std::uint32_t i = 1; i < ranks; ++i) {
    const std::uint32_t parent = tree_parent(i, ranks);
    edge(i, parent);
    edge(second(i), second(parent));
  }
}

// Calls send(from, to, units) for each message of a round.
template <class Send>
void for_each_message(const Pattern& pattern, std::uint32_t ranks, Send send) {
  const std::uint32_t d = pattern.distance;
  std::uint32_t power = 1;
  while (power <= ranks / 2) power *= 2;
  const std::uint32_t extra = ranks - power;
  // Of the first 2 * extra ranks the odd ones stand for their pair, so that neighbours fold into neighbours.
  const auto rank_of = [extra](std::uint32_t i) { return i < extra ? 2 * i + 1 : i + extra; };
  switch (pattern.shape) {
    case Shape::shift:
      for (std::uint32_t i = 0; i < ranks; ++i) send(i, i < ranks - d ? i + d : i - (ranks - d), 1.0);
      break;
    case Shape::exchange:
      for (std::uint32_t i = 0; i < power; ++i) send(rank_of(i), rank_of(i ^ d), 1.0);
      break;
    case Shape::fold:
      for (std::uint32_t i = 0; i < extra; ++i) send(2 * i, 2 * i + 1, 1.0);
      break;
    case Shape::unfold:
      for (std::uint32_t i = 0; i < extra; ++i) send(2 * i + 1, 2 * i, 1.0);
      break;
    case Shape::spread:
      for (std::uint32_t i = 0; i < std::min(d, ranks - d); ++i) send(i, i + d, 1.0);
      break;
    case Shape::gather:
      for (std::uint32_t i = 0; i < std::min(d, ranks - d); ++i) send(i + d, i, 1.0);
      break;
    case Shape::scatter:
      for (std::uint32_t i = 0; i < ranks - d; i += 2 * d) send(i, i + d, std::min(d, ranks - d - i));
      break;
    case Shape::collect:
      for (std::uint32_t i = 0; i < ranks - d; i += 2 * d) send(i + d, i, std::min(d, ranks - d - i));
      break;
    case Shape::line: {
      const std::uint32_t back = d * (pattern.extent - 1);
      for (std::uint32_t i = 0; i < ranks; ++i) {
        const std::uint32_t place = i / d % pattern.extent;
        send(i, place + 1 < pattern.extent ? i + d : i - back, 1.0);
        send(i, place > 0 ? i - d : i + back, 1.0);
      }
      break;
    }
    case Shape::chain:
      for (std::uint32_t i = 0; i + 1 < ranks; ++i) send(i, i + 1, 1.0);
      break;
    case Shape::unchain:
      for (std::uint32_t i = 0; i + 1 < ranks; ++i) send(i + 1, i, 1.0);
      break;
    case Shape::trees_up:
      for_each_rooted_tree_edge(ranks, [&](std::uint32_t child, std::uint32_t parent) { send(child, parent, 0.5); });
      break;
    case Shape::trees_down:
      for_each_rooted_tree_edge(ranks, [&](std::uint32_t child, std::uint32_t parent) { send(parent, child, 0.5); });
      break;
    case Shape::trees_both:
      for_each_tree_edge(ranks, [&](std::uint32_t child, std::uint32_t parent) {
        send(child, parent, 0.5);
        send(parent, child, 0.5);
      });
      break;
    case Shape::send:
      for (std::uint32_t i = 0; i + std::uint64_t{d} < ranks; ++i) send(i, i + d, 1.0);
      break;
    case Shape::all_pairs:
      for (std::uint32_t i = 0; i < ranks; ++i) {
        for (std::uint32_t j = 0; j < ranks; ++j) {
          if (i != j) send(i, j, 1.0);
        }
      }
      break;
    case Shape::combine:
    case Shape::distribute:
      break;  // no messages between ranks: the router builds their trees
  }
}

}  // namespace zettasim::cost
