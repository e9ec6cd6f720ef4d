// Can all ranks of a trace come to their end? First by counting (partners that exist, sends against receives,
// collectives against each other), then by letting the ranks run without time: begin what may begin, finish what that
// finishes, until nothing moves. What is left then waits for itself.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <tuple>

#include "zettasim/base/problem.hpp"
#include "zettasim/workload/rank_trace.hpp"

namespace zettasim::workload {
namespace {

constexpr std::size_t most_problems = 20;

struct Spot {
  std::uint32_t rank = 0;
  std::uint32_t action = 0;
};

// By receiver first, so that all senders to one rank lie together.
using ChannelKey = std::tuple<std::uint32_t, std::uint32_t, std::int64_t>;  // to, from, tag

std::string partner(const std::optional<std::uint32_t>& from) {
  return from ? fmt::format("rank {}", *from) : std::string("any rank");
}

struct Naming {
  std::string operator()(const RankCompute&) const { return "compute"; }
  std::string operator()(const RankSend& send) const {
    return fmt::format("send to rank {} with tag {}", send.to, send.tag);
  }
  std::string operator()(const RankReceive& receive) const {
    return fmt::format("receive from {} with {}", partner(receive.from),
                       receive.tag ? fmt::format("tag {}", *receive.tag) : "any tag");
  }
  std::string operator()(const RankCollective& collective) const { return to_text(collective.operation); }
  std::string operator()(const RankWait&) const { return "wait"; }
};

class Checker {
 public:
  explicit Checker(const RankTrace& trace) : trace_(trace) {}

  void check() {
    check_partners();
    stop_at_problems();
    check_messages();
    check_collectives();
    stop_at_problems();
    run();
    stop_at_problems();
  }

  // Of each receive from any rank or with any tag, after `check`: sender and tag that it met.
  struct Met {
    Spot receive;
    std::uint32_t from;
    std::int64_t tag;
  };
  const std::vector<Met>& met() const { return met_; }

 private:
  const RankAction& action(Spot spot) const { return trace_.ranks[spot.rank].actions[spot.action]; }

  std::string place(Spot spot) const { return place_of(trace_, spot.rank, spot.action); }
  std::string name(Spot spot) const { return std::visit(Naming{}, action(spot).work); }
  std::string short_place(Spot spot) const {
    return fmt::format("rank {} {} {} ({})", spot.rank, place_word(trace_.format), action(spot).place, name(spot));
  }

  void add_problem(Spot spot, std::string text) {
    if (++problem_count_ <= most_problems) {
      problems_.push_back({place(spot), fmt::format("rank {}: {}", spot.rank, std::move(text))});
    }
  }

  void stop_at_problems() {
    if (problem_count_ > most_problems) {
      problems_.push_back({trace_.name, fmt::format("and {} more problems", problem_count_ - most_problems)});
    }
    if (!problems_.empty()) throw InputError(std::move(problems_));
  }

  template <class Work, class Visit>
  void each(Visit visit) const {
    for (std::uint32_t r = 0; r < trace_.ranks.size(); ++r) {
      const auto& actions = trace_.ranks[r].actions;
      for (std::uint32_t i = 0; i < actions.size(); ++i) {
        if (const auto* work = std::get_if<Work>(&actions[i].work)) visit(Spot{r, i}, *work);
      }
    }
  }

  void check_partners() {
    const auto check = [&](Spot spot, std::uint32_t other, const char* what) {
      if (other < trace_.ranks.size()) return;
      add_problem(spot, fmt::format("{} rank {}, but the trace has ranks 0 to {} only; is a file missing?", what, other,
                                    trace_.ranks.size() - 1));
    };
    each<RankSend>([&](Spot spot, const RankSend& send) { check(spot, send.to, "sends to"); });
    each<RankReceive>([&](Spot spot, const RankReceive& receive) {
      if (receive.from) check(spot, *receive.from, "receives from");
    });
    each<RankCollective>([&](Spot spot, const RankCollective& collective) {
      check(spot, collective.root, "joins a collective whose root is");
    });
  }

