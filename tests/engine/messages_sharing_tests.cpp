// Our weighted max-min solver against SimGrid's: random sets of flows that begin at random times and run to their ends.
//
// A flow of ours is a share of what each link carries, measured on the link it uses most (engine/sharing.hpp). The same
// set as messages: every shared link carries 1 (GB/s), a flow is a message whose route takes share k/4 of it over each
// of its links, all of it over one of them, and is held to its pace alone by a link of its own.
#include <fmt/format.h>

#include "engine/message_network.hpp"
#include "engine/sharing.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/machines.hpp"
#include "zettasim/base/random.hpp"

using namespace zettasim;

namespace {

constexpr double one = 1e9;  // bytes per second

struct Flow {
  double begin_s = 0.0;
  double alone_s = 0.0;                                  // its time on an idle machine
  double most = 1.0;                                     // its use of the link it uses most, of 1
  std::vector<std::pair<std::uint32_t, double>> shares;  // link, use of it over `most`
};

struct FlowSet {
  std::vector<double> capacities;  // for our solver, which counts in shares of them
  std::vector<Flow> flows;
};

FlowSet random_set(RandomStream& random) {
  const auto upto = [&](double most) { return 1 + static_cast<std::size_t>(random.uniform(0.0, most)); };
  FlowSet set;
  for (std::size_t l = upto(8); l > 0; --l) set.capacities.push_back(random.uniform(1.0, 10.0));
  for (std::size_t f = upto(12); f > 0; --f) {
    Flow flow{.begin_s = random.uniform() < 0.5 ? 0.0 : random.uniform(0.0, 1.0),
              .alone_s = random.uniform(0.1, 2.0),
              .most = random.uniform() < 0.3 ? 1.0 : random.uniform(0.1, 1.0),
              .shares = {}};
    const auto whole = static_cast<std::uint32_t>(random.uniform(0.0, static_cast<double>(set.capacities.size())));
    for (std::uint32_t l = 0; l < set.capacities.size(); ++l) {
      if (l != whole && random.uniform() < 0.6) continue;
      const double quarters = l == whole ? 4.0 : std::floor(random.uniform(1.0, 5.0));
      flow.shares.emplace_back(l, quarters / 4.0);
    }
    set.flows.push_back(std::move(flow));
  }
  return set;
}

// When each flow ends, by our solver: paces hold until the next flow begins or ends.
std::vector<double> ends_by_sharing(const FlowSet& set) {
  engine::Sharing sharing(set.capacities);
  const std::size_t n = set.flows.size();
  std::vector<std::vector<engine::Traffic>> traffic(n);
  std::vector<engine::Sharing::Key> keys(n);
  std::vector<double> left(n), ends(n, 0.0);
  std::vector<int> state(n, 0);  // not yet, under way, done
  for (std::size_t i = 0; i < n; ++i) {
    left[i] = set.flows[i].alone_s;
    for (const auto& [l, share] : set.flows[i].shares) {
      traffic[i].push_back({l, share * set.flows[i].most * set.capacities[l]});
    }
  }
  double now = 0.0;
  for (std::size_t done = 0; done < n;) {
    double next = 1e300;
    for (std::size_t i = 0; i < n; ++i) {
      if (state[i] == 0) next = std::min(next, set.flows[i].begin_s);
      if (state[i] == 1) next = std::min(next, now + left[i] / sharing.pace(keys[i]));
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (state[i] == 1) left[i] -= (next - now) * sharing.pace(keys[i]);
    }
    now = next;
    for (std::size_t i = 0; i < n; ++i) {
      if (state[i] == 1 && left[i] < 1e-12) sharing.end(keys[i]), state[i] = 2, ends[i] = now, ++done;
      if (state[i] == 0 && set.flows[i].begin_s <= now) {
        keys[i] = sharing.begin(traffic[i], 1.0);
        state[i] = 1;
      }
    }
    sharing.settle();
  }
  return ends;
}

// A network in which flow i of all sets goes from node 2i to node 2i + 1, over its own link i and those it names.
class FlowNetwork final : public topology::Network {
 public:
  explicit FlowNetwork(const std::vector<FlowSet>& sets) {
    for (const FlowSet& set : sets) {
      for (const Flow& flow : set.flows) flows_.push_back(&flow);
    }
    std::size_t next = flows_.size();
    for (const FlowSet& set : sets) {
      first_link_.insert(first_link_.end(), set.flows.size(), next);
      next += set.capacities.size();
    }
    links_ = next;
  }
  std::size_t node_count() const override { return 2 * flows_.size(); }
  std::size_t switch_count() const override { return 0; }
  std::size_t vertex_count() const override { return node_count(); }
  std::size_t link_count() const override { return links_; }
  topology::Link link(LinkId id) const override {
    topology::Link result;
    result.bandwidth = bytes_per_second(id.index() < flows_.size() ? one * flows_[id.index()]->most : one);
    return result;
  }
  Duration append_route(NodeId from, NodeId, std::vector<topology::RoutedLink>& route) const override {
    const std::size_t flow = from.index() / 2;
    route.push_back({.link = LinkId(flow), .share = 1.0});
    for (const auto& [l, share] : flows_[flow]->shares) {
      route.push_back({.link = LinkId(first_link_[flow] + l), .share = share});
    }
    return Duration{};
  }
  std::string describe() const override { return "flows"; }
  std::string link_name(LinkId id) const override { return std::to_string(id.index()); }

