// What SMPI 3.32 does by default, so that its replay and ours can be held against each other; its own documentation
// asks not to trust these choices for the performance of a real MPI. Linear and binomial trees (its default selector);
// all-to-all as Open MPI 4.1 chooses (measured on 2 to 64 ranks and 1 B to 2 MB: Bruck for small blocks from 16 ranks
// on, pairwise for large ones from 64 on, else all pairs at once); reduce-scatter of unequal parts pairwise, as MPICH
// for large vectors (for smaller ones SMPI takes another algorithm: 3 % off on 12 ranks with 240 kB each).
#include "engine/replay_schedules.hpp"

#include <algorithm>

#include "zettasim/base/contract.hpp"

namespace zettasim::engine {
namespace {

using workload::RankCollective;
using workload::RankOperation;

// Steps are named by whoever takes part in them; a rank goes on when its own messages are done.
class Steps {
 public:
  explicit Steps(const std::vector<NodeId>& placement)
      : schedule_{.algorithm = "as SMPI", .placement = placement, .ranks = {}, .message_latency = {}} {
    schedule_.ranks.resize(placement.size());
  }
  std::uint32_t ranks() const { return static_cast<std::uint32_t>(schedule_.ranks.size()); }
  void next() { ++round_; }
  void send(std::uint32_t from, std::uint32_t to, DataSize size) {
    if (from == to) return;
    step_of(from).sends.push_back({.to = to, .size = size, .after = {}});
    step_of(to).receives.push_back(from);
  }
  MessageSchedule finish() { return std::move(schedule_); }

  // All to the root or from it, at once.
  template <class Size>
  void to_root(std::uint32_t root, Size size) {
    next();
    for (std::uint32_t i = 0; i < ranks(); ++i) send(i, root, size(i));
  }
  template <class Size>
  void from_root(std::uint32_t root, Size size) {
    next();
    for (std::uint32_t i = 0; i < ranks(); ++i) send(root, i, size(i));
  }
  template <class Size>
  void all_pairs(Size size) {
    next();
    for (std::uint32_t i = 0; i < ranks(); ++i) {
      for (std::uint32_t j = 0; j < ranks(); ++j) send(i, j, size(i, j));
    }
  }
  template <class Size>
  void pairwise(Size size) {
    for (std::uint32_t k = 1; k < ranks(); ++k) {
      next();
      for (std::uint32_t i = 0; i < ranks(); ++i) send(i, (i + k) % ranks(), size(i, (i + k) % ranks()));
    }
  }
  // A rank sends to the farthest of its subtree first, one after the other.
  void binomial_tree(std::uint32_t root, DataSize size) {
    std::uint32_t distance = 1;
    while (distance < ranks()) distance *= 2;
    for (distance /= 2; distance > 0; distance /= 2) {
      next();
      for (std::uint32_t i = 0; i + distance < ranks(); i += 2 * distance) {
        send((root + i) % ranks(), (root + i + distance) % ranks(), size);
      }
    }
  }
  // In round k the blocks whose number has bit k go 2^k ranks on.
  void bruck(DataSize block) {
    for (std::uint32_t distance = 1; distance < ranks(); distance *= 2) {
      double blocks = 0.0;
      for (std::uint32_t i = 0; i < ranks(); ++i) blocks += (i & distance) != 0 ? 1.0 : 0.0;
      next();
      for (std::uint32_t i = 0; i < ranks(); ++i) send(i, (i + ranks() - distance) % ranks(), block * blocks);
    }
  }

