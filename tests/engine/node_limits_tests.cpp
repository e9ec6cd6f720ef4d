// Limits of nodes and racks, against arithmetic.
#include "engine/node_limits.hpp"

#include <algorithm>
#include <deque>
#include <set>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/run_numbers.hpp"
#include "support/traces.hpp"
#include "zettasim/base/random.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using namespace zettasim::test;
using platform::BudgetPolicy;

namespace {

// Inside, a node rests at 740 W: 2 x 100 W CPUs, 4 x 100 W GPUs, 4 x 10 W interfaces, 100 W base. Its storage counts
// elsewhere.
constexpr double node_rest_w = 740.0;
constexpr double tolerance = 1e-6;  // a billionth of a rack's limit is kept back, and its rest is part of it

// Every node may draw so much above rest.
platform::Machine with_node_limit(std::int64_t nodes, double above_rest_w) {
  auto machine = test::machine(fully_connected(), nodes);
  machine.facility.node_limit = watts(node_rest_w + above_rest_w);
  return machine;
}

// And every rack.
platform::Machine with_racks(std::int64_t nodes, std::int64_t rack_nodes, double above_rest_w) {
  auto machine = test::machine(fully_connected(), nodes);
  machine.facility.rack_limit = {.nodes = rack_nodes,
                                 .limit = watts(node_rest_w * static_cast<double>(rack_nodes) + above_rest_w)};
  return machine;
}

// 40 TFLOP on 4 GPUs of 10 TFLOP/s at 10 pJ/flop: a second at 400 W.
workload::Phase computing() { return kernel(40_TFLOP); }
// 4 GPUs with 400 W between idle and limit, a sixteenth of them used: a second at 100 W.
workload::Phase light() { return busy(1_s, 1.0 / 16.0); }
workload::Phase resting() { return busy(1_s, 0.0); }

double run_s(const Numbers& run, std::size_t job) { return run.job(job).end_s - run.job(job).start_s; }

// Rest of the machine: two nodes, their switches of 20 W and storage of 5 W, and the shared storage.
constexpr double two_nodes_rest_w = 2 * (node_rest_w + 25.0) + 1000.0;

}  // namespace

// 400 W into 200 W: twice as long, whatever the policy of the facility.
TEST_CASE("a node's limit slows a job under every policy") {
  for (const auto policy : {BudgetPolicy::report, BudgetPolicy::uniform, BudgetPolicy::proportional,
                            BudgetPolicy::job_fair, BudgetPolicy::wait}) {
    auto machine = with_node_limit(2, 200.0);
    machine.facility.budget_policy = policy;
    const Numbers run = simulate_in_child(machine, trace({job(steps(10, {computing()}), 1)}));
    CHECK(run.end_s() == Approx(20.0));
    CHECK(run.meter_j() == Approx((two_nodes_rest_w + 200.0) * 20.0));
    CHECK(run.job(0).power_s == Approx(10.0));
    CHECK(run.job(0).throttled_s == Approx(20.0));
  }
}

// A second at 400 W takes two at 200 W; the second at 100 W beside it stays one, although the mean of both was 250 W.
TEST_CASE("a node's limit holds each phase and not their mean") {
  const Numbers run = simulate_in_child(with_node_limit(2, 200.0), trace({job(steps(10, {computing(), light()}), 1)}));
  CHECK(run.end_s() == Approx(30.0));
}

// Two seconds of which one rests draw 200 W on average.
TEST_CASE("a rack's limit holds the mean of an iteration") {
  const auto jobs = trace({job(steps(10, {computing(), resting()}), 1)});
  CHECK(simulate_in_child(with_racks(2, 1, 201.0), jobs).end_s() == Approx(20.0));
  CHECK(simulate_in_child(with_node_limit(2, 201.0), jobs).end_s() == Approx(10.0 * 400.0 / 201.0 + 10.0));
}

// 5 GB into the node's own storage are a second at 5 GB/s, with 5 kW that the limit does not see.
TEST_CASE("storage and network do not count in a node") {
  auto machine = with_node_limit(2, 1.0);
  machine.storage[1].energy = EnergyPerByte::from_si(1e-6);
  const Numbers run = simulate_in_child(machine, trace({job(steps(10, {write_to("local", 5_GB)}), 1)}));
  CHECK(run.end_s() == Approx(10.0 * (1.0 + 100e-6)));
  CHECK(run.job(0).throttled_s == 0.0);
}

