// Collective algorithms as schedules: rounds of messages between the ranks 0 to p - 1, one rank on each node.
//
// A round is a pattern (who sends to whom) with a size. Patterns do not depend on the size of the collective, and
// several algorithms share them, so their routes are worked out once. Algorithms and their costs without contention:
//   Thakur, Rabenseifner, Gropp 2005, "Optimization of collective communication operations in MPICH" (ring, recursive
//   doubling, halving and doubling after Rabenseifner, Bruck, binomial tree, scatter and all-gather after van de
//   Geijn).
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
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
};

struct Pattern {
  Shape shape = Shape::shift;
  std::uint32_t distance = 1;
  auto operator<=>(const Pattern&) const = default;
};

struct Round {
  Pattern pattern;
  double bytes = 0.0;    // of a message, of each of its units for scatter and collect
  double repeats = 1.0;  // rounds of this kind
};

struct Schedule {
  std::string_view algorithm;
  std::vector<Round> rounds;

  double round_count() const;
  double bytes_sent() const;  // by the rank that sends most, at least
};

// The algorithms for an operation between `ranks` nodes (two or more); `size` as in workload::Collective. All-to-all:
// only the one in rounds.
std::vector<Schedule> schedules(CollectiveOperation operation, double size_bytes, std::uint32_t ranks);

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
  }
}

}  // namespace zettasim::cost
