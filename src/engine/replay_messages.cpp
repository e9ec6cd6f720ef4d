// Every rank an actor that keeps as many actions under way as its trace allows: computes are alarms of its own,
// messages are SimGrid's, a collective is a row of steps of messages.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <queue>
#include <utility>

#include <xbt/log.h>

#include "engine/message_network.hpp"
#include "engine/rank_progress.hpp"
#include "engine/replay_parts.hpp"
#include "engine/replay_schedules.hpp"
#include "zettasim/base/contract.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/text.hpp"

namespace zettasim::engine {
namespace sg = simgrid::s4u;
namespace {

using workload::RankCollective;

constexpr std::uint64_t most_messages = 100'000'000;  // as for schedules of messages
constexpr std::size_t most_ranks = 16'384;

char a_letter = 'r';  // SimGrid wants something to deliver

// The collectives of a trace as schedules; equal ones of a group share theirs.
class Collectives {
 public:
  explicit Collectives(const ReplayTask& task) : members_(task.trace.groups.size()) {
    std::vector<std::vector<std::vector<RankCollective>>> calls(task.trace.groups.size());  // by group, order, member
    for (const workload::Rank& rank : task.trace.ranks) {
      std::map<std::uint32_t, std::size_t> nth;
      for (const workload::RankAction& action : rank.actions) {
        const auto* collective = std::get_if<RankCollective>(&action.work);
        if (collective == nullptr) continue;
        auto& of_group = calls[collective->group];
        const std::size_t n = nth[collective->group]++;
        if (of_group.size() <= n) of_group.emplace_back();
        of_group[n].push_back(*collective);
        of_group[n].back().time.reset();
        of_group[n].back().flops = {};
      }
    }
    for (std::uint32_t group = 0; group < calls.size(); ++group) {
      const auto& members = task.trace.groups[group].members;
      for (std::uint32_t i = 0; i < members.size(); ++i) members_[group][members[i]] = i;
      if (members.size() < 2) continue;
      std::vector<NodeId> placement;
      for (const std::uint32_t member : members) placement.push_back(task.placement[member]);
      for (auto& one : calls[group]) add(task, group, std::move(one), placement);
    }
  }

  const std::list<MessageSchedule>& all() const { return schedules_; }
  // The n-th of a group; nothing where the group is one rank.
  const MessageSchedule* find(std::uint32_t group, std::size_t n) const {
    const auto at = in_order_.find(group);
    return at == in_order_.end() ? nullptr : at->second.at(n);
  }
  std::uint32_t member(std::uint32_t group, std::uint32_t rank) const { return members_[group].at(rank); }
  std::uint64_t messages() const { return messages_; }

 private:
  void add(const ReplayTask& task, std::uint32_t group, std::vector<RankCollective> calls,
           const std::vector<NodeId>& placement) {
    auto& order = in_order_[group];
    auto& known = known_[group];
    auto same = std::find_if(known.begin(), known.end(), [&](const auto& other) { return other.first == calls; });
    if (same == known.end()) {
      schedules_.push_back(replay_schedule(task.trace.format, calls, placement, task.machine.network.gap()));
      same = known.emplace(known.end(), std::move(calls), &schedules_.back());
    }
    order.push_back(same->second);
    messages_ += same->second->message_count();
  }

  std::list<MessageSchedule> schedules_;
  std::map<std::uint32_t, std::vector<const MessageSchedule*>> in_order_;
  std::map<std::uint32_t, std::vector<std::pair<std::vector<RankCollective>, const MessageSchedule*>>> known_;
  std::vector<std::map<std::uint32_t, std::uint32_t>> members_;  // by group: place of each rank in it
  std::uint64_t messages_ = 0;
};

class ReplayActor {
 public:
  ReplayActor(const ReplayTask& task, const Collectives& collectives, MessageNetwork& world, std::uint32_t rank,
              ReplayRecord& record)
      : task_(task),
        collectives_(collectives),
        world_(world),
        rank_(rank),
        record_(record),
        progress_(task.trace.ranks[rank]) {}

  // Begin what may begin, wait for the next thing to finish, and so on to the end.
  void operator()() {
    for (;;) {
      while (const auto action = progress_.begin_next()) begin(*action);
      if (messages_.empty() && alarms_.empty()) break;
      wait();
    }
    ZETTASIM_EXPECT(progress_.all_finished(), "rank {} has actions left that nothing will begin", rank_);
    finished_ = true;
    record_.ranks[rank_].end = seconds(sg::Engine::get_clock());
  }

  // Where it is when all wait for each other; nothing if it came to its end.
  std::optional<Problem> waiting() const {
    if (finished_ || owners_.empty()) return std::nullopt;
    return Problem{workload::place_of(task_.trace, rank_, owners_[0]),
                   fmt::format("rank {} waits here for ever", rank_)};
  }

