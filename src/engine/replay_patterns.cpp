// One rank of each role plays for all of them; a message takes its latency and its size over the narrowest link of its
// route, with nobody else on it; a collective begins when all its ranks are there and costs what it costs applications.
//
// Roles are refined until ranks of one role have partners of the same roles: then all ranks of a role live through the
// same times, as far as their routes are equally long, and playing one of them is no further approximation.
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <queue>
#include <tuple>

#include "engine/rank_progress.hpp"
#include "engine/replay_parts.hpp"
#include "zettasim/base/contract.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/cost/communication.hpp"

namespace zettasim::engine {
namespace {

using workload::RankCollective;
using workload::RankOperation;

// Splits roles until the partners of equal ranks are equal too.
std::vector<std::uint32_t> refined_roles(const workload::RankTrace& trace) {
  std::vector<std::uint32_t> roles = workload::find_roles(trace);
  for (std::size_t count = 0;;) {
    std::map<std::vector<std::uint32_t>, std::uint32_t> numbers;
    std::vector<std::uint32_t> next(roles.size());
    for (std::size_t rank = 0; rank < roles.size(); ++rank) {
      std::vector<std::uint32_t> signature{roles[rank]};
      for (const workload::RankAction& action : trace.ranks[rank].actions) {
        if (const auto* send = std::get_if<workload::RankSend>(&action.work)) signature.push_back(roles[send->to]);
        if (const auto* receive = std::get_if<workload::RankReceive>(&action.work)) {
          signature.push_back(roles[*receive->from]);
        }
      }
      next[rank] = numbers.emplace(std::move(signature), static_cast<std::uint32_t>(numbers.size())).first->second;
    }
    roles = std::move(next);
    if (numbers.size() == count) return roles;
    count = numbers.size();
  }
}

class CollectivePrices {
 public:
  explicit CollectivePrices(const ReplayTask& task) : task_(task), model_(task.machine, task.network) {}

  Duration price(const RankCollective& collective) {
    const auto key = std::tuple(collective.group, collective.operation, collective.size.si());
    const auto [at, added] = known_.emplace(key, Duration{});
    if (added) at->second = compute(collective);
    return at->second;
  }

 private:
  Duration compute(const RankCollective& collective) {
    const auto& members = task_.trace.groups[collective.group].members;
    std::vector<NodeId> nodes;
    for (const std::uint32_t member : members) {
      const NodeId node = task_.placement[member];
      if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
    }
    const auto ranks = static_cast<double>(members.size());
    const auto on_node = static_cast<std::int64_t>((members.size() + nodes.size() - 1) / nodes.size());
    cost::CollectiveChoice choice{};
    choice.loads = cost::Loads::left_out;
    const auto devices = task_.machine.main_devices().count;
    choice.gpus_per_node = task_.machine.node.gpus ? std::min(on_node, devices) : 0;
    const auto cost = [&](CollectiveOperation operation, DataSize size) {
      return model_.collective(operation, size, nodes, choice).time;
    };
    switch (collective.operation) {
      case RankOperation::barrier:
        return cost(CollectiveOperation::barrier, DataSize{});
      case RankOperation::broadcast:
        return cost(CollectiveOperation::broadcast, collective.size);
      case RankOperation::reduce:
        return cost(CollectiveOperation::reduce, collective.size);
      case RankOperation::all_reduce:
      case RankOperation::scan:
        return cost(CollectiveOperation::all_reduce, collective.size);
      case RankOperation::all_gather:
        return cost(CollectiveOperation::all_gather, collective.size * ranks);
      case RankOperation::reduce_scatter:
        return cost(CollectiveOperation::reduce_scatter, collective.size);
      case RankOperation::all_to_all:
        return cost(CollectiveOperation::all_to_all, collective.size * static_cast<double>(on_node));
      case RankOperation::gather:
      case RankOperation::scatter:
        return rooted(cost(CollectiveOperation::broadcast, bytes(1.0)), collective.size, ranks);
    }
    ZETTASIM_EXPECT(false, "operation {}", static_cast<int>(collective.operation));
  }

