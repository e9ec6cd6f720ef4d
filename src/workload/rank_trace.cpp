// The lists of a rank trace, and which ranks do the same. See rank_trace.hpp.
#include "zettasim/workload/rank_trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "zettasim/base/contract.hpp"

namespace zettasim::workload {
namespace {

// Of rank `rank`, counted from itself around all ranks.
std::uint32_t distance(std::size_t rank, std::uint32_t partner, std::size_t ranks) {
  return static_cast<std::uint32_t>((partner + ranks - rank) % ranks);
}

bool has_root(RankOperation operation) {
  return operation == RankOperation::broadcast || operation == RankOperation::reduce ||
         operation == RankOperation::gather || operation == RankOperation::scatter;
}

class Roles {
 public:
  explicit Roles(const RankTrace& trace) : trace_(trace) {}

  std::vector<std::uint32_t> find() {
    std::unordered_map<std::size_t, std::vector<std::size_t>> firsts;  // by digest: the first rank of each role
    std::vector<std::uint32_t> roles(trace_.ranks.size());
    std::uint32_t count = 0;
    for (std::size_t rank = 0; rank < roles.size(); ++rank) {
      auto& candidates = firsts[digest(rank)];
      const auto same = std::find_if(candidates.begin(), candidates.end(),
                                     [&](std::size_t candidate) { return equal(candidate, rank); });
      roles[rank] = same == candidates.end() ? count++ : roles[*same];
      if (same == candidates.end()) candidates.push_back(rank);
    }
    return roles;
  }

 private:
  std::size_t digest(std::size_t rank) const {
    std::size_t value = trace_.ranks[rank].actions.size();
    const auto mix = [&](std::size_t part) { value = (value ^ part) * 0x9E3779B97F4A7C15u + (value >> 29); };
    for (const RankAction& action : trace_.ranks[rank].actions) {
      mix(action.work.index());
      if (const auto* send = std::get_if<RankSend>(&action.work)) mix(distance(rank, send->to, ranks()));
      if (const auto* compute = std::get_if<RankCompute>(&action.work)) {
        mix(std::hash<double>{}(compute->flops.value_or(FlopCount{}).si() + compute->time.value_or(Duration{}).si()));
      }
    }
    return value;
  }

  std::size_t ranks() const { return trace_.ranks.size(); }

  bool equal(std::size_t a, std::size_t b) const {
    const Rank& left = trace_.ranks[a];
    const Rank& right = trace_.ranks[b];
    if (left.actions.size() != right.actions.size() || left.dependencies.size() != right.dependencies.size()) {
      return false;
    }
    for (std::size_t i = 0; i < left.actions.size(); ++i) {
      if (left.actions[i].dependency_count != right.actions[i].dependency_count) return false;
      if (!equal_work(left.actions[i].work, a, right.actions[i].work, b)) return false;
    }
    return std::equal(left.dependencies.begin(), left.dependencies.end(), right.dependencies.begin(),
                      [](Dependency x, Dependency y) { return x.action == y.action && x.on == y.on; });
  }

  bool equal_work(const RankWork& left, std::size_t a, const RankWork& right, std::size_t b) const {
    if (left.index() != right.index()) return false;
    if (const auto* send = std::get_if<RankSend>(&left)) {
      auto moved = std::get<RankSend>(right);
      if (distance(a, send->to, ranks()) != distance(b, moved.to, ranks())) return false;
      moved.to = send->to;
      return *send == moved;
    }
    if (const auto* receive = std::get_if<RankReceive>(&left)) {
      auto moved = std::get<RankReceive>(right);
      if (receive->from.has_value() != moved.from.has_value()) return false;
      if (receive->from && distance(a, *receive->from, ranks()) != distance(b, *moved.from, ranks())) {
        return false;
      }
      moved.from = receive->from;
      return *receive == moved;
    }
    // Being the root of a collective is another role than taking part in it.
    if (const auto* collective = std::get_if<RankCollective>(&left)) {
      const auto& other = std::get<RankCollective>(right);
      if (!(*collective == other)) return false;
      return !has_root(collective->operation) || (collective->root == a) == (other.root == b);
    }
    return left == right;
  }

  const RankTrace& trace_;
};

}  // namespace

const char* to_text(RankOperation operation) {
  switch (operation) {
    case RankOperation::barrier:
      return "barrier";
    case RankOperation::broadcast:
      return "broadcast";
    case RankOperation::reduce:
      return "reduce";
    case RankOperation::all_reduce:
      return "all-reduce";
    case RankOperation::gather:
      return "gather";
    case RankOperation::scatter:
      return "scatter";
    case RankOperation::all_gather:
      return "all-gather";
    case RankOperation::reduce_scatter:
      return "reduce-scatter";
    case RankOperation::all_to_all:
      return "all-to-all";
    case RankOperation::scan:
      return "scan";
  }
  ZETTASIM_EXPECT(false, "operation {}", static_cast<int>(operation));
}

const char* to_text(RankFormat format) {
  switch (format) {
    case RankFormat::time_independent:
      return "time-independent";
    case RankFormat::goal:
      return "GOAL";
    case RankFormat::chakra:
      return "Chakra";
    case RankFormat::kineto:
      return "PyTorch";
  }
  ZETTASIM_EXPECT(false, "format {}", static_cast<int>(format));
}

const char* place_word(RankFormat format) {
  return format == RankFormat::chakra ? "node" : format == RankFormat::kineto ? "correlation" : "line";
}

std::string place_of(const RankTrace& trace, std::uint32_t rank, std::uint32_t action) {
  const std::string& file = trace.ranks[rank].file;
  const auto place = trace.ranks[rank].actions[action].place;
  const bool lines = trace.format == RankFormat::time_independent || trace.format == RankFormat::goal;
  return lines ? fmt::format("{}:{}", file, place) : fmt::format("{}: {} {}", file, place_word(trace.format), place);
}

void Rank::add(std::uint64_t place, RankWork work, std::span<const Dependency> after) {
  actions.push_back({.place = place,
                     .first_dependency = static_cast<std::uint32_t>(dependencies.size()),
                     .dependency_count = static_cast<std::uint32_t>(after.size()),
                     .work = std::move(work)});
  dependencies.insert(dependencies.end(), after.begin(), after.end());
}

std::vector<std::uint32_t> find_roles(const RankTrace& trace) { return Roles(trace).find(); }

}  // namespace zettasim::workload
