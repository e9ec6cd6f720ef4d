// Messages one by one against arithmetic: latency, shared links, split routes, and who waits for whom.
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/cost/communication.hpp"
#include "zettasim/engine/messages.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using engine::MessageSchedule;
namespace schedules = engine::schedules;

namespace {

// Nodes without GPUs, 100 GB/s of interfaces (torus), 50 GB/s links of 100 ns, 1 us for each message.
platform::Machine machine_of(platform::Topology topology, std::int64_t nodes = 0) {
  auto machine = test::machine(std::move(topology), nodes);
  machine.node = test::cpu_node();
  machine.network.message_latency = 1_us;
  return machine;
}

std::vector<double> times_of(const platform::Machine& machine, const std::vector<MessageSchedule>& schedules) {
  return test::run_in_child([&] {
    const auto network = topology::build_network(machine);
    std::vector<double> seconds;
    for (const Duration time : engine::simulate_messages(machine, *network, schedules)) {
      seconds.push_back(in_seconds(time));
    }
    return seconds;
  });
}

double time_of(const platform::Machine& machine, const MessageSchedule& schedule) {
  return times_of(machine, {schedule}).front();
}

// Ranks 0, 1, ... on the nodes of that number; each message is {from, to, bytes}.
struct Message {
  std::uint32_t from, to;
  double size;
};
MessageSchedule at_once(std::size_t ranks, const std::vector<Message>& messages) {
  MessageSchedule schedule{.algorithm = "by hand", .placement = test::first_nodes(ranks), .ranks = {}};
  schedule.ranks.resize(ranks);
  for (auto& steps : schedule.ranks) steps.emplace_back();
  for (const auto& [from, to, size] : messages) {
    schedule.ranks[from][0].sends.push_back({.to = to, .size = bytes(size), .after = {}});
    schedule.ranks[to][0].receives.push_back(from);
  }
  return schedule;
}

}  // namespace

// 1 us + 3 hops of 100 ns + 1 MB / (50 GB/s) = 21.3 us; of nothing, 1.3 us.
TEST_CASE("a single message takes software and hops and its size over the slowest link", "[engine][analytic]") {
  const auto machine = machine_of(test::torus({8}));
  const auto times = times_of(machine, {at_once(8, {{0, 3, 1e6}}), at_once(8, {{0, 3, 0.0}})});
  CHECK(times[0] == Approx(21.3e-6).epsilon(1e-9));
  CHECK(times[1] == Approx(1.3e-6).epsilon(1e-9));
}

// Both cross the link from 1 to 2, which carries 3 MB from 1.1 us on without a pause: the message from 0 has one hop
// more and starts 100 ns later, when the other has 5 kB behind it; they share until the smaller one is through.
TEST_CASE("two messages over one link share it equally whatever their latencies", "[engine][analytic]") {
  const auto machine = machine_of(test::mesh({8}));
  const auto times = times_of(machine, {at_once(8, {{1, 2, 1e6}, {0, 2, 2e6}})});
  CHECK(times[0] == Approx(1.1e-6 + 3e6 / 50e9).epsilon(1e-9));
}

// Half way round a ring of 8 a message goes both ways: 4 hops, half of 10 MB at 50 GB/s each way, and all of it through
// the interface at 100 GB/s: 1.4 us + 100 us.
TEST_CASE("a message that is split sends each part over its own path", "[engine][analytic]") {
  const auto machine = machine_of(test::torus({8}));
  CHECK(time_of(machine, at_once(8, {{0, 4, 10e6}})) == Approx(1.4e-6 + 100e-6).epsilon(1e-9));
}

// The split message (10 MB, half each way) and a whole one (10 MB) from 1 to 2 share that link. Messages that share a
// link get the same rate, so a third of the link's 50 GB/s goes to the half: R + R/2 = 50 GB/s, R = 33.3 GB/s, and both
// messages need 300 us.
TEST_CASE("a split message and a whole one on a link have the same rate", "[engine][analytic]") {
  auto machine = machine_of(test::torus({8}));
  machine.network.link_latency = 0_us;
  CHECK(time_of(machine, at_once(8, {{0, 4, 10e6}, {1, 2, 10e6}})) == Approx(1e-6 + 300e-6).epsilon(1e-9));
}

// Interface k of a node is on switch (n * 4 + k) mod 4: node 0 and node 1 of a group meet on each switch; 4 interfaces
// of 25 GB/s each take a quarter of 1 MB: 1.1 us + 10 us.
TEST_CASE("on a dragonfly a message uses all interfaces of its node", "[engine][analytic]") {
  const auto machine = machine_of(test::dragonfly(2, 4, 4));
  CHECK(time_of(machine, at_once(8, {{0, 1, 1e6}})) == Approx(1.1e-6 + 10e-6).epsilon(1e-9));
}