 private:
  // A collective under way: its steps of this rank one after the other.
  struct Running {
    const std::vector<MessageStep>* steps = nullptr;
    std::uint32_t group = 0;
    std::uint32_t member = 0;
    std::size_t step = 0;
    std::uint32_t repeat = 0;
    std::size_t open_messages = 0;
    Duration flops;  // its reduction's, after the messages
    bool reduced = false;
  };
  struct Alarm {
    double at_s;
    std::uint64_t number;  // alarms of one instant go off in the order they were set
    std::uint32_t action;
    bool operator>(const Alarm& other) const { return at_s != other.at_s ? at_s > other.at_s : number > other.number; }
  };

  void begin(std::uint32_t action) {
    const auto& work = progress_.action(action).work;
    if (const auto* compute = std::get_if<workload::RankCompute>(&work)) {
      const Duration time = task_.pricer.price(*compute);
      record_.ranks[rank_].compute += time;
      set_alarm(action, time);
    } else if (const auto* send = std::get_if<workload::RankSend>(&work)) {
      if (!put(mailbox(rank_, send->to, fmt::format("t{}", send->tag)), send->to, send->size, action)) {
        progress_.finish(action);
      }
    } else if (const auto* receive = std::get_if<workload::RankReceive>(&work)) {
      get(mailbox(*receive->from, rank_, fmt::format("t{}", *receive->tag)), action);
    } else if (const auto* collective = std::get_if<RankCollective>(&work)) {
      begin_collective(action, *collective);
    } else {
      progress_.finish(action);
    }
  }

  void begin_collective(std::uint32_t action, const RankCollective& collective) {
    const MessageSchedule* schedule = collectives_.find(collective.group, nth_[collective.group]++);
    if (schedule == nullptr) return set_alarm(action, collective.time.value_or(Duration{}));
    Running& running = running_[action];
    running.group = collective.group;
    running.member = collectives_.member(collective.group, rank_);
    running.steps = &schedule->ranks[running.member];
    running.flops = task_.pricer.price(collective.flops);
    begin_step(action, running);
  }

  // Steps without messages to wait for end at once.
  void begin_step(std::uint32_t action, Running& running) {
    while (running.step < running.steps->size()) {
      const MessageStep& step = (*running.steps)[running.step];
      if (running.repeat == step.repeats) {
        ++running.step;
        running.repeat = 0;
        continue;
      }
      ++running.repeat;
      const auto& members = task_.trace.groups[running.group].members;
      const std::string box = fmt::format("g{}", running.group);
      for (const std::uint32_t from : step.receives) {
        get(mailbox(members[from], rank_, box), action);
        ++running.open_messages;
      }
      for (const MessageSend& send : step.sends) {
        if (put(mailbox(rank_, members[send.to], box), members[send.to], send.size, action)) ++running.open_messages;
      }
      if (running.open_messages > 0) return;
    }
    end_collective(action, running);
  }

  void end_collective(std::uint32_t action, Running& running) {
    if (!running.reduced && running.flops > Duration{}) {
      running.reduced = true;
      record_.ranks[rank_].compute += running.flops;
      return set_alarm(action, running.flops);
    }
    running_.erase(action);
    progress_.finish(action);
  }

  static sg::Mailbox* mailbox(std::uint32_t from, std::uint32_t to, const std::string& which) {
    return sg::Mailbox::by_name(fmt::format("{}-{}-{}", from, to, which));
  }

  // Whether the sender has to wait for it.
  bool put(sg::Mailbox* box, std::uint32_t to, DataSize size, std::uint32_t action) {
    const std::uint64_t units = world_.simulated_size(task_.placement[rank_], task_.placement[to], size);
    ++record_.messages;
    record_.message_size += size;
    if (size < task_.eager_limit) {
      box->put_init(&a_letter, units)->detach();
      return false;
    }
    add(box->put_async(&a_letter, units), action);
    return true;
  }
  void get(sg::Mailbox* box, std::uint32_t action) { add(box->get_async<char>(&received_), action); }
  void add(sg::CommPtr message, std::uint32_t action) {
    messages_.push_back(std::move(message));
    owners_.push_back(action);
  }

  void set_alarm(std::uint32_t action, Duration time) {
    alarms_.push({sg::Engine::get_clock() + in_seconds(time), alarm_number_++, action});
  }

  void wait() {
    const double now = sg::Engine::get_clock();
    if (!alarms_.empty() && (messages_.empty() || alarms_.top().at_s <= now)) {
      if (alarms_.top().at_s > now) sg::this_actor::sleep_until(alarms_.top().at_s);
      return go_off();
    }
    if (alarms_.empty() && std::all_of(owners_.begin(), owners_.end(), [&](auto o) { return o == owners_[0]; })) {
      return wait_for_all();
    }
    const auto done = wait_for_one(messages_, alarms_.empty() ? -1.0 : alarms_.top().at_s - now);
    if (!done) return go_off();
    const std::uint32_t owner = owners_[*done];
    messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(*done));
    owners_.erase(owners_.begin() + static_cast<std::ptrdiff_t>(*done));
    message_done(owner);
  }

