#include "schedule.hpp"

#include <algorithm>
#include <bit>

namespace zettasim::cost {

double Schedule::round_count() const {
  double count = 0.0;
  double longest = 0.0;  // of the rounds side by side that end here
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    const double own = rounds[i].pipeline_depth > 0.0 ? rounds[i].pipeline_depth : rounds[i].repeats;
    const bool goes_on = i > 0 && rounds[i].beside != 0 && rounds[i].beside == rounds[i - 1].beside;
    if (goes_on) count -= longest;
    longest = goes_on ? std::max(longest, own) : own;
    count += longest;
  }
  return count;
}

double Schedule::bytes_sent() const {
  double bytes = 0.0;
  double fanned = 0.0;  // trees: one rank need not send in every round, so only the largest message is certain
  for (const Round& round : rounds) {
    switch (round.pattern.shape) {
      case Shape::shift:
      case Shape::exchange:
        bytes += round.bytes * round.repeats;
        break;
      case Shape::line:
        bytes += 2 * round.bytes * round.repeats;
        break;
      case Shape::trees_up:
      case Shape::trees_down:
        fanned = std::max(fanned, round.bytes / 2);
        break;
      default:
        fanned = std::max(fanned, round.bytes);
        break;
    }
  }
  return std::max(bytes, fanned);
}

namespace {

using Rounds = std::vector<Round>;

Rounds operator+(Rounds a, const Rounds& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// A ring that passes chunks of size / p on, p - 1 times: a reduce-scatter, or an all-gather.
Rounds ring(double size, std::uint32_t p) {
  return {{.pattern = {Shape::shift, 1}, .bytes = size / p, .repeats = p - 1.0}};
}

// All-gather in ceil(log2 p) rounds for any p: each round doubles what a rank holds, the last one tops it up (Bruck et
// al. 1997). Run backwards, adding instead of storing, it is a reduce-scatter.
Rounds bruck(double size, std::uint32_t p) {
  Rounds rounds;
  for (std::uint64_t d = 1; d < p; d *= 2) {
    const auto distance = static_cast<std::uint32_t>(d);
    rounds.push_back({.pattern = {Shape::shift, distance}, .bytes = size / p * std::min(distance, p - distance)});
  }
  return rounds;
}

Rounds binomial(Shape shape, double size, std::uint32_t p) {
  Rounds rounds;
  for (std::uint64_t d = 1; d < p; d *= 2) {
    rounds.push_back({.pattern = {shape, static_cast<std::uint32_t>(d)}, .bytes = size});
  }
  return rounds;
}

// Pairs exchange what they hold, over distances 1, 2, 4, ...; ranks beyond a power of two hand theirs to a partner
// first and get the result back. Doubling: the whole vector each time. Halving and doubling: half of it, a quarter, ...
// and back again, nearest partners with the largest halves.
Rounds exchanges(double size, std::uint32_t p, bool halving) {
  Rounds rounds;
  std::uint32_t power = 1;
  while (power <= p / 2) power *= 2;
  const bool folds = p > power;
  if (folds) rounds.push_back({.pattern = {Shape::fold, 0}, .bytes = size});
  double part = size;
  for (std::uint32_t d = 1; d < power; d *= 2) {
    part /= 2;
    rounds.push_back({.pattern = {Shape::exchange, d}, .bytes = halving ? part : size, .repeats = halving ? 2.0 : 1.0});
  }
  if (folds) rounds.push_back({.pattern = {Shape::unfold, 0}, .bytes = size});
  return rounds;
}

// All-to-all in ceil(log2 p) rounds: in round k each rank forwards, over distance 2^k, all blocks whose way has bit k
// set.
Rounds bruck_all_to_all(double size, std::uint32_t p) {
  Rounds rounds;
  for (std::uint64_t d = 1; d < p; d *= 2) {
    const std::uint64_t full = p / (2 * d) * d;
    const std::uint64_t rest = p % (2 * d);
    const std::uint64_t blocks = full + (rest > d ? rest - d : 0);  // numbers below p with this bit
    rounds.push_back(
        {.pattern = {Shape::shift, static_cast<std::uint32_t>(d)}, .bytes = size / p * static_cast<double>(blocks)});
  }
  return rounds;
}

// Powers of two only: pairs exchange halves, quarters, ... of the vector, nearest partners the largest; backwards it is
// an all-gather by recursive doubling.
Rounds halves(double size, std::uint32_t p) {
  Rounds rounds;
  for (std::uint32_t d = 1; d < p; d *= 2) {
    size /= 2;
    rounds.push_back({.pattern = {Shape::exchange, d}, .bytes = size});
  }
  return rounds;
}

// One line of blocks through all ranks, or up or down both trees.
Rounds pipeline(Shape shape, double size, double depth) {
  return {{.pattern = {shape, 0}, .bytes = size, .pipeline_depth = depth}};
}

double tree_depth(std::uint32_t p) { return static_cast<double>(std::bit_width(p - 1)); }

// Buckets on a torus of D dimensions: the vector is cut into 2 D parts, one for each dimension and way round. In phase
// j part i goes round the rings of dimension i + j, all parts at once, and what a rank then holds of it is divided by
// the length of the ring. D phases are a reduce-scatter, or, backwards, an all-gather; both have the same rounds.
Rounds torus_rings(double size, std::span<const std::uint32_t> box, std::uint32_t first_phase) {
  std::vector<Pattern> lines;
  std::uint32_t stride = 1;
  for (std::size_t d = box.size(); d-- > 0;) {
    if (box[d] > 1) lines.push_back({Shape::line, stride, box[d]});
    stride *= box[d];
  }
  Rounds rounds;
  std::vector<double> part(lines.size(), size / (2.0 * static_cast<double>(lines.size())));
  for (std::size_t phase = 0; phase < lines.size(); ++phase) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const Pattern& line = lines[(i + phase) % lines.size()];
      part[i] /= line.extent;
      rounds.push_back({.pattern = line,
                        .bytes = part[i],
                        .repeats = line.extent - 1.0,
                        .beside = first_phase + static_cast<std::uint32_t>(phase)});
    }
  }
  return rounds;
}

