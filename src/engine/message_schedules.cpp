// Collectives and permutations as what each rank does, step by step.
//
// An algorithm is written as its rounds (who sends what to whom) and then handed out to the ranks: a rank's step of a
// round holds its own messages, and a rank without any in a round has no step for it.
#include <algorithm>
#include <numeric>

#include "zettasim/base/contract.hpp"
#include "zettasim/base/random.hpp"
#include "zettasim/engine/messages.hpp"

namespace zettasim::engine {

std::uint64_t MessageSchedule::message_count() const {
  std::uint64_t count = 0;
  for (const auto& steps : ranks) {
    for (const MessageStep& step : steps) count += step.sends.size() * step.repeats;
  }
  return count;
}

namespace schedules {
namespace {

class Builder {
 public:
  Builder(std::string algorithm, const Placement& placement)
      : schedule_{.algorithm = std::move(algorithm), .placement = placement, .ranks = {}, .message_latency = {}} {
    ZETTASIM_EXPECT(placement.size() >= 2, "ranks {}", placement.size());
    schedule_.ranks.resize(placement.size());
  }

  std::uint32_t ranks() const { return static_cast<std::uint32_t>(schedule_.placement.size()); }

  void begin_round(std::uint32_t repeats = 1) {
    next_ += repeats_;
    repeats_ = repeats;
  }
  void send(std::uint32_t from, std::uint32_t to, DataSize size, Duration after = {}) {
    step_of(from).sends.push_back({.to = to, .size = size, .after = after});
    step_of(to).receives.push_back(from);
  }
  // A round in which each rank sends to the one `distance` further on, round the end.
  void shift_round(std::uint32_t distance, DataSize size, std::uint32_t repeats = 1) {
    begin_round(repeats);
    for (std::uint32_t i = 0; i < ranks(); ++i) send(i, (i + distance) % ranks(), size);
  }
  MessageSchedule finish() { return std::move(schedule_); }

 private:
  MessageStep& step_of(std::uint32_t rank) {
    auto& steps = schedule_.ranks[rank];
    if (steps.empty() || steps.back().round != next_) {
      steps.push_back({.round = next_, .repeats = repeats_, .sends = {}, .receives = {}, .compute = {}});
    }
    return steps.back();
  }