  static bool fits(const RankReceive& receive, const ChannelKey& key) {
    const auto& [to, from, tag] = key;
    return (!receive.from || *receive.from == from) && (!receive.tag || *receive.tag == tag);
  }
  static bool takes_any(const RankReceive& receive) { return !receive.from || !receive.tag; }

  // Receives that name sender and tag take theirs first, those that take any are given what is left.
  void check_messages() {
    std::map<ChannelKey, std::deque<Spot>> unclaimed;
    each<RankSend>([&](Spot spot, const RankSend& send) { unclaimed[{send.to, spot.rank, send.tag}].push_back(spot); });
    const auto claim = [&](Spot spot, const RankReceive& receive, bool any) {
      if (takes_any(receive) != any) return;
      const std::uint32_t from = receive.from.value_or(0);
      const auto begin =
          any ? unclaimed.lower_bound({spot.rank, from, INT64_MIN}) : unclaimed.find({spot.rank, from, *receive.tag});
      for (auto it = begin; it != unclaimed.end() && std::get<0>(it->first) == spot.rank; ++it) {
        if (!fits(receive, it->first)) continue;
        it->second.pop_front();
        if (it->second.empty()) unclaimed.erase(it);
        return;
      }
      add_problem(spot,
                  fmt::format("this {} has no send left to meet it; a rank or a line may be missing", name(spot)));
    };
    each<RankReceive>([&](Spot spot, const RankReceive& receive) { claim(spot, receive, false); });
    each<RankReceive>([&](Spot spot, const RankReceive& receive) { claim(spot, receive, true); });
    for (const auto& [key, sends] : unclaimed) {
      for (const Spot spot : sends) add_problem(spot, fmt::format("nobody receives this {}", name(spot)));
    }
  }

  // The n-th collective of a group must be the same on all its members.
  void check_collectives() {
    calls_.assign(trace_.groups.size(), {});
    for (std::size_t g = 0; g < calls_.size(); ++g) calls_[g].resize(trace_.groups[g].members.size());
    each<RankCollective>([&](Spot spot, const RankCollective& collective) {
      const auto& members = trace_.groups[collective.group].members;
      const auto member = std::lower_bound(members.begin(), members.end(), spot.rank) - members.begin();
      calls_[collective.group][static_cast<std::size_t>(member)].push_back(spot);
    });
    for (std::size_t group = 0; group < calls_.size(); ++group) {
      for (const auto& calls : calls_[group]) compare(group, calls_[group].front(), calls);
    }
  }

  void compare(std::size_t group, const std::vector<Spot>& first, const std::vector<Spot>& other) {
    for (std::size_t i = 0; i < std::min(first.size(), other.size()); ++i) {
      const auto& expected = std::get<RankCollective>(action(first[i]).work);
      const auto& found = std::get<RankCollective>(action(other[i]).work);
      if (expected.operation == found.operation && expected.root == found.root) continue;
      return add_problem(other[i], fmt::format("collective {} of {} is {} with root {} here, but {} with root {} at {}",
                                               i + 1, trace_.groups[group].name, to_text(found.operation), found.root,
                                               to_text(expected.operation), expected.root, short_place(first[i])));
    }
    if (first.size() == other.size()) return;
    const auto& longer = first.size() > other.size() ? first : other;
    const std::size_t met = std::min(first.size(), other.size());
    std::string absent;
    std::size_t missing = 0;
    for (std::size_t m = 0; m < calls_[group].size(); ++m) {
      if (calls_[group][m].size() > met) continue;
      if (++missing <= 4) absent += fmt::format("{}{}", missing > 1 ? ", " : "", trace_.groups[group].members[m]);
    }
    if (reported_.emplace(group, met).second) {
      add_problem(longer[met], fmt::format("this {} is collective {} of {}, which {} of its {} ranks never join ({}{})",
                                           name(longer[met]), met + 1, trace_.groups[group].name, missing,
                                           calls_[group].size(), absent, missing > 4 ? ", ..." : ""));
    }
  }

