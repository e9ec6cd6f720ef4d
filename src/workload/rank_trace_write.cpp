// Rank traces as GOAL schedules and as time-independent traces. What one of them cannot say is refused, or told in a
// note where it is only precision.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "zettasim/base/contract.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/workload/rank_trace_files.hpp"

namespace zettasim::workload {
namespace {

constexpr std::size_t most_problems = 20;

class Refusals {
 public:
  explicit Refusals(const RankTrace& trace) : trace_(trace) {}
  void add(std::uint32_t rank, std::uint32_t action, const std::string& text) {
    if (problems_.size() < most_problems) {
      problems_.push_back({place_of(trace_, rank, action), fmt::format("rank {}: {}", rank, text)});
    }
  }
  void stop() {
    if (!problems_.empty()) throw InputError(std::move(problems_));
  }

 private:
  const RankTrace& trace_;
  std::vector<Problem> problems_;
};

// ---- GOAL: a graph of sends, receives and calculations ----

class GoalWriter {
 public:
  GoalWriter(const RankTrace& trace, std::optional<FlopRate> flop_rate)
      : trace_(trace), flop_rate_(flop_rate), refusals_(trace) {}

  WrittenTrace write() {
    std::string text = fmt::format("num_ranks {}\n", trace_.ranks.size());
    for (std::uint32_t rank = 0; rank < trace_.ranks.size(); ++rank) {
      text += fmt::format("rank {} {{\n", rank);
      const auto& actions = trace_.ranks[rank].actions;
      for (std::uint32_t i = 0; i < actions.size(); ++i) {
        text += fmt::format("l{}: {}\n", i, statement(rank, i));
        for (const Dependency d : trace_.ranks[rank].dependencies_of(actions[i])) {
          text += fmt::format("l{} {} l{}\n", i, d.on == DependsOn::finish ? "requires" : "irequires", d.action);
        }
      }
      text += "}\n";
    }
    refusals_.stop();
    WrittenTrace written{std::move(text), {}};
    const auto note = [&](const char* what, std::int64_t count) {
      if (count > 0) written.notes.push_back({what, count});
    };
    note("computes whose flops became a time", priced_);
    note("times and sizes rounded to whole nanoseconds and bytes", rounded_);
    note("computes whose flops, bytes or kind of device GOAL cannot say", dropped_);
    return written;
  }

 private:
  std::int64_t whole(double value) {
    const double nearest = std::round(value);
    rounded_ += std::abs(value - nearest) > 1e-6 * std::max(1.0, nearest) ? 1 : 0;
    return static_cast<std::int64_t>(std::min(nearest, 9e15));
  }

  std::string statement(std::uint32_t rank, std::uint32_t i) {
    const RankWork& work = trace_.ranks[rank].actions[i].work;
    if (const auto* compute = std::get_if<RankCompute>(&work)) return calculation(rank, i, *compute);
    if (const auto* send = std::get_if<RankSend>(&work)) {
      return fmt::format("send {}b to {}{}", whole(send->size.si()), send->to, tag_of(rank, i, send->tag));
    }
    if (const auto* receive = std::get_if<RankReceive>(&work)) {
      if (!receive->tag) refusals_.add(rank, i, "receives with any tag, which GOAL cannot say");
      const std::string from = receive->from ? fmt::format("{}", *receive->from) : "-1";
      return fmt::format("recv {}b from {}{}", whole(receive->size.si()), from,
                         tag_of(rank, i, receive->tag.value_or(0)));
    }
    if (const auto* collective = std::get_if<RankCollective>(&work)) {
      refusals_.add(rank, i,
                    fmt::format("has the collective {}, which GOAL does not know: which messages it becomes is decided "
                                "where it runs",
                                to_text(collective->operation)));
    }
    return "calc 0";  // a wait
  }

  std::string tag_of(std::uint32_t rank, std::uint32_t i, std::int64_t tag) {
    if (tag < 0) refusals_.add(rank, i, fmt::format("has the tag {}, expected 0 or more for GOAL", tag));
    return tag == 0 ? "" : fmt::format(" tag {}", tag);
  }