void add_torus_rings(CollectiveOperation operation, double size, std::span<const std::uint32_t> box,
                     std::vector<Schedule>& result) {
  if (std::ranges::count_if(box, [](std::uint32_t extent) { return extent > 1; }) == 0) return;
  const auto phases = static_cast<std::uint32_t>(box.size());
  if (operation == CollectiveOperation::all_reduce) {
    result.push_back({"torus rings", torus_rings(size, box, 1) + torus_rings(size, box, 1 + phases)});
  } else if (operation == CollectiveOperation::reduce_scatter || operation == CollectiveOperation::all_gather) {
    result.push_back({"torus rings", torus_rings(size, box, 1)});
  }
}

// Those that pair ranks, which only powers of two can without somebody left over.
void add_pairings(CollectiveOperation operation, double n, std::uint32_t p, std::vector<Schedule>& result) {
  if (!std::has_single_bit(p)) return;
  const Rounds pairs = halves(n, p);
  switch (operation) {
    case CollectiveOperation::reduce_scatter:
      return result.push_back({"recursive halving", pairs});
    case CollectiveOperation::all_gather:
      return result.push_back({"recursive doubling", pairs});
    case CollectiveOperation::broadcast:
      return result.push_back(
          {"scatter and recursive doubling all-gather", binomial(Shape::scatter, n / p, p) + pairs});
    case CollectiveOperation::reduce:
      return result.push_back(
          {"recursive halving reduce-scatter and gather", pairs + binomial(Shape::collect, n / p, p)});
    default:
      return;
  }
}

std::vector<Schedule> for_any_ranks(CollectiveOperation operation, double size_bytes, std::uint32_t ranks);

}  // namespace