  // A tree of latencies, and all parts through the interfaces of the root.
  Duration rooted(Duration latency, DataSize part, double ranks) const {
    const auto& nics = task_.machine.node.nics;
    return latency + part * (ranks - 1.0) / (nics.bandwidth * static_cast<double>(nics.count));
  }

  const ReplayTask& task_;
  cost::CommunicationModel model_;
  std::map<std::tuple<std::uint32_t, RankOperation, double>, Duration> known_;
};

class PatternReplay {
 public:
  explicit PatternReplay(const ReplayTask& task)
      : task_(task), roles_(refined_roles(task.trace)), prices_(task), needed_(task.trace.groups.size()) {
    for (std::uint32_t rank = 0; rank < roles_.size(); ++rank) {
      if (roles_[rank] == players_.size()) players_.push_back(rank);
      if (roles_[rank] == counts_.size()) counts_.push_back(0);
      ++counts_[roles_[rank]];
    }
    for (std::size_t group = 0; group < needed_.size(); ++group) {
      std::vector<std::uint32_t> roles;
      for (const std::uint32_t member : task.trace.groups[group].members) roles.push_back(roles_[member]);
      std::sort(roles.begin(), roles.end());
      needed_[group] = static_cast<std::size_t>(std::unique(roles.begin(), roles.end()) - roles.begin());
    }
    for (const std::uint32_t player : players_) progress_.emplace_back(task.trace.ranks[player]);
    times_.resize(players_.size());
    nth_.resize(players_.size());
  }

  ReplayRecord run() {
    for (std::uint32_t role = 0; role < players_.size(); ++role) go_on(role);
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      times_[event.role].end = now_;
      progress_[event.role].finish(event.action);
      go_on(event.role);
    }
    for (std::size_t role = 0; role < players_.size(); ++role) {
      if (!progress_[role].all_finished()) stuck(role);
    }
    for (const std::uint32_t role : roles_) record_.ranks.push_back(times_[role]);
    record_.roles = static_cast<std::int64_t>(players_.size());
    return std::move(record_);
  }

 private:
  struct Event {
    Duration at;
    std::uint64_t number;  // those of one instant in the order in which they were foreseen
    std::uint32_t role;
    std::uint32_t action;
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : number > other.number; }
  };
  struct End {  // of a message that waits for the other
    std::uint32_t role = 0;
    std::uint32_t action = 0;
  };
  struct Channel {
    std::deque<End> sends, receives;
  };
  using ChannelKey = std::tuple<std::uint32_t, std::uint32_t, std::int64_t>;  // receiving role, distance, tag

  void finish_at(Duration at, std::uint32_t role, std::uint32_t action) {
    events_.push({at, events_foreseen_++, role, action});
  }

  void go_on(std::uint32_t role) {
    while (const auto action = progress_[role].begin_next()) begin(role, *action);
  }

  void begin(std::uint32_t role, std::uint32_t action) {
    const auto& work = progress_[role].action(action).work;
    if (const auto* compute = std::get_if<workload::RankCompute>(&work)) {
      const Duration time = task_.pricer.price(*compute);
      times_[role].compute += time;
      finish_at(now_ + time, role, action);
    } else if (const auto* send = std::get_if<workload::RankSend>(&work)) {
      begin_send(role, action, *send);
    } else if (const auto* receive = std::get_if<workload::RankReceive>(&work)) {
      Channel& channel = channels_[{role, distance(*receive->from, players_[role]), *receive->tag}];
      channel.receives.push_back({role, action});
      meet(channel);
    } else if (const auto* collective = std::get_if<RankCollective>(&work)) {
      join(role, action, *collective);
    } else {
      finish_at(now_, role, action);
    }
  }