  std::string calculation(std::uint32_t rank, std::uint32_t i, const RankCompute& compute) {
    double time_s = 0.0;
    if (compute.time) {
      time_s = compute.time->si();
      dropped_ += compute.flops || compute.traffic > DataSize{} || compute.device == DeviceKind::gpu ? 1 : 0;
    } else if (flop_rate_) {
      time_s = (compute.flops.value_or(FlopCount{}) / *flop_rate_).si();
      ++priced_;
    } else {
      refusals_.add(rank, i, "computes flops, but GOAL knows times only; give --flop-rate, as \"1 GFLOP/s\"");
    }
    return fmt::format("calc {}{}", whole(time_s * 1e9), compute.lane > 0 ? fmt::format(" cpu {}", compute.lane) : "");
  }

  const RankTrace& trace_;
  const std::optional<FlopRate> flop_rate_;
  Refusals refusals_;
  std::int64_t priced_ = 0, rounded_ = 0, dropped_ = 0;
};

// ---- time-independent: one action after the other ----

class TimeIndependentWriter {
 public:
  explicit TimeIndependentWriter(const RankTrace& trace) : trace_(trace), refusals_(trace) {}

  WrittenTrace write() {
    for (rank_ = 0; rank_ < trace_.ranks.size(); ++rank_) write_rank();
    refusals_.stop();
    WrittenTrace written{std::move(text_), {}};
    if (dropped_ > 0)
      written.notes.push_back({"computes whose flops, bytes or kind of device were left out", dropped_});
    return written;
  }

 private:
  // In bytes, whatever datatype the trace was read from.
  static constexpr int as_bytes = 6;

  const Rank& rank() const { return trace_.ranks[rank_]; }

  template <class... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    text_ += fmt::format("{} ", rank_) + fmt::format(format, std::forward<Arguments>(arguments)...) + "\n";
  }

  void write_rank() {
    line("init");
    open_.clear();
    for (std::uint32_t i = 0; i < rank().actions.size(); ++i) {
      const RankAction& action = rank().actions[i];
      if (!follows_the_last(i)) {
        refusals_.add(
            rank_, i,
            "begins beside others, but actions of a time-independent trace follow one another; GOAL can say this");
        return;
      }
      write_waits();
      if (!std::holds_alternative<RankWait>(action.work)) write_action(i, action.work);
    }
    line("finalize");
  }

  // Whether it waits for the action before (its start, if that may go on by itself) and beyond that for requests only.
  bool follows_the_last(std::uint32_t i) {
    waited_.clear();
    bool after_last = i == 0;
    for (const Dependency d : rank().dependencies_of(rank().actions[i])) {
      const bool last = d.action + 1 == i;
      after_last = after_last || last;
      if (d.on == DependsOn::start) {
        if (!last) return false;
      } else if (open_.contains(d.action)) {
        waited_.push_back(d.action);
      } else if (d.action >= i) {
        return false;
      }
    }
    return after_last;
  }

  // Whether the next action begins with this one, so that it is a request.
  bool is_request(std::uint32_t i) const {
    if (i + 1 >= rank().actions.size()) return false;
    const auto after = rank().dependencies_of(rank().actions[i + 1]);
    return std::any_of(after.begin(), after.end(),
                       [i](Dependency d) { return d.action == i && d.on == DependsOn::start; });
  }

  void write_waits() {
    for (const std::uint32_t request : waited_) {
      const RankWork& work = rank().actions[request].work;
      if (const auto* send = std::get_if<RankSend>(&work)) {
        line("wait {} {} {}", rank_, send->to, send->tag);
      } else if (const auto* receive = std::get_if<RankReceive>(&work)) {
        line("wait {} {} {}", receive->from ? fmt::format("{}", *receive->from) : "-1", rank_,
             receive->tag.value_or(-1));
      }
      open_.erase(request);
    }
    waited_.clear();
  }

  void write_action(std::uint32_t i, const RankWork& work) {
    if (const auto* compute = std::get_if<RankCompute>(&work)) {
      dropped_ +=
          compute->traffic > DataSize{} || compute->device == DeviceKind::gpu || (compute->time && compute->flops);
      if (compute->time) return line("sleep {}", compute->time->si());
      return line("compute {}", compute->flops.value_or(FlopCount{}).si());
    }
    if (const auto* collective = std::get_if<RankCollective>(&work)) return write_collective(i, *collective);
    const char* prefix = is_request(i) ? "i" : "";
    if (is_request(i)) open_.insert(i);
    if (const auto* send = std::get_if<RankSend>(&work)) {
      return line("{}send {} {} {} {}", prefix, send->to, send->tag, send->size.si(), as_bytes);
    }
    const auto& receive = std::get<RankReceive>(work);
    line("{}recv {} {} {} {}", prefix, receive.from ? fmt::format("{}", *receive.from) : "-1", receive.tag.value_or(-1),
         receive.size.si(), as_bytes);
  }