std::vector<Schedule> schedules(CollectiveOperation operation, double size_bytes, std::uint32_t ranks,
                                std::span<const std::uint32_t> box) {
  std::vector<Schedule> result = for_any_ranks(operation, size_bytes, ranks);
  add_pairings(operation, size_bytes, ranks, result);
  add_torus_rings(operation, size_bytes, box, result);
  return result;
}

Schedule pairwise(double size_bytes, std::uint32_t ranks) {
  Schedule result{.algorithm = "pairwise", .rounds = {}};
  for (std::uint32_t d = 1; d < ranks; ++d) {
    result.rounds.push_back({.pattern = {Shape::shift, d}, .bytes = size_bytes / ranks});
  }
  return result;
}

Schedule all_pairs_schedule(double size_bytes, std::uint32_t ranks) {
  return {.algorithm = "all pairs at once",
          .rounds = {{.pattern = {Shape::all_pairs}, .bytes = size_bytes / ranks, .repeats = 1.0}}};
}

Schedule switch_schedule(CollectiveOperation operation, double size_bytes) {
  Schedule result{.algorithm = "in-network reduction", .rounds = {}, .relay = Schedule::Relay::switches};
  if (operation == CollectiveOperation::barrier) size_bytes = 0.0;
  if (operation != CollectiveOperation::broadcast) {
    result.rounds.push_back({.pattern = {Shape::combine}, .bytes = size_bytes});
  }
  if (operation != CollectiveOperation::reduce) {
    result.rounds.push_back({.pattern = {Shape::distribute}, .bytes = size_bytes});
  }
  return result;
}

Schedule gate_schedule(CollectiveOperation operation, double size_bytes, std::uint32_t ranks) {
  const bool barrier = operation == CollectiveOperation::barrier;
  return {.algorithm = "in-network reduction",
          .rounds = barrier ? binomial(Shape::shift, 0.0, ranks) : exchanges(size_bytes, ranks, false),
          .relay = Schedule::Relay::gates};
}

namespace {

std::vector<Schedule> for_any_ranks(CollectiveOperation operation, double size_bytes, std::uint32_t ranks) {
  const double n = size_bytes;
  const std::uint32_t p = ranks;
  const double chunk = n / p;
  const double depth = tree_depth(p);
  switch (operation) {
    case CollectiveOperation::all_reduce:
      return {{"recursive doubling", exchanges(n, p, false)},
              {"halving and doubling", exchanges(n, p, true)},
              {"ring", ring(n, p) + ring(n, p)},
              {"double binary tree", pipeline(Shape::trees_both, n, 2 * depth)}};
    case CollectiveOperation::reduce_scatter:
      return {{"reversed Bruck", bruck(n, p)}, {"ring", ring(n, p)}};
    case CollectiveOperation::all_gather:
      return {{"Bruck", bruck(n, p)}, {"ring", ring(n, p)}};
    case CollectiveOperation::broadcast:
      return {{"binomial tree", binomial(Shape::spread, n, p)},
              {"scatter and Bruck all-gather", binomial(Shape::scatter, chunk, p) + bruck(n, p)},
              {"scatter and ring all-gather", binomial(Shape::scatter, chunk, p) + ring(n, p)},
              {"double binary tree", pipeline(Shape::trees_down, n, depth)},
              {"chain", pipeline(Shape::chain, n, p - 1.0)}};
    case CollectiveOperation::reduce:
      return {{"binomial tree", binomial(Shape::gather, n, p)},
              {"reversed Bruck reduce-scatter and gather", bruck(n, p) + binomial(Shape::collect, chunk, p)},
              {"ring reduce-scatter and gather", ring(n, p) + binomial(Shape::collect, chunk, p)},
              {"double binary tree", pipeline(Shape::trees_up, n, depth)},
              {"chain", pipeline(Shape::unchain, n, p - 1.0)}};
    case CollectiveOperation::all_to_all:
      return {{"Bruck", bruck_all_to_all(n, p)}};
    case CollectiveOperation::barrier:
      return {{"dissemination", binomial(Shape::shift, 0.0, p)}};
  }
  return {};
}

}  // namespace
}  // namespace zettasim::cost
