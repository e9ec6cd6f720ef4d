// Every rank an actor, every message a communication through a mailbox.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "engine/message_network.hpp"
#include "zettasim/base/contract.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/engine/messages.hpp"

namespace zettasim::engine {
namespace sg = simgrid::s4u;
namespace {

constexpr std::uint64_t most_messages = 100'000'000;  // some ten minutes
constexpr std::size_t most_ranks = 16'384;            // beyond, actors and mailboxes fill the memory

// Each message that is sent is received: then a schedule can only be stuck where ranks wait for each other in a circle.
void check_pairs(const MessageSchedule& schedule) {
  std::unordered_map<std::uint64_t, std::int64_t> open;
  const auto pair = [](std::uint32_t from, std::uint32_t to) { return std::uint64_t{from} << 32 | to; };
  for (std::uint32_t rank = 0; rank < schedule.ranks.size(); ++rank) {
    for (const MessageStep& step : schedule.ranks[rank]) {
      for (const MessageSend& send : step.sends) open[pair(rank, send.to)] += step.repeats;
      for (const std::uint32_t from : step.receives) open[pair(from, rank)] -= step.repeats;
    }
  }
  for (const auto& [ends, count] : open) {
    const std::uint64_t from = ends >> 32, to = ends & 0xffffffffu;
    ZETTASIM_EXPECT(from < schedule.ranks.size() && to < schedule.ranks.size(), "from {} to {}", from, to);
    ZETTASIM_EXPECT(count == 0, "{} more messages sent than received from rank {} to {}", count, from, to);
  }
}

void check(const platform::Machine& machine, const topology::Network& network,
           std::span<const MessageSchedule> schedules) {
  std::uint64_t messages = 0;
  std::size_t ranks = 0;
  for (const MessageSchedule& schedule : schedules) {
    ZETTASIM_EXPECT(schedule.ranks.size() == schedule.placement.size(), "{} ranks on {} places", schedule.ranks.size(),
                    schedule.placement.size());
    messages += schedule.message_count();
    ranks = std::max(ranks, schedule.ranks.size());
    check_pairs(schedule);
  }
  if (network.detours() != nullptr) {
    throw InputError(fmt::format("machine \"{}\", network", machine.name),
                     "found routing that adapts to load, which --network messages does not simulate; use --network "
                     "patterns, or set \"routing\" of the topology to \"minimal\"");
  }
  if (messages > most_messages || ranks > most_ranks) {
    throw InputError(fmt::format("machine \"{}\", network", machine.name),
                     fmt::format("found {} messages between {} ranks, expected at most {} and {}: each is simulated; "
                                 "take fewer ranks, or --network patterns",
                                 messages, ranks, most_messages, most_ranks));
  }
}

// The nodes and pairs of nodes that a set of schedules uses.
struct Places {
  std::set<NodeId> nodes;
  MessageNetwork::Pairs pairs;
};

Places places_of(std::span<const MessageSchedule> schedules) {
  Places result;
  for (const MessageSchedule& schedule : schedules) {
    result.nodes.insert(schedule.placement.begin(), schedule.placement.end());
    for (std::size_t rank = 0; rank < schedule.ranks.size(); ++rank) {
      const NodeId from = schedule.placement[rank];
      for (const MessageStep& step : schedule.ranks[rank]) {
        for (const MessageSend& send : step.sends) {
          const NodeId to = schedule.placement[send.to];
          if (from != to) result.pairs.emplace(from, to);
        }
      }
    }
  }
  return result;
}

char a_letter = 'm';  // SimGrid wants something to deliver

class RankActor {
 public:
  RankActor(const MessageSchedule& schedule, std::uint32_t rank, MessageNetwork& network)
      : schedule_(schedule), rank_(rank), network_(network) {}

  void operator()() {
    for (const MessageStep& step : schedule_.ranks[rank_]) {
      prepare(step);
      for (std::uint32_t i = 0; i < step.repeats; ++i) play(step);
    }
  }

 private:
  struct Outgoing {
    sg::Mailbox* mailbox;
    std::uint64_t size;
    double after_s;
  };

  // One mailbox for each pair keeps their messages in order and apart from those of others.
  static sg::Mailbox* mailbox(std::uint32_t from, std::uint32_t to) {
    return sg::Mailbox::by_name(fmt::format("{}-{}", from, to));
  }

  void prepare(const MessageStep& step) {
    outgoing_.clear();
    incoming_.clear();
    const NodeId here = schedule_.placement[rank_];
    for (const MessageSend& send : step.sends) {
      outgoing_.push_back({mailbox(rank_, send.to),
                           network_.simulated_size(here, schedule_.placement[send.to], send.size),
                           in_seconds(send.after)});
    }
    for (const std::uint32_t from : step.receives) incoming_.push_back(mailbox(from, rank_));
  }

  void play(const MessageStep& step) {
    if (step.compute > Duration{}) sg::this_actor::sleep_for(in_seconds(step.compute));
    under_way_.clear();
    for (sg::Mailbox* from : incoming_) under_way_.push_back(from->get_async<char>(&received_));
    double waited = 0.0;
    for (const Outgoing& message : outgoing_) {
      if (message.after_s > waited) {
        sg::this_actor::sleep_for(message.after_s - waited);
        waited = message.after_s;
      }
      under_way_.push_back(message.mailbox->put_async(&a_letter, message.size));
    }
    for (const sg::CommPtr& message : under_way_) message->wait();
  }

  const MessageSchedule& schedule_;
  std::uint32_t rank_;
  MessageNetwork& network_;
  std::vector<Outgoing> outgoing_;
  std::vector<sg::Mailbox*> incoming_;
  std::vector<sg::CommPtr> under_way_;
  char* received_ = nullptr;
};

}  // namespace

std::vector<Duration> simulate_messages(const platform::Machine& machine, const topology::Network& network,
                                        std::span<const MessageSchedule> schedules) {
  check(machine, network, schedules);
  const Places places = places_of(schedules);
  MessageNetwork world(machine, network, places.nodes, places.pairs);
  sg::Engine::on_deadlock_cb(
      [] { ZETTASIM_EXPECT(false, "the ranks of a message schedule wait for each other in a circle"); });
  std::vector<Duration> times;
  for (const MessageSchedule& schedule : schedules) {
    world.set_message_latency(schedule.message_latency.value_or(machine.network.message_latency));
    for (std::uint32_t rank = 0; rank < schedule.ranks.size(); ++rank) {
      start_actor(world.host(schedule.placement[rank]), fmt::format("rank-{}", rank),
                  [&schedule, rank, &world] { RankActor(schedule, rank, world)(); });
    }
    times.push_back(world.run());
  }
  return times;
}

Duration simulate_messages(const platform::Machine& machine, const topology::Network& network,
                           const MessageSchedule& schedule) {
  return simulate_messages(machine, network, std::span(&schedule, 1)).front();
}

}  // namespace zettasim::engine
