// Do the schedules of collectives move the data that their operation promises, for any number of ranks?
#include "cost/schedule.hpp"

#include <bit>
#include <cmath>
#include <set>
#include <string>

#include "support/catch.hpp"

using namespace zettasim;
using cost::Pattern;
using cost::Schedule;
using cost::Shape;
using enum CollectiveOperation;

namespace {

const Schedule& named(const std::vector<Schedule>& schedules, std::string_view name) {
  for (const Schedule& schedule : schedules) {
    if (schedule.algorithm == name) return schedule;
  }
  FAIL("no algorithm " << name);
  throw;
}

// Whose contributions each rank has after all rounds, when every message carries all that its sender has.
std::vector<std::set<std::uint32_t>> spread(const std::vector<cost::Round>& rounds, std::uint32_t ranks) {
  std::vector<std::set<std::uint32_t>> held(ranks);
  for (std::uint32_t i = 0; i < ranks; ++i) held[i] = {i};
  for (const auto& round : rounds) {
    for (double repeat = 0; repeat < round.repeats; ++repeat) {
      const auto before = held;
      cost::for_each_message(round.pattern, ranks, [&](std::uint32_t from, std::uint32_t to, double) {
        held[to].insert(before[from].begin(), before[from].end());
      });
    }
  }
  return held;
}

// Bytes received less bytes sent, and bytes received, by rank.
struct Flow {
  std::vector<double> received, sent;
};
Flow flow(const std::vector<cost::Round>& rounds, std::uint32_t ranks) {
  Flow result{std::vector<double>(ranks), std::vector<double>(ranks)};
  for (const auto& round : rounds) {
    cost::for_each_message(round.pattern, ranks, [&](std::uint32_t from, std::uint32_t to, double units) {
      result.received[to] += units * round.bytes * round.repeats;
      result.sent[from] += units * round.bytes * round.repeats;
    });
  }
  return result;
}

}  // namespace

TEST_CASE("every algorithm that combines all ranks lets each hear of every other", "[cost][property]") {
  for (std::uint32_t p = 2; p <= 40; ++p) {
    for (const auto operation : {all_reduce, reduce_scatter, all_gather, barrier}) {
      for (const Schedule& schedule : cost::schedules(operation, 1000.0, p)) {
        INFO(schedule.algorithm << " on " << p);
        for (const auto& held : spread(schedule.rounds, p)) CHECK(held.size() == p);
      }
    }
  }
}

TEST_CASE("messages go to another rank and nobody sends twice in a round", "[cost][property]") {
  for (std::uint32_t p = 2; p <= 40; ++p) {
    for (const auto operation : {all_reduce, reduce_scatter, all_gather, broadcast, reduce, all_to_all, barrier}) {
      for (const Schedule& schedule : cost::schedules(operation, 1000.0, p)) {
        INFO(schedule.algorithm << " on " << p);
        for (const auto& round : schedule.rounds) {
          std::set<std::uint32_t> senders, receivers;
          cost::for_each_message(round.pattern, p, [&](std::uint32_t from, std::uint32_t to, double) {
            CHECK(from < p);
            CHECK(to < p);
            CHECK(from != to);
            CHECK(senders.insert(from).second);
            CHECK(receivers.insert(to).second);
          });
          CHECK_FALSE(senders.empty());
        }
      }
    }
  }
}

// Everything but a rank's own p-th: (p-1)/p size.
TEST_CASE("gathering and scattering algorithms move all but each rank's own share", "[cost][property]") {
  for (std::uint32_t p = 2; p <= 40; ++p) {
    for (const auto operation : {reduce_scatter, all_gather}) {
      for (const Schedule& schedule : cost::schedules(operation, 1000.0, p)) {
        INFO(schedule.algorithm << " on " << p);
        for (const double bytes : flow(schedule.rounds, p).received) CHECK(bytes == Approx(1000.0 * (p - 1) / p));
      }
    }
  }
}

// A binomial scatter leaves each rank but the root with its own p-th; the tree sends the whole vector to p-1 ranks.
TEST_CASE("a tree reaches each rank but its root once", "[cost][property]") {
  for (std::uint32_t p = 2; p <= 40; ++p) {
    const auto broadcasts = cost::schedules(broadcast, 1000.0, p);
    for (const auto& held : spread(named(broadcasts, "binomial tree").rounds, p)) CHECK(held.count(0) == 1);
    std::vector<cost::Round> scatter;
    for (const auto& round : named(broadcasts, "scatter and ring all-gather").rounds) {
      if (round.pattern.shape == Shape::scatter) scatter.push_back(round);
    }
    const Flow tree = flow(named(broadcasts, "binomial tree").rounds, p);
    const Flow shares = flow(scatter, p);
    for (std::uint32_t i = 1; i < p; ++i) {
      CHECK(tree.received[i] == Approx(1000.0));
      CHECK(shares.received[i] - shares.sent[i] == Approx(1000.0 / p));
    }
    const auto collected =
        spread(named(cost::schedules(reduce, 1000.0, p), "ring reduce-scatter and gather").rounds, p);
    CHECK(collected[0].size() == p);
  }
}

// The block for the rank j further on moves once for each bit of j.
TEST_CASE("the all-to-all in rounds forwards each block once for each bit of its way", "[cost][property]") {
  for (std::uint32_t p = 2; p <= 70; ++p) {
    double moves = 0.0;
    for (std::uint32_t j = 1; j < p; ++j) moves += std::popcount(j);
    for (const double bytes : flow(cost::schedules(all_to_all, 1000.0, p)[0].rounds, p).sent) {
      CHECK(bytes == Approx(moves * 1000.0 / p));
    }
  }
}

TEST_CASE("the bytes that an algorithm is said to send at least are sent by some rank", "[cost][property]") {
  for (std::uint32_t p = 2; p <= 40; ++p) {
    for (const auto operation : {all_reduce, reduce_scatter, all_gather, broadcast, reduce, all_to_all, barrier}) {
      for (const Schedule& schedule : cost::schedules(operation, 1000.0, p)) {
        INFO(schedule.algorithm << " on " << p);
        const Flow bytes = flow(schedule.rounds, p);
        const double most = *std::max_element(bytes.sent.begin(), bytes.sent.end());
        CHECK(schedule.bytes_sent() <= most * (1 + 1e-12));
      }
    }
  }
}

TEST_CASE("logarithmic algorithms take logarithmically many rounds for any number of ranks", "[cost][analytic]") {
  for (std::uint32_t p = 2; p <= 300; ++p) {
    const double ceil_log = std::ceil(std::log2(p));
    CHECK(cost::schedules(barrier, 0.0, p)[0].round_count() == ceil_log);
    CHECK(cost::schedules(broadcast, 1.0, p)[0].round_count() == ceil_log);
    const bool power_of_two = std::has_single_bit(p);
    CHECK(cost::schedules(all_reduce, 1.0, p)[0].round_count() ==
          (power_of_two ? ceil_log : std::floor(std::log2(p)) + 2));
  }
}
