#include "schedule.hpp"

#include <algorithm>

namespace zettasim::cost {

double Schedule::round_count() const {
  double count = 0.0;
  for (const Round& round : rounds) count += round.repeats;
  return count;
}

double Schedule::bytes_sent() const {
  double bytes = 0.0;
  double fanned = 0.0;  // trees: one rank need not send in every round, so only the largest message is certain
  for (const Round& round : rounds) {
    const bool everybody = round.pattern.shape == Shape::shift || round.pattern.shape == Shape::exchange;
    if (everybody) {
      bytes += round.bytes * round.repeats;
    } else {
      fanned = std::max(fanned, round.bytes);
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

}  // namespace

std::vector<Schedule> schedules(CollectiveOperation operation, double size_bytes, std::uint32_t ranks) {
  const double n = size_bytes;
  const std::uint32_t p = ranks;
  const double chunk = n / p;
  switch (operation) {
    case CollectiveOperation::all_reduce:
      return {{"recursive doubling", exchanges(n, p, false)},
              {"halving and doubling", exchanges(n, p, true)},
              {"ring", ring(n, p) + ring(n, p)}};
    case CollectiveOperation::reduce_scatter:
      return {{"reversed Bruck", bruck(n, p)}, {"ring", ring(n, p)}};
    case CollectiveOperation::all_gather:
      return {{"Bruck", bruck(n, p)}, {"ring", ring(n, p)}};
    case CollectiveOperation::broadcast:
      return {{"binomial tree", binomial(Shape::spread, n, p)},
              {"scatter and Bruck all-gather", binomial(Shape::scatter, chunk, p) + bruck(n, p)},
              {"scatter and ring all-gather", binomial(Shape::scatter, chunk, p) + ring(n, p)}};
    case CollectiveOperation::reduce:
      return {{"binomial tree", binomial(Shape::gather, n, p)},
              {"reversed Bruck reduce-scatter and gather", bruck(n, p) + binomial(Shape::collect, chunk, p)},
              {"ring reduce-scatter and gather", ring(n, p) + binomial(Shape::collect, chunk, p)}};
    case CollectiveOperation::all_to_all:
      return {{"Bruck", bruck_all_to_all(n, p)}};
    case CollectiveOperation::barrier:
      return {{"dissemination", binomial(Shape::shift, 0.0, p)}};
  }
  return {};
}

}  // namespace zettasim::cost