// (740 W + 200 W + 20 W) / 0.8 = 1,200 W.
TEST_CASE("limits of nodes and racks hold at the inlet with the losses of the supplies") {
  const auto jobs = trace({job(steps(10, {computing()}), 1)});
  auto machine = test::machine(fully_connected(), 2);
  machine.node.supplies = {{.name = "supply", .fixed_loss = 20_W, .efficiency = 0.8}};
  machine.facility.node_limit = 1200_W;
  CHECK(simulate_in_child(machine, jobs).end_s() == Approx(20.0));
  machine.facility.node_limit.reset();
  machine.facility.rack_limit = {.nodes = 1, .limit = 1200_W};
  CHECK(simulate_in_child(machine, jobs).end_s() == Approx(20.0).epsilon(tolerance));
}

// 300 W for a node that asks for 400 W and one that asks for 100 W: 200 W is left for the first, which takes twice as
// long. In the next rack a job of 400 W has 300 W to itself.
TEST_CASE("jobs in one rack share its limit and those in the next one have theirs") {
  const Numbers run = simulate_in_child(
      with_racks(4, 2, 300.0),
      trace({job(steps(3, {computing()}), 1), job(steps(6, {light()}), 1), job(steps(3, {computing()}), 1)}));
  CHECK(run_s(run, 0) == Approx(6.0).epsilon(tolerance));
  CHECK(run_s(run, 1) == Approx(6.0));
  CHECK(run_s(run, 2) == Approx(4.0).epsilon(tolerance));
}

// When the first job of 400 W is over, the second has the 500 W of the rack to itself: 250 W for 8 s are 2,000 J, and
// 2,000 J at 400 W are 5 s.
TEST_CASE("what a job in a rack leaves when it ends is for the others") {
  const Numbers run = simulate_in_child(with_racks(2, 2, 500.0),
                                        trace({job(steps(5, {computing()}), 1), job(steps(10, {computing()}), 1)}));
  CHECK(run_s(run, 0) == Approx(8.0).epsilon(tolerance));
  CHECK(run_s(run, 1) == Approx(13.0).epsilon(tolerance));
}

// Six nodes over two racks of four: 1,000 W for the four in the first are 250 W each, so the job takes 400 / 250 times
// as long. In the second rack its two nodes draw 500 W then, and the job beside it finds the 400 W it asks for; 333 W
// each would have been that rack's own level.
TEST_CASE("a job goes by the lowest level of its racks and what that leaves elsewhere is for others") {
  const Numbers run = simulate_in_child(with_racks(8, 4, 1000.0),
                                        trace({job(steps(10, {computing()}), 6), job(steps(10, {computing()}), 1)}));
  CHECK(run_s(run, 0) == Approx(16.0).epsilon(tolerance));
  CHECK(run_s(run, 1) == Approx(10.0));
  CHECK(run.job(1).throttled_s == 0.0);
}

// Racks of three nodes on four: the last rack holds one node and has the whole limit for it.
TEST_CASE("the last rack may have fewer nodes") {
  const Numbers run = simulate_in_child(with_racks(4, 3, 300.0),
                                        trace({job(steps(10, {computing()}), 3), job(steps(10, {computing()}), 1)}));
  CHECK(run_s(run, 0) == Approx(40.0).epsilon(tolerance));  // 100 W for each of 400 W
  CHECK(run_s(run, 1) == Approx(10.0));
}

// Two jobs of 400 W, of which a node lets 200 W through. 300 W at the facility are 150 W for each; 400 W hold nobody
// back any more.
TEST_CASE("of the limits of a node and of the facility that counts which is lower") {
  const auto jobs = trace({job(steps(10, {computing()}), 1), job(steps(10, {computing()}), 1)});
  auto machine = with_node_limit(2, 200.0);
  for (const auto policy : {BudgetPolicy::uniform, BudgetPolicy::proportional, BudgetPolicy::job_fair}) {
    machine.facility.budget_policy = policy;
    machine.facility.budget = watts(two_nodes_rest_w + 300.0);
    CHECK(simulate_in_child(machine, jobs).end_s() == Approx(10.0 * 400.0 / 150.0).epsilon(tolerance));
    machine.facility.budget = watts(two_nodes_rest_w + 400.1);
    CHECK(simulate_in_child(machine, jobs).end_s() == Approx(20.0));
  }
}