 private:
  std::vector<const Flow*> flows_;
  std::vector<std::size_t> first_link_;
  std::size_t links_ = 0;
};

// When each flow of all sets ends, by SimGrid's solver; all sets in one engine, as they share nothing.
std::vector<double> ends_by_simgrid(const std::vector<FlowSet>& sets) {
  namespace sg = simgrid::s4u;
  const auto machine = test::machine(test::fully_connected());
  const FlowNetwork network(sets);
  std::set<NodeId> nodes;
  engine::MessageNetwork::Pairs pairs;
  for (std::size_t i = 0; i < network.node_count(); i += 2) {
    nodes.insert({NodeId(i), NodeId(i + 1)});
    pairs.emplace(NodeId(i), NodeId(i + 1));
  }
  engine::MessageNetwork world(machine, network, nodes, pairs);
  std::vector<double> ends(network.node_count() / 2);
  std::size_t i = 0;
  char letter = 'm';
  for (const FlowSet& set : sets) {
    for (const Flow& flow : set.flows) {
      const NodeId from(2 * i), to(2 * i + 1);
      const std::string name = fmt::format("flow-{}", i);
      const std::uint64_t size = world.simulated_size(from, to, bytes(one * flow.most * flow.alone_s));
      engine::start_actor(world.host(from), name, [&flow, &letter, &end = ends[i], name, size] {
        sg::this_actor::sleep_for(flow.begin_s);
        sg::Mailbox::by_name(name)->put(&letter, size);
        end = sg::Engine::get_clock();
      });
      engine::start_actor(world.host(to), name, [name] { sg::Mailbox::by_name(name)->get<char>(); });
      ++i;
    }
  }
  world.run();
  return ends;
}

}  // namespace

// 20 batches of 200 sets with 1 to 12 flows over 1 to 8 links.
TEST_CASE("flows end when SimGrid's own sharing says in four thousand random sets", "[engine][agreement]") {
  std::size_t flows = 0, slowed = 0;
  double worst = 0.0;
  for (std::uint64_t batch = 0; batch < 20; ++batch) {
    RandomStream random(11, "flow sets", batch);
    std::vector<FlowSet> sets;
    for (int s = 0; s < 200; ++s) sets.push_back(random_set(random));
    const auto simulated = test::run_in_child([&] { return ends_by_simgrid(sets); });
    std::size_t i = 0;
    for (const FlowSet& set : sets) {
      const auto ends = ends_by_sharing(set);
      for (std::size_t f = 0; f < ends.size(); ++f, ++i) {
        const double difference = std::abs(ends[f] / simulated[i] - 1.0);
        worst = std::max(worst, difference);
        slowed += ends[f] > (set.flows[f].begin_s + set.flows[f].alone_s) * (1.0 + 1e-9);
        ++flows;
        INFO("batch " << batch << " flow " << i << " ours " << ends[f] << " SimGrid's " << simulated[i]);
        REQUIRE(difference < 1e-6);
      }
    }
    REQUIRE(i == simulated.size());
  }
  fmt::print("{} flows, {} of them slowed by others, largest difference {:.2g}\n", flows, slowed, worst);
  CHECK(slowed > flows / 4);  // or the sets test nothing
}