 private:
  MessageStep& step_of(std::uint32_t rank) {
    auto& steps = schedule_.ranks[rank];
    if (steps.empty() || steps.back().round != round_) {
      steps.push_back({.round = round_, .repeats = 1, .sends = {}, .receives = {}, .compute = {}});
    }
    return steps.back();
  }
  MessageSchedule schedule_;
  std::uint32_t round_ = 0;
};

// What rank `of` hands to or gets from rank `i`.
DataSize part(const std::vector<RankCollective>& calls, std::uint32_t of, std::uint32_t i) {
  const auto& parts = calls[of].parts;
  return i < parts.size() ? parts[i] : calls[of].size / static_cast<double>(calls.size());
}

void all_to_all(Steps& steps, const std::vector<RankCollective>& calls) {
  const auto size = [&](std::uint32_t i, std::uint32_t j) { return part(calls, i, j); };
  const DataSize block = part(calls, 0, 0);
  const std::size_t ranks = calls.size();
  const double least_bruck = ranks < 32 ? 4.0 : 0.0, most_bruck = ranks < 64 ? 512.0 : 1024.0;
  if (!calls[0].parts.empty() || ranks < 16) return steps.all_pairs(size);
  if (block >= bytes(least_bruck) && block < bytes(most_bruck)) return steps.bruck(block);
  if (ranks < 64 || block < bytes(262'144.0)) return steps.all_pairs(size);
  steps.pairwise(size);
}

void reduce_scatter(Steps& steps, const std::vector<RankCollective>& calls) {
  const auto& parts = calls[0].parts;
  const bool equal = std::all_of(parts.begin(), parts.end(), [&](DataSize size) { return size == parts[0]; });
  const auto received = [&](std::uint32_t i) { return part(calls, 0, i); };
  if (!equal) return steps.pairwise([&](std::uint32_t, std::uint32_t j) { return received(j); });
  steps.to_root(0, [&](std::uint32_t) { return calls[0].size; });
  steps.from_root(0, received);
}

MessageSchedule as_smpi(const std::vector<RankCollective>& calls, const std::vector<NodeId>& placement) {
  Steps steps(placement);
  const RankCollective& first = calls[0];
  const auto whole = [&](std::uint32_t) { return first.size; };
  switch (first.operation) {
    case RankOperation::barrier:
      steps.to_root(0, [](std::uint32_t) { return DataSize{}; });
      steps.from_root(0, [](std::uint32_t) { return DataSize{}; });
      break;
    case RankOperation::broadcast:
      steps.binomial_tree(first.root, calls[first.root].size);
      break;
    case RankOperation::reduce:
      steps.to_root(first.root, whole);
      break;
    case RankOperation::all_reduce:
      steps.to_root(0, whole);
      steps.binomial_tree(0, first.size);
      break;
    case RankOperation::gather:
      steps.to_root(first.root, [&](std::uint32_t i) { return calls[i].size; });
      break;
    case RankOperation::scatter:
      steps.from_root(first.root, [&](std::uint32_t i) {
        return calls[first.root].parts.empty() ? calls[first.root].size : part(calls, first.root, i);
      });
      break;
    case RankOperation::all_gather:
      steps.all_pairs([&](std::uint32_t i, std::uint32_t) { return calls[i].size; });
      break;
    case RankOperation::reduce_scatter:
      reduce_scatter(steps, calls);
      break;
    case RankOperation::all_to_all:
      all_to_all(steps, calls);
      break;
    case RankOperation::scan:
      steps.next();
      for (std::uint32_t i = 0; i < steps.ranks(); ++i) {
        for (std::uint32_t j = i + 1; j < steps.ranks(); ++j) steps.send(i, j, first.size);
      }
      break;
  }
  return steps.finish();
}

MessageSchedule as_nccl(const std::vector<RankCollective>& calls, const std::vector<NodeId>& placement, Duration gap) {
  const RankCollective& first = calls[0];
  const auto p = static_cast<double>(calls.size());
  switch (first.operation) {
    case RankOperation::all_reduce:
      return schedules::ring_all_reduce(placement, first.size);
    case RankOperation::reduce_scatter:
      return schedules::ring_reduce_scatter(placement, first.size);
    case RankOperation::all_gather:
      return schedules::ring_reduce_scatter(placement, first.size * p);
    case RankOperation::all_to_all:
      return schedules::all_pairs(placement, first.size, gap);
    default:
      return as_smpi(calls, placement);
  }
}

}  // namespace

MessageSchedule replay_schedule(workload::RankFormat format, const std::vector<RankCollective>& calls,
                                const std::vector<NodeId>& placement, Duration gap) {
  ZETTASIM_EXPECT(calls.size() >= 2 && calls.size() == placement.size(), "{} calls on {} places", calls.size(),
                  placement.size());
  return workload::of_gpus(format) ? as_nccl(calls, placement, gap) : as_smpi(calls, placement);
}

}  // namespace zettasim::engine
