// Counts what a rank trace holds. See rank_trace_describe.hpp.
#include "zettasim/workload/rank_trace_describe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "zettasim/base/text.hpp"

namespace zettasim::workload {
namespace {

class Counter {
 public:
  RankTraceDescription count(const RankTrace& trace) {
    result_.name = trace.name;
    result_.format = to_text(trace.format);
    result_.ranks = static_cast<std::int64_t>(trace.ranks.size());
    result_.notes = trace.notes;
    for (const std::uint32_t role : find_roles(trace)) result_.roles = std::max<std::int64_t>(result_.roles, role + 1);
    for (const Rank& rank : trace.ranks) count(rank);
    result_.groups = static_cast<std::int64_t>(groups_.size());
    for (const auto& [kind, total] : totals_) result_.kinds.push_back(total);
    return std::move(result_);
  }

 private:
  void count(const Rank& rank) {
    Duration recorded;
    for (const RankAction& action : rank.actions) {
      std::visit([this](const auto& work) { add(work); }, action.work);
      if (const auto* compute = std::get_if<RankCompute>(&action.work)) recorded += compute->time.value_or(Duration{});
    }
    result_.actions += static_cast<std::int64_t>(rank.actions.size());
    result_.dependencies += static_cast<std::int64_t>(rank.dependencies.size());
    result_.recorded_time += recorded;
    result_.longest_rank = std::max(result_.longest_rank, recorded);
  }

  void add(const RankCompute& compute) {
    add({0, 0}, "compute", compute.traffic);
    result_.flops += compute.flops.value_or(FlopCount{});
  }
  void add(const RankSend& send) {
    add({1, 0}, "send", send.size);
    result_.message_size += send.size;
  }
  void add(const RankReceive&) { add({2, 0}, "receive", DataSize{}); }
  void add(const RankWait&) { add({3, 0}, "wait", DataSize{}); }
  void add(const RankCollective& collective) {
    add({4, static_cast<int>(collective.operation)}, to_text(collective.operation), collective.size);
    result_.collective_size += collective.size;
    result_.flops += collective.flops;
    groups_.insert(collective.group);
  }

  using Order = std::pair<int, int>;  // computes, messages, then collectives in the order of their enumerators
  void add(Order order, const char* kind, DataSize size) {
    RankActionTotal& total = totals_[order];
    total.kind = kind;
    ++total.count;
    total.size += size;
  }

  RankTraceDescription result_;
  std::map<Order, RankActionTotal> totals_;
  std::set<std::uint32_t> groups_;
};

}  // namespace

RankTraceDescription describe(const RankTrace& trace) { return Counter().count(trace); }

std::string to_text(const RankTraceDescription& d) {
  const auto count = [](std::int64_t value) { return with_thousands(static_cast<unsigned long long>(value)); };
  std::string text = fmt::format("{}: {} trace; ranks: {}, roles: {}, actions: {}, dependencies: {}\n", d.name,
                                 d.format, count(d.ranks), count(d.roles), count(d.actions), count(d.dependencies));
  text += fmt::format("computation: {}", zettasim::to_text(d.flops));
  if (d.recorded_time.si() > 0.0) {
    text += fmt::format(", {} as recorded, {} on the longest rank", zettasim::to_text(d.recorded_time),
                        zettasim::to_text(d.longest_rank));
  }
  text += fmt::format("\nmessages: {}; handed to collectives: {}", zettasim::to_text(d.message_size),
                      zettasim::to_text(d.collective_size));
  if (d.groups > 1) text += fmt::format(" in {} groups", count(d.groups));
  text += "\n";
  for (const RankActionTotal& kind : d.kinds) {
    text += fmt::format("  {:<16} {:>12}", kind.kind, count(kind.count));
    if (kind.size.si() > 0.0) text += fmt::format("  {:>10}", zettasim::to_text(kind.size));
    text += "\n";
  }
  for (const TraceNote& note : d.notes) text += fmt::format("  note: {} {}\n", count(note.count), note.what);
  return text;
}

}  // namespace zettasim::workload