  // ---- the run without time ----

  struct State {
    std::uint32_t open_dependencies = 0;
    bool begun = false;
    bool finished = false;
  };
  struct Successor {
    std::uint32_t action;
    DependsOn on;
  };

  State& state(Spot spot) { return states_[spot.rank][spot.action]; }

  void run() {
    prepare();
    while (!ready_.empty()) {
      const Spot spot = ready_.front();
      ready_.pop_front();
      begin(spot);
    }
    for (std::uint32_t r = 0; r < states_.size(); ++r) {
      for (std::uint32_t i = 0; i < states_[r].size(); ++i) {
        if (!states_[r][i].finished) return explain_stuck({r, i});
      }
    }
  }

  void prepare() {
    arrivals_.resize(calls_.size());
    for (std::size_t g = 0; g < calls_.size(); ++g) arrivals_[g].assign(calls_[g].front().size(), 0);
    for (std::size_t g = 0; g < calls_.size(); ++g) {
      for (const auto& calls : calls_[g]) {
        for (std::uint32_t i = 0; i < calls.size(); ++i) nth_[{calls[i].rank, calls[i].action}] = i;
      }
    }
    states_.resize(trace_.ranks.size());
    successors_.resize(trace_.ranks.size());
    for (std::uint32_t r = 0; r < trace_.ranks.size(); ++r) {
      const Rank& rank = trace_.ranks[r];
      states_[r].resize(rank.actions.size());
      successors_[r].resize(rank.actions.size());
      for (std::uint32_t i = 0; i < rank.actions.size(); ++i) {
        states_[r][i].open_dependencies = rank.actions[i].dependency_count;
        for (const Dependency d : rank.dependencies_of(rank.actions[i])) {
          successors_[r][d.action].push_back({i, d.on});
        }
        if (rank.actions[i].dependency_count == 0) ready_.push_back({r, i});
      }
    }
  }

  void begin(Spot spot) {
    state(spot).begun = true;
    release(spot, DependsOn::start);
    const RankWork& work = action(spot).work;
    if (const auto* send = std::get_if<RankSend>(&work)) {
      deliver(spot, *send);
    } else if (const auto* receive = std::get_if<RankReceive>(&work)) {
      return post(spot, *receive);
    } else if (const auto* collective = std::get_if<RankCollective>(&work)) {
      return join(spot, collective->group);
    }
    finish(spot);
  }

  void finish(Spot spot) {
    state(spot).finished = true;
    release(spot, DependsOn::finish);
  }

  void release(Spot spot, DependsOn on) {
    for (const Successor next : successors_[spot.rank][spot.action]) {
      if (next.on != on) continue;
      const Spot after{spot.rank, next.action};
      if (--state(after).open_dependencies == 0) ready_.push_back(after);
    }
  }

  void deliver(Spot spot, const RankSend& send) {
    const ChannelKey key{send.to, spot.rank, send.tag};
    auto& waiting = receives_[send.to];
    const auto taker = std::find_if(waiting.begin(), waiting.end(), [&](Spot receive) {
      return fits(std::get<RankReceive>(action(receive).work), key);
    });
    if (taker == waiting.end()) {
      ++arrived_[key];
      return;
    }
    const Spot receive = *taker;
    waiting.erase(taker);
    note_met(receive, key);
    finish(receive);
  }

  void note_met(Spot spot, const ChannelKey& key) {
    if (takes_any(std::get<RankReceive>(action(spot).work))) met_.push_back({spot, std::get<1>(key), std::get<2>(key)});
  }

  void post(Spot spot, const RankReceive& receive) {
    const std::uint32_t from = receive.from.value_or(0);
    auto it = takes_any(receive) ? arrived_.lower_bound({spot.rank, from, INT64_MIN})
                                 : arrived_.find({spot.rank, from, *receive.tag});
    while (it != arrived_.end() && std::get<0>(it->first) == spot.rank && !fits(receive, it->first)) ++it;
    if (it == arrived_.end() || std::get<0>(it->first) != spot.rank) {
      receives_[spot.rank].push_back(spot);
      return;
    }
    note_met(spot, it->first);
    if (--it->second == 0) arrived_.erase(it);
    finish(spot);
  }