  // All are of one action, which nothing but their end moves on: waiting for each in turn is quicker than for any.
  void wait_for_all() {
    for (const sg::CommPtr& message : messages_) message->wait();
    const auto messages = std::exchange(messages_, {});
    const std::uint32_t owner = owners_[0];
    owners_.clear();
    for (std::size_t i = 0; i < messages.size(); ++i) message_done(owner);
  }

  void message_done(std::uint32_t action) {
    const auto running = running_.find(action);
    if (running == running_.end()) return progress_.finish(action);
    if (--running->second.open_messages == 0) begin_step(action, running->second);
  }

  void go_off() {
    const std::uint32_t action = alarms_.top().action;
    alarms_.pop();
    const auto running = running_.find(action);
    if (running != running_.end()) return end_collective(action, running->second);
    progress_.finish(action);
  }

  const ReplayTask& task_;
  const Collectives& collectives_;
  MessageNetwork& world_;
  const std::uint32_t rank_;
  ReplayRecord& record_;
  RankProgress progress_;
  std::map<std::uint32_t, std::size_t> nth_;  // collectives begun, by group
  std::map<std::uint32_t, Running> running_;  // by action
  std::vector<sg::CommPtr> messages_;         // under way
  std::vector<std::uint32_t> owners_;         // the action of each
  std::priority_queue<Alarm, std::vector<Alarm>, std::greater<>> alarms_;
  std::uint64_t alarm_number_ = 0;
  char* received_ = nullptr;
  bool finished_ = false;
};

MessageNetwork::Pairs pairs_of(const ReplayTask& task, const Collectives& collectives) {
  MessageNetwork::Pairs pairs;
  const auto add = [&pairs](NodeId from, NodeId to) {
    if (from != to) pairs.emplace(from, to);
  };
  for (std::uint32_t rank = 0; rank < task.trace.ranks.size(); ++rank) {
    for (const workload::RankAction& action : task.trace.ranks[rank].actions) {
      if (const auto* send = std::get_if<workload::RankSend>(&action.work)) {
        add(task.placement[rank], task.placement[send->to]);
      }
    }
  }
  for (const MessageSchedule& schedule : collectives.all()) {
    for (std::size_t member = 0; member < schedule.ranks.size(); ++member) {
      for (const MessageStep& step : schedule.ranks[member]) {
        for (const MessageSend& send : step.sends) add(schedule.placement[member], schedule.placement[send.to]);
      }
    }
  }
  return pairs;
}

void check_size(const ReplayTask& task, const Collectives& collectives) {
  std::uint64_t messages = collectives.messages();
  for (const workload::Rank& rank : task.trace.ranks) {
    for (const workload::RankAction& action : rank.actions) {
      messages += std::holds_alternative<workload::RankSend>(action.work) ? 1 : 0;
    }
  }
  if (messages <= most_messages && task.trace.ranks.size() <= most_ranks) return;
  throw InputError(
      task.trace.name,
      fmt::format("found {} messages between {} ranks, expected at most {} and {}: each is simulated; take "
                  "--network patterns",
                  messages, task.trace.ranks.size(), most_messages, most_ranks));
}

[[noreturn]] void explain_stuck(const ReplayTask& task, const std::deque<ReplayActor>& actors) {
  std::vector<Problem> problems;
  constexpr std::size_t most_problems = 8;
  for (const ReplayActor& actor : actors) {
    const auto waiting = actor.waiting();
    if (waiting && problems.size() < most_problems) problems.push_back(*waiting);
  }
  problems.push_back({task.trace.name, fmt::format("ranks wait for each other: messages of {} or more wait for their "
                                                   "receives, and those for them; give a larger --eager",
                                                   zettasim::to_text(task.eager_limit))});
  throw InputError(std::move(problems));
}

}  // namespace

ReplayRecord replay_messages(const ReplayTask& task) {
  const Collectives collectives(task);
  check_size(task, collectives);
  MessageNetwork world(task.machine, task.network, {task.placement.begin(), task.placement.end()},
                       pairs_of(task, collectives));
  // Large messages may wait for receives that wait for them. SimGrid's own words about it would only confuse.
  xbt_log_control_set("ker_engine.thresh:critical ker_engine.add:0 ker_engine.app:file:/dev/null");
  bool stuck = false;
  sg::Engine::on_deadlock_cb([&stuck] { stuck = true; });
  ReplayRecord record;
  record.ranks.resize(task.trace.ranks.size());
  record.roles = static_cast<std::int64_t>(record.ranks.size());
  std::deque<ReplayActor> actors;
  for (std::uint32_t rank = 0; rank < record.ranks.size(); ++rank) {
    ReplayActor& actor = actors.emplace_back(task, collectives, world, rank, record);
    start_actor(world.host(task.placement[rank]), fmt::format("rank-{}", rank), [&actor] { actor(); });
  }
  world.run();
  if (stuck) explain_stuck(task, actors);
  return record;
}

}  // namespace zettasim::engine