// Two jobs of two nodes, each with a rack of 200 W to itself. The first asks for 800 W and gets 200 W, so that the 200
// W of the second fit beside it into the 400 W at the facility.
TEST_CASE("what racks hold back leaves more of the facility's limit to others") {
  auto machine = with_racks(6, 2, 200.0);
  machine.facility.budget_policy = BudgetPolicy::uniform;
  machine.facility.budget = watts(6 * (node_rest_w + 25.0) + 1000.0 + 400.1);
  const Numbers run =
      simulate_in_child(machine, trace({job(steps(10, {computing()}), 2), job(steps(10, {light()}), 2)}));
  CHECK(run_s(run, 0) == Approx(40.0).epsilon(tolerance));  // 100 W for each node of 400 W
  CHECK(run_s(run, 1) == Approx(10.0));                     // 200 W of the 400 W
}

TEST_CASE("limits of nodes and racks with room to spare change no bit of a run") {
  const auto jobs = trace({job(steps(10, {computing(), halo(2, 1_GB)}), 3), job(steps(10, {light()}), 2)});
  auto machine = with_racks(8, 3, 2000.0);
  machine.facility.node_limit = 5_kW;
  const auto limited = simulate_in_child(machine, jobs).values();
  machine.facility.node_limit.reset();
  machine.facility.rack_limit.reset();
  CHECK(limited == simulate_in_child(machine, jobs).values());
}

// A thousandth of a watt for 400 W.
TEST_CASE("limits just above rest make jobs crawl and do not stop them") {
  const auto jobs = trace({job(steps(1, {computing()}), 1)});
  CHECK(simulate_in_child(with_node_limit(2, 1e-3), jobs).end_s() == Approx(4e5).epsilon(1e-3));
  CHECK(simulate_in_child(with_racks(2, 1, 1e-3), jobs).end_s() == Approx(4e5).epsilon(1e-2));
  CHECK(simulate_in_child(with_node_limit(2, 1e-12), jobs).end_s() < 1e10);
  CHECK(simulate_in_child(with_racks(2, 1, 1e-12), jobs).end_s() < 1e10);
}

// 20 s by the node under a limit of 200 W; then by its rack, by the facility, and by its ramp for the three
// seconds of 50 W, 100 W and 150 W.
TEST_CASE("a run tells which limit held a job back") {
  const auto held_by = [](const platform::Machine& machine) {
    return run_in_child([&] {
      const auto network = topology::build_network(machine);
      const auto record = engine::simulate(machine, *network, trace({job(steps(10, {computing()}), 1)}));
      const auto& by = record.jobs[0].throttled_by;
      return std::vector<double>{by.budget.si(), by.ramp.si(), by.rack.si(), by.node.si()};
    });
  };
  const auto only = [&](const std::vector<double>& times, std::size_t which, double time_s) {
    for (std::size_t i = 0; i < times.size(); ++i) {
      CHECK(times[i] == Approx(i == which ? time_s : 0.0).epsilon(tolerance));
    }
  };
  only(held_by(with_node_limit(2, 200.0)), 3, 20.0);
  only(held_by(with_racks(2, 1, 200.0)), 2, 20.0);
  auto machine = test::machine(fully_connected(), 2);
  machine.facility.budget_policy = BudgetPolicy::uniform;
  machine.facility.budget = watts(two_nodes_rest_w + 200.0);
  only(held_by(machine), 0, 20.0);
  machine.facility.ramp = {.up = PowerRate::from_si(50.0)};
  const auto ramped = held_by(machine);
  CHECK(ramped[1] == Approx(3.0).epsilon(tolerance));  // 50, 100 and 150 W
  CHECK(ramped[0] == Approx((4000.0 - 300.0) / 200.0).epsilon(tolerance));
}