  static std::string list(const std::vector<DataSize>& parts) {
    std::string text;
    for (const DataSize part : parts) text += fmt::format(" {}", part.si());
    return text;
  }

  void write_collective(std::uint32_t i, const RankCollective& c) {
    if (trace_.groups[c.group].members.size() != trace_.ranks.size()) {
      return refusals_.add(rank_, i,
                           "has a collective of part of the ranks, which time-independent traces do not name");
    }
    const double size = c.size.si(), flops = c.flops.si();
    const double one = size / static_cast<double>(trace_.ranks.size());
    const bool equal = c.parts.empty();
    switch (c.operation) {
      case RankOperation::barrier:
        return line("barrier");
      case RankOperation::broadcast:
        return line("bcast {} {} {}", size, c.root, as_bytes);
      case RankOperation::reduce:
        return line("reduce {} {} {} {}", size, flops, c.root, as_bytes);
      case RankOperation::all_reduce:
        return line("allreduce {} {} {}", size, flops, as_bytes);
      case RankOperation::scan:
        return line("scan {} {} {}", size, flops, as_bytes);
      case RankOperation::gather:
        if (!equal) return line("gatherv {}{} {} {} {}", size, list(c.parts), c.root, as_bytes, as_bytes);
        return line("gather {} {} {} {} {}", size, size, c.root, as_bytes, as_bytes);
      case RankOperation::scatter:
        if (!equal) return line("scatterv{} {} {} {} {}", list(c.parts), size, c.root, as_bytes, as_bytes);
        return line("scatter {} {} {} {} {}", size, size, c.root, as_bytes, as_bytes);
      case RankOperation::all_gather:
        if (!equal) return line("allgatherv {}{} {} {}", size, list(c.parts), as_bytes, as_bytes);
        return line("allgather {} {} {} {}", size, size, as_bytes, as_bytes);
      case RankOperation::all_to_all:
        if (equal) return line("alltoall {} {} {} {}", one, one, as_bytes, as_bytes);
        return line("alltoallv {}{} {}{} {} {}", size, list(c.parts), size, list(received(i)), as_bytes, as_bytes);
      case RankOperation::reduce_scatter:
        return line("reducescatter{} {} {}", list(equal ? std::vector(trace_.ranks.size(), bytes(one)) : c.parts),
                    flops, as_bytes);
    }
  }

  // What this rank gets in an all-to-all: what the others' same call has for it.
  std::vector<DataSize> received(std::uint32_t action) {
    std::size_t nth = 0;
    for (std::uint32_t i = 0; i < action; ++i) nth += std::holds_alternative<RankCollective>(rank().actions[i].work);
    if (calls_.empty()) {
      calls_.resize(trace_.ranks.size());
      for (std::size_t r = 0; r < calls_.size(); ++r) {
        for (const RankAction& a : trace_.ranks[r].actions) {
          if (const auto* collective = std::get_if<RankCollective>(&a.work)) calls_[r].push_back(collective);
        }
      }
    }
    std::vector<DataSize> sizes;
    for (const auto& calls : calls_) {
      const auto& parts = calls.at(nth)->parts;
      sizes.push_back(rank_ < parts.size() ? parts[rank_] : DataSize{});
    }
    return sizes;
  }

  const RankTrace& trace_;
  Refusals refusals_;
  std::uint32_t rank_ = 0;
  std::set<std::uint32_t> open_;       // requests of this rank that nothing has waited for
  std::vector<std::uint32_t> waited_;  // by the action being written
  std::string text_;
  std::int64_t dropped_ = 0;
  std::vector<std::vector<const RankCollective*>> calls_;  // of each rank
};

}  // namespace

WrittenTrace write_goal(const RankTrace& trace, std::optional<FlopRate> flop_rate) {
  return GoalWriter(trace, flop_rate).write();
}

WrittenTrace write_time_independent(const RankTrace& trace) { return TimeIndependentWriter(trace).write(); }

}  // namespace zettasim::workload