TEST_CASE("messages on a network that routes by load are refused in words", "[engine][rejects]") {
  auto shape = test::dragonfly(4, 2, 3, 1);
  shape.routing.by_load = true;
  const auto machine = machine_of(shape);
  const auto network = topology::build_network(machine);
  CHECK_THROWS_WITH(engine::simulate_messages(machine, *network, {at_once(8, {{0, 7, 1e6}})}),
                    Catch::Contains("found routing that adapts to load") && Catch::Contains("\"minimal\""));
}

TEST_CASE("ranks on one node reach each other in the software's time", "[engine][analytic]") {
  const auto machine = machine_of(test::torus({8}));
  auto schedule = at_once(2, {{0, 1, 1e6}});
  schedule.placement = {NodeId(3), NodeId(3)};
  CHECK(time_of(machine, schedule) == Approx(1e-6).epsilon(1e-9));
}

// Rank 0 computes 5 us, then sends to 1; 1 sends on to 2: 5 us + twice (1.1 us + 20 us). Rank 3's exchange with 4 does
// not wait for them.
TEST_CASE("a rank waits for its own messages and for nobody else", "[engine][analytic]") {
  const auto machine = machine_of(test::mesh({8}));
  MessageSchedule chain = at_once(5, {{0, 1, 1e6}, {3, 4, 1e6}});
  chain.ranks[0][0].compute = 5_us;
  chain.ranks[1].push_back({.round = 1, .repeats = 1, .sends = {{2, 1_MB, {}}}, .receives = {}, .compute = {}});
  chain.ranks[2][0].receives = {1};
  MessageSchedule exchange = chain;
  for (std::uint32_t rank : {3u, 4u}) {
    exchange.ranks[rank].push_back(exchange.ranks[rank][0]);  // once more
    exchange.ranks[rank][1].round = 1;
  }
  const auto times = times_of(machine, {chain, exchange});
  CHECK(times[0] == Approx(5e-6 + 2 * 21.1e-6).epsilon(1e-9));
  CHECK(times[1] == Approx(times[0]).epsilon(1e-9));
}

// The third message starts 20 us after the first: 20 us + 1 us + 100 ns + 20 us.
TEST_CASE("messages issued one after another start that much later", "[engine][analytic]") {
  const auto machine = machine_of(test::fully_connected(), 8);
  auto schedule = at_once(8, {{0, 1, 1e6}, {0, 2, 1e6}, {0, 3, 1e6}});
  schedule.ranks[0][0].sends[1].after = 10_us;
  schedule.ranks[0][0].sends[2].after = 20_us;
  CHECK(time_of(machine, schedule) == Approx(41.1e-6).epsilon(1e-9));
}

// 2 (p-1) rounds of 500 ns and 1 MiB / p over 50 GB/s: 104.3 us for 64 nodes, 296.8 us for 256.
TEST_CASE("a ring all-reduce message by message meets its closed form", "[engine][analytic]") {
  for (const auto& [nodes, expected] : {std::pair{64, 104.3e-6}, std::pair{256, 296.8e-6}}) {
    auto machine = test::machine(test::torus({nodes}));
    machine.network.link_latency = 500_ns;
    const double time =
        time_of(machine, schedules::ring_all_reduce(test::first_nodes(static_cast<std::size_t>(nodes)), 1_MiB));
    CHECK(time == Approx(2 * (nodes - 1) * (500e-9 + 1048576.0 / nodes / 50e9)).epsilon(1e-9));
    CHECK(time == Approx(expected).epsilon(1e-3));
  }
}

// The engine runs schedules one after the other: each as long as alone.
TEST_CASE("a schedule takes as long after others as alone", "[engine][property]") {
  const auto machine = machine_of(test::torus({4, 4}));
  const auto placement = test::first_nodes(16);
  const std::vector<MessageSchedule> all = {schedules::pairwise_all_to_all(placement, 1_MB),
                                            schedules::recursive_doubling(placement, 1_MB),
                                            schedules::binomial_broadcast(placement, 1_MB)};
  const auto together = times_of(machine, all);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(together[i] == Approx(time_of(machine, all[i])).epsilon(1e-9));
}

TEST_CASE("simulating messages twice gives the same bytes", "[engine][repeat]") {
  const auto machine = machine_of(test::dragonfly(4, 4, 4, 2));
  const auto placement = test::first_nodes(16);
  const auto schedule = schedules::permutation(placement, schedules::random_permutation(16, 1), 1_MB);
  CHECK(time_of(machine, schedule) == time_of(machine, schedule));
}