  MessageSchedule schedule_;
  std::uint32_t next_ = 0;
  std::uint32_t repeats_ = 0;
};

// The largest power of two among the ranks takes part in exchanges; of the first 2 * extra ranks the even ones hand
// their vector to the odd one beside them first and get the result back.
struct Folding {
  explicit Folding(std::uint32_t ranks) {
    while (power <= ranks / 2) power *= 2;
    extra = ranks - power;
  }
  std::uint32_t rank_of(std::uint32_t i) const { return i < extra ? 2 * i + 1 : i + extra; }
  std::uint32_t power = 1;
  std::uint32_t extra = 0;
};

// Exchanges over the given distances, `part(distance)` of data each, between a fold and its undoing.
template <class Part>
MessageSchedule exchanges(const char* name, const Placement& placement, DataSize size,
                          const std::vector<std::uint32_t>& distances, Part part) {
  Builder builder(name, placement);
  const Folding folding(builder.ranks());
  if (folding.extra > 0) builder.begin_round();
  for (std::uint32_t i = 0; i < folding.extra; ++i) builder.send(2 * i, 2 * i + 1, size);
  for (const std::uint32_t distance : distances) {
    builder.begin_round();
    for (std::uint32_t i = 0; i < folding.power; ++i) {
      builder.send(folding.rank_of(i), folding.rank_of(i ^ distance), part(distance));
    }
  }
  if (folding.extra > 0) builder.begin_round();
  for (std::uint32_t i = 0; i < folding.extra; ++i) builder.send(2 * i + 1, 2 * i, size);
  return builder.finish();
}

std::vector<std::uint32_t> doubling_distances(const Placement& placement) {
  std::vector<std::uint32_t> distances;
  const Folding folding(static_cast<std::uint32_t>(placement.size()));
  for (std::uint32_t d = 1; d < folding.power; d *= 2) distances.push_back(d);
  return distances;
}

}  // namespace

// 2 (p-1) rounds of size / p to the next rank: a reduce-scatter, then an all-gather.
MessageSchedule ring_all_reduce(const Placement& placement, DataSize size) {
  Builder builder("ring", placement);
  builder.shift_round(1, size / builder.ranks(), 2 * (builder.ranks() - 1));
  return builder.finish();
}

MessageSchedule ring_reduce_scatter(const Placement& placement, DataSize size) {
  Builder builder("ring", placement);
  builder.shift_round(1, size / builder.ranks(), builder.ranks() - 1);
  return builder.finish();
}

MessageSchedule recursive_doubling(const Placement& placement, DataSize size) {
  return exchanges("recursive doubling", placement, size, doubling_distances(placement),
                   [size](std::uint32_t) { return size; });
}

// Nearest partners exchange the largest halves; the all-gather goes the same way back.
MessageSchedule halving_doubling(const Placement& placement, DataSize size) {
  std::vector<std::uint32_t> there_and_back = doubling_distances(placement);
  const std::vector<std::uint32_t> there = there_and_back;
  there_and_back.insert(there_and_back.end(), there.rbegin(), there.rend());
  return exchanges("halving and doubling", placement, size, there_and_back,
                   [size](std::uint32_t distance) { return size / (2.0 * distance); });
}

MessageSchedule bruck_all_gather(const Placement& placement, DataSize size) {
  Builder builder("Bruck", placement);
  const std::uint32_t p = builder.ranks();
  for (std::uint64_t d = 1; d < p; d *= 2) {
    const auto distance = static_cast<std::uint32_t>(d);
    builder.shift_round(distance, size * (static_cast<double>(std::min(distance, p - distance)) / p));
  }
  return builder.finish();
}

MessageSchedule binomial_broadcast(const Placement& placement, DataSize size) {
  Builder builder("binomial tree", placement);
  const std::uint32_t p = builder.ranks();
  for (std::uint64_t d = 1; d < p; d *= 2) {
    const auto distance = static_cast<std::uint32_t>(d);
    builder.begin_round();
    for (std::uint32_t i = 0; i < std::min(distance, p - distance); ++i) builder.send(i, i + distance, size);
  }
  return builder.finish();
}

// The broadcast backwards: the longest distances first.
MessageSchedule binomial_reduce(const Placement& placement, DataSize size) {
  Builder builder("binomial tree", placement);
  const std::uint32_t p = builder.ranks();
  std::vector<std::uint32_t> distances;
  for (std::uint64_t d = 1; d < p; d *= 2) distances.push_back(static_cast<std::uint32_t>(d));
  for (auto distance = distances.rbegin(); distance != distances.rend(); ++distance) {
    builder.begin_round();
    for (std::uint32_t i = 0; i < std::min(*distance, p - *distance); ++i) builder.send(i + *distance, i, size);
  }
  return builder.finish();
}

MessageSchedule pairwise_all_to_all(const Placement& placement, DataSize size) {
  Builder builder("pairwise", placement);
  for (std::uint32_t k = 1; k < builder.ranks(); ++k) builder.shift_round(k, size / builder.ranks());
  return builder.finish();
}

MessageSchedule all_pairs(const Placement& placement, DataSize size, Duration gap) {
  Builder builder("all pairs at once", placement);
  const std::uint32_t p = builder.ranks();
  builder.begin_round();
  for (std::uint32_t k = 1; k < p; ++k) {
    for (std::uint32_t i = 0; i < p; ++i) builder.send(i, (i + k) % p, size / p, gap * (k - 1.0));
  }
  return builder.finish();
}

MessageSchedule dissemination_barrier(const Placement& placement) {
  Builder builder("dissemination", placement);
  for (std::uint64_t d = 1; d < builder.ranks(); d *= 2) builder.shift_round(static_cast<std::uint32_t>(d), {});
  return builder.finish();
}

MessageSchedule neighbours(const Placement& placement, const std::vector<std::int64_t>& extents, DataSize size) {
  Builder builder("neighbours", placement);
  const std::uint32_t p = builder.ranks();
  builder.begin_round();
  std::uint32_t stride = p;
  for (const std::int64_t extent : extents) {
    const std::uint32_t line = stride;
    stride /= static_cast<std::uint32_t>(extent);
    if (extent == 1) continue;
    for (std::uint32_t i = 0; i < p; ++i) {
      const std::uint32_t start = i / line * line;
      builder.send(i, start + (i - start + stride) % line, size);
      builder.send(i, start + (i - start + line - stride) % line, size);
    }
  }
  ZETTASIM_EXPECT(stride == 1, "the extents' product is not the {} ranks", p);
  return builder.finish();
}

MessageSchedule permutation(const Placement& placement, const std::vector<std::uint32_t>& to, DataSize size) {
  Builder builder("permutation", placement);
  ZETTASIM_EXPECT(to.size() == placement.size(), "{} destinations for {} ranks", to.size(), placement.size());
  builder.begin_round();
  for (std::uint32_t i = 0; i < builder.ranks(); ++i) {
    if (to[i] != i) builder.send(i, to[i], size);
  }
  return builder.finish();
}

std::vector<std::uint32_t> transpose(std::uint32_t rows, std::uint32_t columns) {
  std::vector<std::uint32_t> to;
  for (std::uint32_t a = 0; a < rows; ++a) {
    for (std::uint32_t b = 0; b < columns; ++b) to.push_back(b * rows + a);
  }
  return to;
}

// ceil(k/2) - 1 further on along each extent k, so that all traffic goes one way round.
std::vector<std::uint32_t> tornado(const std::vector<std::int64_t>& extents) {
  std::int64_t ranks = 1;
  for (const std::int64_t extent : extents) ranks *= extent;
  std::vector<std::uint32_t> to;
  for (std::int64_t i = 0; i < ranks; ++i) {
    std::int64_t stride = ranks, there = 0;
    for (const std::int64_t extent : extents) {
      stride /= extent;
      const std::int64_t coordinate = i / stride % extent;
      there += (coordinate + (extent + 1) / 2 - 1) % extent * stride;
    }
    to.push_back(static_cast<std::uint32_t>(there));
  }
  return to;
}

std::vector<std::uint32_t> bit_complement(std::uint32_t ranks) {
  std::vector<std::uint32_t> to(ranks);
  for (std::uint32_t i = 0; i < ranks; ++i) to[i] = ranks - 1 - i;
  return to;
}

std::vector<std::uint32_t> shift(std::uint32_t ranks, std::uint32_t distance) {
  std::vector<std::uint32_t> to(ranks);
  for (std::uint32_t i = 0; i < ranks; ++i) to[i] = (i + distance) % ranks;
  return to;
}

// Fisher and Yates.
std::vector<std::uint32_t> random_permutation(std::uint32_t ranks, std::uint64_t seed) {
  std::vector<std::uint32_t> to(ranks);
  std::iota(to.begin(), to.end(), 0u);
  RandomStream random(seed, "random permutation");
  for (std::uint32_t i = ranks; i > 1; --i) std::swap(to[i - 1], to[static_cast<std::uint32_t>(random.uniform() * i)]);
  return to;
}

}  // namespace schedules
}  // namespace zettasim::engine
