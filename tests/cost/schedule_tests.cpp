// Do the schedules of collectives move the data that their operation promises, for any number of ranks?
#include "cost/schedule.hpp"

#include <bit>
#include <cmath>
#include <set>
#include <string>

#include "support/catch.hpp"
#include "zettasim/cost/algorithms.hpp"

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
    const double times = std::max(round.repeats, round.pipeline_depth);
    for (double repeat = 0; repeat < times; ++repeat) {
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

// Trees and lines do send twice: to two parents or children, to two neighbours.
TEST_CASE("messages go to another rank and nobody sends twice in a round but in trees and lines", "[cost][property]") {
  for (std::uint32_t p = 2; p <= 40; ++p) {
    for (const auto operation : {all_reduce, reduce_scatter, all_gather, broadcast, reduce, all_to_all, barrier}) {
      for (const Schedule& schedule : cost::schedules(operation, 1000.0, p)) {
        INFO(schedule.algorithm << " on " << p);
        for (const auto& round : schedule.rounds) {
          if (round.pattern.shape >= Shape::line) continue;
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

// Each tree has an edge to the parent for each rank but its root, and a way up to it of at most ceil(log2 p) edges.
TEST_CASE("the double binary tree is two spanning trees whose inner ranks are the leaves of the other",
          "[cost][property]") {
  for (std::uint32_t p = 2; p <= 70; ++p) {
    INFO(p << " ranks");
    for (std::uint32_t rank = 1; rank < p; ++rank) {
      std::uint32_t steps = 0;
      for (std::uint32_t at = rank; at != 0; at = cost::tree_parent(at, p)) REQUIRE(++steps <= std::bit_width(p - 1));
    }
    std::vector<int> first(p), second(p);  // children
    int edges = 0;
    cost::for_each_tree_edge(p, [&](std::uint32_t child, std::uint32_t parent) {
      CHECK(child != parent);
      CHECK(child < p);
      ++(edges++ % 2 == 0 ? first : second)[parent];
    });
    CHECK(edges == 2 * static_cast<int>(p - 1));
    if (p > 2) {
      for (std::uint32_t i = 0; i < p; ++i) CHECK(((first[i] == 0 || second[i] == 0) || p % 2 == 1));
    }
    for (std::uint32_t i = 0; i < p; ++i) CHECK(first[i] + second[i] <= 4);
  }
}

// Up: each rank sends its half of the vector to its parent in each tree, but roots; 2 (p-1) halves together.
TEST_CASE("a double binary tree passes the vector once over the edges of both trees", "[cost][property]") {
  for (std::uint32_t p = 2; p <= 40; ++p) {
    for (const auto& [operation, vectors] :
         {std::pair{reduce, 1.0}, std::pair{broadcast, 1.0}, std::pair{all_reduce, 2.0}}) {
      const Flow bytes = flow(named(cost::schedules(operation, 1000.0, p), "double binary tree").rounds, p);
      double sum = 0.0;
      for (const double sent : bytes.sent) sum += sent;
      CHECK(sum == Approx(vectors * 1000.0 * (p - 1)));
    }
  }
}

// Down both trees every rank but the first is reached once in each, over at most ceil(log2 p) edges from it, and no
// rank hands on in both: 3 ranks are 0 to 2 to 1 and 0 to 1 to 2.
TEST_CASE("broadcasts and reductions go through two trees that both start at the first rank", "[cost][property]") {
  for (std::uint32_t p = 2; p <= 70; ++p) {
    INFO(p << " ranks");
    std::vector<std::vector<std::uint32_t>> parents(2, std::vector<std::uint32_t>(p, p)), children(parents);
    std::size_t edges = 0;
    cost::for_each_rooted_tree_edge(p, [&](std::uint32_t child, std::uint32_t parent) {
      CHECK(child != 0);
      CHECK(parents[edges % 2][child] == p);
      parents[edges % 2][child] = parent;
      children[edges++ % 2][parent] = child;
    });
    for (std::uint32_t rank = 1; rank < p; ++rank) {
      CHECK((children[0][rank] == p || children[1][rank] == p));
      for (const auto& tree : parents) {
        std::uint32_t steps = 0;
        for (std::uint32_t at = rank; at != 0; at = tree[at]) REQUIRE(++steps <= std::bit_width(p - 1));
      }
    }
  }
}

// On one cable both halves go the one way: L + n/B, as without trees.
TEST_CASE("between two ranks both trees are the one message", "[cost][analytic]") {
  for (const auto operation : {reduce, broadcast}) {
    const Flow bytes = flow(named(cost::schedules(operation, 1000.0, 2), "double binary tree").rounds, 2);
    CHECK(bytes.sent[operation == reduce ? 1 : 0] == Approx(1000.0));
    CHECK(bytes.sent[operation == reduce ? 0 : 1] == 0.0);
  }
}

// 4 x 3 x 2: after three phases everything has gone round all three rings, and each rank has sent all but its share.
TEST_CASE("torus rings move all but a rank's own share and reach every rank of the box", "[cost][property]") {
  using Box = std::vector<std::uint32_t>;
  for (const Box& box : {Box{4, 3, 2}, Box{5}, Box{2, 1, 3}, Box{3, 3}, Box{2, 2, 2, 2}}) {
    std::uint32_t p = 1;
    for (const std::uint32_t extent : box) p *= extent;
    for (const auto operation : {all_reduce, reduce_scatter, all_gather}) {
      const auto schedule = named(cost::schedules(operation, 1000.0, p, box), "torus rings");
      const double times = operation == all_reduce ? 2.0 : 1.0;
      for (const double bytes : flow(schedule.rounds, p).sent) CHECK(bytes == Approx(times * 1000.0 * (p - 1) / p));
      for (const auto& held : spread(schedule.rounds, p)) CHECK(held.size() == p);
    }
  }
}

TEST_CASE("algorithms that pair ranks are offered for powers of two only", "[cost]") {
  const auto offers = [](CollectiveOperation operation, std::uint32_t p, std::string_view name) {
    for (const Schedule& schedule : cost::schedules(operation, 1000.0, p)) {
      if (schedule.algorithm == name) return true;
    }
    return false;
  };
  CHECK(offers(reduce_scatter, 16, "recursive halving"));
  CHECK_FALSE(offers(reduce_scatter, 12, "recursive halving"));
  CHECK(offers(all_gather, 16, "recursive doubling"));
  CHECK_FALSE(offers(all_gather, 15, "recursive doubling"));
}

TEST_CASE("every algorithm that is made stands in the table of names and the other way round", "[cost]") {
  const std::vector<std::uint32_t> box{4, 4};
  for (const auto operation : {all_reduce, reduce_scatter, all_gather, broadcast, reduce, all_to_all, barrier}) {
    std::set<std::string> made;
    for (const Schedule& schedule : cost::schedules(operation, 1000.0, 16, box)) made.emplace(schedule.algorithm);
    if (operation == all_to_all) made.insert({"pairwise", "all pairs at once"});
    if (cost::find_algorithm("in-network reduction", operation)) made.insert("in-network reduction");
    const auto names = cost::algorithm_names(operation);
    CHECK(made == std::set<std::string>(names.begin(), names.end()));
  }
  for (const auto& algorithm : cost::collective_algorithms()) CHECK_FALSE(algorithm.source.empty());
  CHECK(cost::find_algorithm("Double-Binary-Tree", all_reduce)->name == "double binary tree");
  CHECK(cost::find_algorithm("ring", barrier) == nullptr);
}