// Every operation, 12 nodes (not a power of two): what each schedule sends is what patterns says, in time and number.
TEST_CASE("schedules and patterns mean the same algorithms", "[engine][agreement]") {
  const auto machine = machine_of(test::torus({4, 3}));
  const auto network = topology::build_network(machine);
  const auto nodes = test::first_nodes(12);
  cost::CommunicationModel model(machine, *network);
  int compared = 0;
  for (const auto& [name, operation] : collective_names()) {
    for (const DataSize size : {100_B, 100'000_B, 100_MB}) {
      const auto cost = model.collective(operation, size, nodes);
      for (const auto algorithm : engine::message_algorithms(operation)) {
        if (algorithm != std::string_view(cost.algorithm)) continue;
        INFO(name << " by " << algorithm);
        const auto schedule = engine::collective_schedule(machine, operation, algorithm, size, nodes);
        CHECK(in_seconds(engine::time_in_rounds(machine, *network, schedule)) ==
              Approx(in_seconds(cost.time)).epsilon(1e-9));
        CHECK(static_cast<double>(schedule.message_count()) == cost.messages);
        ++compared;
      }
    }
  }
  CHECK(compared >= 5);
}

// 16 nodes of 4 GPUs: 1 MB inside each node (reduce-scatter and all-gather: 2 (3 us + 0.75 MB / 400 GB/s)) on top of
// the ring between them, 30 rounds of 1.1 us and 1 MB / 16 over 50 GB/s.
TEST_CASE("a collective over GPUs adds what stays inside the nodes", "[engine][analytic]") {
  auto machine = test::machine(test::torus({16}));
  machine.network.message_latency = 1_us;
  const std::vector<DataSize> sizes = {0_B, 1_MB, 2_MB};
  const auto times = test::run_in_child([&] {
    const auto network = topology::build_network(machine);
    const auto nodes = test::first_nodes(16);
    std::vector<double> result;
    const cost::CollectiveChoice ring{.algorithm = "ring", .protocol = {}};
    for (const auto& simulated :
         engine::simulate_collectives(machine, *network, CollectiveOperation::all_reduce, ring, sizes, nodes)) {
      result.push_back(in_seconds(simulated.time));
    }
    return result;
  });
  REQUIRE(times.size() == 3);
  CHECK(times[0] == 0.0);
  CHECK(times[1] == Approx(2 * (3e-6 + 0.75e6 / 400e9) + 30 * (1.1e-6 + 1e6 / 16 / 50e9)).epsilon(1e-9));
  CHECK(times[2] == Approx(2 * (3e-6 + 1.5e6 / 400e9) + 30 * (1.1e-6 + 2e6 / 16 / 50e9)).epsilon(1e-9));
}

TEST_CASE("an algorithm that messages does not know is refused with those it knows", "[engine][rejects]") {
  const auto machine = machine_of(test::torus({4}));
  CHECK_THROWS_WITH(
      engine::collective_schedule(machine, CollectiveOperation::all_reduce, "magic", 1_MB, test::first_nodes(4)),
      Catch::Contains("magic") && Catch::Contains("recursive doubling"));
}

TEST_CASE("more messages than a process can take are refused before any is sent", "[engine][rejects]") {
  const auto machine = machine_of(test::torus({4}));
  const auto network = topology::build_network(machine);
  auto schedule = schedules::ring_all_reduce(test::first_nodes(4), 1_MB);
  for (auto& steps : schedule.ranks) steps[0].repeats = 50'000'000;
  CHECK_THROWS_AS(engine::simulate_messages(machine, *network, schedule), InputError);
}

// By hand for four ranks, and on a 4 x 3 grid.
TEST_CASE("permutations send to whom their definitions say", "[engine][unit]") {
  using Ranks = std::vector<std::uint32_t>;
  CHECK(schedules::transpose(2, 3) == Ranks{0, 2, 4, 1, 3, 5});
  CHECK(schedules::tornado({8}) == Ranks{3, 4, 5, 6, 7, 0, 1, 2});
  CHECK(schedules::tornado({4, 3}) == Ranks{4, 5, 3, 7, 8, 6, 10, 11, 9, 1, 2, 0});
  CHECK(schedules::bit_complement(4) == Ranks{3, 2, 1, 0});
  CHECK(schedules::shift(4, 3) == Ranks{3, 0, 1, 2});
  auto random = schedules::random_permutation(100, 7);
  CHECK(random == schedules::random_permutation(100, 7));
  std::sort(random.begin(), random.end());
  for (std::uint32_t i = 0; i < 100; ++i) CHECK(random[i] == i);
}