  void join(Spot spot, std::uint32_t group) {
    const std::uint32_t nth = nth_.at({spot.rank, spot.action});
    if (++arrivals_[group][nth] < calls_[group].size()) return;
    for (const auto& calls : calls_[group]) finish(calls[nth]);
  }

  // ---- what is stuck ----

  // Another action without which `spot` cannot finish; every stuck action has one.
  std::optional<Spot> obstacle(Spot spot) {
    const Rank& rank = trace_.ranks[spot.rank];
    for (const Dependency d : rank.dependencies_of(action(spot))) {
      const State& other = states_[spot.rank][d.action];
      if (d.on == DependsOn::start ? !other.begun : !other.finished) return Spot{spot.rank, d.action};
    }
    if (const auto* collective = std::get_if<RankCollective>(&action(spot).work)) {
      const std::uint32_t nth = nth_.at({spot.rank, spot.action});
      for (const auto& calls : calls_[collective->group]) {
        if (!state(calls[nth]).begun) return calls[nth];
      }
    }
    if (const auto* receive = std::get_if<RankReceive>(&action(spot).work)) return unsent_for(spot, *receive);
    return std::nullopt;
  }

  std::optional<Spot> unsent_for(Spot spot, const RankReceive& receive) {
    std::optional<Spot> found;
    each<RankSend>([&](Spot sender, const RankSend& send) {
      if (found || send.to != spot.rank || state(sender).begun) return;
      if (fits(receive, {send.to, sender.rank, send.tag})) found = sender;
    });
    return found;
  }

  void explain_stuck(Spot first) {
    std::vector<Spot> path;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> seen;
    std::optional<Spot> at = first;
    while (at && seen.emplace(std::pair{at->rank, at->action}, path.size()).second) {
      path.push_back(*at);
      at = obstacle(*at);
    }
    if (!at) {  // only where receives from any rank took what others needed
      return add_problem(path.back(), fmt::format("this {} never ends: the messages that fit it went to receives from "
                                                  "any rank or with any tag",
                                                  name(path.back())));
    }
    const std::size_t start = seen.at({at->rank, at->action});
    constexpr std::size_t most_shown = 8;
    std::string circle;
    for (std::size_t i = start; i < std::min(path.size(), start + most_shown); ++i) {
      circle += short_place(path[i]) + " waits for ";
    }
    if (path.size() > start + most_shown) circle += fmt::format("... {} more ... ", path.size() - start - most_shown);
    add_problem(*at, fmt::format("actions wait for each other in a circle: {}{}", circle, short_place(*at)));
  }

  const RankTrace& trace_;
  std::vector<Problem> problems_;
  std::size_t problem_count_ = 0;
  std::vector<std::vector<std::vector<Spot>>> calls_;       // by group, member, order
  std::set<std::pair<std::size_t, std::size_t>> reported_;  // by group and order
  std::vector<std::vector<std::size_t>> arrivals_;          // by group and order: how many members are there
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> nth_;  // by rank and action: the order in its group
  std::vector<std::vector<State>> states_;
  std::vector<std::vector<std::vector<Successor>>> successors_;
  std::deque<Spot> ready_;
  std::map<ChannelKey, std::int64_t> arrived_;  // messages that nobody has taken
  std::vector<Met> met_;
  std::map<std::uint32_t, std::deque<Spot>> receives_;  // by rank, in the order they were posted
};

}  // namespace

void check(const RankTrace& trace) { Checker(trace).check(); }

void settle_receives(RankTrace& trace) {
  Checker checker(trace);
  checker.check();
  for (const auto& [spot, from, tag] : checker.met()) {
    auto& receive = std::get<RankReceive>(trace.ranks[spot.rank].actions[spot.action].work);
    receive.from = from;
    receive.tag = tag;
  }
}

}  // namespace zettasim::workload
