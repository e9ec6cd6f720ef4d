// The batch system's decisions: nodes and starts, as pure functions.
#include "engine/node_pool.hpp"
#include "engine/queue_policy.hpp"
#include "support/catch.hpp"
#include "zettasim/base/random.hpp"

using namespace zettasim;
using namespace zettasim::engine;

namespace {

WaitingJob waiting(int id, std::int64_t nodes, double requested_s) { return {JobId(id), nodes, requested_s}; }
// `count` nodes in few pieces, taken.
std::vector<NodeId> take(NodePool& pool, std::int64_t count) {
  auto nodes = pool.best_runs(count);
  pool.take(nodes);
  return nodes;
}
using Positions = std::vector<std::size_t>;

}  // namespace

TEST_CASE("a job gets consecutive nodes from the smallest hole that holds it") {
  NodePool pool(20);
  const auto a = take(pool, 4), b = take(pool, 3), c = take(pool, 6);  // 0-3, 4-6, 7-12, free 13-19
  pool.give_back(b);                                                   // holes of 3 and 7
  const auto d = take(pool, 3);
  CHECK(d.front() == NodeId(4));
  CHECK(count_fragments(d) == 1);
  pool.give_back(a);
  CHECK(take(pool, 7).front() == NodeId(13));
}

TEST_CASE("a job is cut into pieces only when no hole holds it") {
  NodePool pool(10);
  const auto a = take(pool, 3), b = take(pool, 3), c = take(pool, 4);
  pool.give_back(a);
  pool.give_back(c);
  const auto cut = take(pool, 5);  // holes 0-2 and 6-9
  CHECK(count_fragments(cut) == 2);
  CHECK(cut == std::vector<NodeId>{NodeId(0), NodeId(6), NodeId(7), NodeId(8), NodeId(9)});
}

TEST_CASE("nodes that come back in any order make the machine whole again") {
  RandomStream random(3, "pool");
  NodePool pool(500);
  std::vector<std::vector<NodeId>> held;
  for (int i = 0; i < 2000; ++i) {
    if (random.uniform() < 0.5 && pool.free() > 0) {
      held.push_back(take(pool, 1 + static_cast<std::int64_t>(random.uniform(
                                        0.0, static_cast<double>(std::min<std::int64_t>(pool.free(), 60))))));
    } else if (!held.empty()) {
      const auto which = static_cast<std::size_t>(random.uniform(0.0, static_cast<double>(held.size())));
      pool.give_back(held[which]);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
    }
  }
  for (const auto& nodes : held) pool.give_back(nodes);
  CHECK(pool.free() == 500);
  CHECK(count_fragments(take(pool, 500)) == 1);
}

TEST_CASE("first come first served starts nobody behind a head that does not fit") {
  CHECK(choose_starts(QueuePolicy::first_come, 0.0, {waiting(0, 2, 10), waiting(1, 9, 10), waiting(2, 1, 1)}, {}, 8) ==
        Positions{0});
}

// 8 of 10 nodes run until 100. The head wants 4: it can start at 100, when 10 are free, 6 to spare. A job of 2 nodes
// fits now, whether it ends before 100 or not; a job of 3 does not fit.
TEST_CASE("EASY starts a later job that ends before the head can start or leaves its nodes alone") {
  const RunningJobs running = {{100.0, JobId(9), 8}};
  CHECK(choose_starts(QueuePolicy::easy, 0.0, {waiting(0, 4, 10), waiting(1, 2, 100)}, running, 2) == Positions{1});
  CHECK(choose_starts(QueuePolicy::easy, 0.0, {waiting(0, 4, 10), waiting(1, 2, 1000)}, running, 2) == Positions{1});
  CHECK(choose_starts(QueuePolicy::easy, 0.0, {waiting(0, 4, 10), waiting(1, 3, 10)}, running, 2) == Positions{});
}

// The head wants all 10 nodes at 100: nothing is to spare, so only jobs that are over by then may start.
TEST_CASE("EASY does not delay the head of the queue") {
  const RunningJobs running = {{100.0, JobId(9), 8}};
  CHECK(choose_starts(QueuePolicy::easy, 0.0, {waiting(0, 10, 10), waiting(1, 1, 101), waiting(2, 1, 100)}, running,
                      2) == Positions{2});
}

// Whatever EASY starts behind the head, the head's reservation is as early as before.
TEST_CASE("the reservation of the head stands after any backfilling") {
  RandomStream random(11, "easy");
  for (int round = 0; round < 2000; ++round) {
    RunningJobs running;
    std::int64_t free = 64;
    for (int i = 0; i < 6; ++i) {
      const auto nodes = 1 + static_cast<std::int64_t>(random.uniform(0.0, 12.0));
      if (nodes > free) continue;
      free -= nodes;
      running.insert({random.uniform(1.0, 100.0), JobId(100 + i), nodes});
    }
    std::vector<WaitingJob> queue = {waiting(0, free + 1, 50.0)};
    for (int i = 1; i < 12; ++i)
      queue.push_back(waiting(i, 1 + static_cast<std::int64_t>(random.uniform(0.0, 30.0)), random.uniform(1.0, 200.0)));
    const Reservation before = reserve(queue[0], running, free);
    RunningJobs after = running;
    std::int64_t left = free;
    for (const std::size_t i : choose_starts(QueuePolicy::easy, 0.0, queue, running, free)) {
      REQUIRE(i != 0);
      after.insert({queue[i].requested_s, queue[i].id, queue[i].nodes});
      left -= queue[i].nodes;
    }
    REQUIRE(left >= 0);
    REQUIRE(reserve(queue[0], after, left).time_s <= before.time_s);
  }
}