  std::uint32_t distance(std::uint32_t from, std::uint32_t to) const {
    const auto ranks = static_cast<std::uint32_t>(roles_.size());
    return (to + ranks - from) % ranks;
  }

  void begin_send(std::uint32_t role, std::uint32_t action, const workload::RankSend& send) {
    record_.messages += counts_[role];
    record_.message_size += send.size * static_cast<double>(counts_[role]);
    Channel& channel = channels_[{roles_[send.to], distance(players_[role], send.to), send.tag}];
    channel.sends.push_back({role, action});
    if (send.size < task_.eager_limit) finish_at(now_, role, action);
    meet(channel);
  }

  void meet(Channel& channel) {
    if (channel.sends.empty() || channel.receives.empty()) return;
    const End sender = channel.sends.front(), receiver = channel.receives.front();
    channel.sends.pop_front();
    channel.receives.pop_front();
    const auto& send = std::get<workload::RankSend>(progress_[sender.role].action(sender.action).work);
    const Duration end = now_ + message_time(players_[sender.role], send);
    if (send.size >= task_.eager_limit) finish_at(end, sender.role, sender.action);
    finish_at(end, receiver.role, receiver.action);
  }

  Duration message_time(std::uint32_t rank, const workload::RankSend& send) {
    const NodeId from = task_.placement[rank], to = task_.placement[send.to];
    Duration time = task_.machine.network.message_latency;
    if (from == to) return time;
    route_.clear();
    time += task_.network.append_route(from, to, route_);
    Duration slowest;
    for (const topology::RoutedLink& hop : route_) {
      slowest = std::max(slowest, send.size * hop.share / task_.network.bandwidth(hop.link));
    }
    return time + slowest;
  }

  void join(std::uint32_t role, std::uint32_t action, const RankCollective& collective) {
    const Duration reduction = task_.pricer.price(collective.flops);
    times_[role].compute += reduction;
    if (task_.trace.groups[collective.group].members.size() < 2) {
      return finish_at(now_ + collective.time.value_or(Duration{}) + reduction, role, action);
    }
    auto& there = joined_[{collective.group, nth_[role][collective.group]++}];
    there.push_back({role, action});
    if (there.size() < needed_[collective.group]) return;
    const Duration end = now_ + prices_.price(collective);
    for (const End& one : there) {
      const auto& theirs = std::get<RankCollective>(progress_[one.role].action(one.action).work);
      finish_at(end + task_.pricer.price(theirs.flops), one.role, one.action);
    }
  }

  // A rank whose large message waits for a receive that waits for it; `check` takes sends to end at once.
  [[noreturn]] void stuck(std::size_t role) const {
    throw InputError(task_.trace.name,
                     fmt::format("rank {} never comes to its end: messages of {} or more wait for their receives, and "
                                 "those for them; give a larger --eager",
                                 players_[role], zettasim::to_text(task_.eager_limit)));
  }

  const ReplayTask& task_;
  std::vector<std::uint32_t> roles_;    // of each rank
  std::vector<std::uint32_t> players_;  // the rank that plays each role
  std::vector<std::uint64_t> counts_;   // ranks of each role
  CollectivePrices prices_;
  std::vector<std::size_t> needed_;  // roles that take part in each group
  std::deque<RankProgress> progress_;
  std::vector<RankTimes> times_;
  std::vector<std::map<std::uint32_t, std::size_t>> nth_;  // collectives begun, by role and group
  std::map<ChannelKey, Channel> channels_;
  std::map<std::pair<std::uint32_t, std::size_t>, std::vector<End>> joined_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t events_foreseen_ = 0;
  std::vector<topology::RoutedLink> route_;
  Duration now_;
  ReplayRecord record_;
};

}  // namespace

ReplayRecord replay_patterns(const ReplayTask& task) { return PatternReplay(task).run(); }

}  // namespace zettasim::engine