// 158,976 nodes in racks of 384: a job on all of them is one kind of rack, a second one beside it two more at most.
TEST_CASE("racks with the same jobs are one kind") {
  std::vector<NodeId> nodes;
  for (int i = 0; i < 158'976; ++i) nodes.emplace_back(i);
  const std::span<const NodeId> all(nodes);
  engine::RackMap racks(384, 158'976);
  racks.add(JobId(0), all);
  REQUIRE(racks.kinds().size() == 1);
  CHECK(racks.kinds().begin()->second == 414);
  racks.remove(JobId(0), all);
  CHECK(racks.kinds().empty());
  racks.add(JobId(1), all.first(100'000));
  racks.add(JobId(2), all.subspan(100'000));
  CHECK(racks.kinds().size() == 3);  // 260 racks of the one, one of both, 153 of the other
  racks.remove(JobId(1), all.first(100'000));
  CHECK(racks.kinds().size() == 2);
}

namespace {

// Jobs of random phases beside each other on 40 nodes in racks of random sizes; some nodes rest.
struct RandomRacks {
  platform::Machine machine;
  engine::PowerModel model;
  engine::NodeLimits limits;
  engine::RackMap racks;
  std::deque<engine::PhaseTree> trees;
  std::vector<engine::Draw> draws;

  explicit RandomRacks(RandomStream random)
      : RandomRacks(random, static_cast<std::int64_t>(random.uniform(1.0, 6.0))) {}
  RandomRacks(RandomStream& random, std::int64_t rack_nodes)
      : machine(with_racks(40, rack_nodes, static_cast<double>(rack_nodes) * random.uniform(20.0, 400.0))),
        model(machine, 0),
        limits(machine, model),
        racks(rack_nodes, machine.node_count) {
    std::vector<NodeId> nodes;
    for (int i = 0; i < 40; ++i) nodes.emplace_back(i);
    std::size_t first = 0;
    for (int job = 0; first < nodes.size(); ++job) {
      const std::size_t count = std::min(nodes.size() - first, static_cast<std::size_t>(random.uniform(1.0, 9.0)));
      if (random.uniform() < 0.8) add(JobId(job), std::span<const NodeId>(nodes).subspan(first, count), random);
      first += count;
    }
  }

  void add(JobId job, std::span<const NodeId> nodes, RandomStream& random) {
    const auto count = static_cast<double>(nodes.size());
    engine::PhaseTree& loop = trees.emplace_back();
    loop.shape = engine::PhaseTree::Shape::loop;
    double inside_j = 0.0;
    for (int i = 0; i < 3; ++i) {
      engine::PhaseTree phase;
      phase.fixed_s = random.uniform(0.1, 2.0);
      phase.energy_j = phase.inside_j = count * random.uniform(0.0, 500.0);
      inside_j += phase.inside_j;
      loop.children.push_back(std::move(phase));
    }
    loop.close();
    draws.push_back({.job = job,
                     .tree = &loop,
                     .nodes = count,
                     .inside_j = inside_j,
                     .most_inside_w = engine::most_inside_w(loop)});
    limits.add(job, nodes);
    racks.add(job, nodes);
  }

  double node_w(JobId job, const std::vector<engine::InsideHold>& holds) const {
    const auto at = std::find_if(draws.begin(), draws.end(), [&](const engine::Draw& d) { return d.job == job; });
    return at->mean_inside_w(holds[static_cast<std::size_t>(at - draws.begin())].slowness) / at->nodes;
  }
};

}  // namespace

TEST_CASE("no rack exceeds its limit and each job that racks hold back lies in a full one") {
  std::size_t held = 0;
  for (int number = 0; number < 200; ++number) {
    const RandomRacks scene(RandomStream(2033, "racks", static_cast<std::uint64_t>(number)));
    const auto holds = scene.limits.settle(scene.draws);
    std::set<JobId> in_full_rack;
    INFO("scenario " << number);
    for (const auto& [rack, count] : scene.racks.kinds()) {
      const auto nodes = static_cast<double>(rack.nodes);
      const double room_w = scene.model.inside_room(scene.machine.facility.rack_limit->limit, nodes).si();
      double drawn_w = 0.0;
      for (const auto& share : rack.jobs) drawn_w += scene.node_w(share.job, holds) * static_cast<double>(share.nodes);
      REQUIRE(drawn_w <= room_w);
      for (const auto& share : rack.jobs) {
        if (drawn_w > room_w * (1.0 - 1e-5)) in_full_rack.insert(share.job);
      }
    }
    for (std::size_t i = 0; i < holds.size(); ++i) {
      if (!holds[i].by_rack) continue;
      REQUIRE(in_full_rack.count(scene.draws[i].job) == 1);
      ++held;
    }
  }
  CHECK(held > 400);
}
