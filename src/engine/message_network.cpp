#include "engine/message_network.hpp"

#include <fmt/format.h>

#include <cmath>
#include <simgrid/kernel/resource/NetworkModelIntf.hpp>
#include <simgrid/kernel/routing/NetPoint.hpp>
#include <simgrid/kernel/routing/NetZoneImpl.hpp>
#include <unordered_set>

#include "zettasim/base/contract.hpp"
#include "zettasim/base/problem.hpp"

namespace zettasim::engine {
namespace sg = simgrid::s4u;
namespace kernel = simgrid::kernel;
namespace {

constexpr double units_per_byte = 65536.0;

#if SIMGRID_VERSION >= 33400
constexpr const char* sharing_precision = "precision/work-amount";
#else
constexpr const char* sharing_precision = "maxmin/precision";
#endif

}  // namespace

int parts_of(std::span<const topology::RoutedLink> route) {
  for (int m = 1; m <= most_parts; ++m) {
    const auto is_whole = [m](const topology::RoutedLink& step) {
      const double count = step.share * m;
      return std::round(count) >= 1.0 && std::abs(count - std::round(count)) < 1e-9 * m;
    };
    if (std::all_of(route.begin(), route.end(), is_whole)) return m;
  }
  return 0;
}

// Answers SimGrid's question for a route from our Network. Owned by SimGrid once made.
class MessageNetwork::Zone final : public kernel::routing::NetZoneImpl {
 public:
  Zone(const platform::Machine& machine, const topology::Network& network)
      : NetZoneImpl("machine"),
        network_(network),
        message_latency_(machine.network.message_latency),
        links_(network.link_count(), nullptr) {}

  void place(sg::Host* host, NodeId node) {
    const std::size_t id = host->get_netpoint()->id();
    if (node_of_.size() <= id) node_of_.resize(id + 1);
    node_of_[id] = node;
  }
  void set_message_latency(Duration latency) { message_latency_ = latency; }
  bool has(LinkId link) const { return links_[link.index()] != nullptr; }
  void add(LinkId link, kernel::resource::StandardLinkImpl* there) { links_[link.index()] = there; }

  // Routes a message; what the latest call found is kept for those who ask about the same message next.
  int route(NodeId from, NodeId to) {
    route_.clear();
    latency_ = message_latency_;
    parts_ = 1;
    if (from == to) return parts_;
    latency_ += network_.append_route(from, to, route_);
    return parts_ = parts_of(route_);
  }
  std::span<const topology::RoutedLink> latest_route() const { return route_; }

  void get_local_route(const kernel::routing::NetPoint* from, const kernel::routing::NetPoint* to,
                       kernel::routing::Route* into, double* latency) override {
    route(node_of_[from->id()], node_of_[to->id()]);
    for (const topology::RoutedLink& step : route_) {
      const auto times = static_cast<std::size_t>(std::lround(step.share * parts_));
      into->link_list_.insert(into->link_list_.end(), times, links_[step.link.index()]);
    }
    if (latency != nullptr) *latency += parts_;
  }
  // Of the message whose route SimGrid asked for last. Never exactly nothing: without latency CM02 forgets the weight.
  double latency_factor() const { return std::max(in_seconds(latency_), 1e-15) / parts_; }

 private:
  const topology::Network& network_;
  Duration message_latency_;
  std::vector<kernel::resource::StandardLinkImpl*> links_;  // by LinkId
  std::vector<NodeId> node_of_;                             // by id of the host's net point
  std::vector<topology::RoutedLink> route_;
  Duration latency_;
  int parts_ = 1;
};

MessageNetwork::MessageNetwork(const platform::Machine& machine, const topology::Network& network,
                               const std::set<NodeId>& nodes, const Pairs& pairs)
    : machine_(machine),
      network_(network),
      engine_(make_engine({{"network/TCP-gamma", "1e60"}, {sharing_precision, "1e-9"}})),
      zone_(new Zone(machine, network)) {
  sg::NetZone* zone = zone_->get_iface();
  constexpr double unused_speed = 1.0;
#if SIMGRID_VERSION >= 40000
  zone_->set_parent(engine_->get_netzone_root()->get_impl());
  const auto make = [&](const std::string& name) { return zone->add_host(name, unused_speed); };
#else
  const auto make = [&](const std::string& name) { return zone->create_host(name, unused_speed); };
#endif
  for (const NodeId node : nodes) {
    sg::Host* host = make(fmt::format("node-{}", node.index()));
    host->seal();
    hosts_[node.index()] = host;
    zone_->place(host, node);
  }
  add_links(pairs);
  zone->seal();
  const auto factor = [routes = zone_](double, const sg::Host*, const sg::Host*, const std::vector<sg::Link*>&,
                                       const std::unordered_set<sg::NetZone*>&) { return routes->latency_factor(); };
#if SIMGRID_VERSION >= 40000
  engine_->get_netzone_root()->set_latency_factor_cb(factor);
#else
  zone->get_network_model()->set_lat_factor_cb(factor);
#endif
}

MessageNetwork::~MessageNetwork() = default;

void MessageNetwork::add_links(const Pairs& pairs) {
  sg::NetZone* zone = zone_->get_iface();
  for (const auto& [from, to] : pairs) {
    if (zone_->route(from, to) == 0) {
      throw InputError(
          fmt::format("machine \"{}\", network", machine_.name),
          fmt::format("the route from node {} to node {} splits a message into shares that are not "
                      "multiples of one 1/m with m up to {}, which --network messages cannot simulate; use "
                      "--network patterns",
                      from.index(), to.index(), most_parts));
    }
    for (const topology::RoutedLink& step : zone_->latest_route()) {
      if (zone_->has(step.link)) continue;
      const double bandwidth = in_bytes_per_second(network_.bandwidth(step.link)) * units_per_byte;
      const std::string name = fmt::format("link-{}", step.link.index());
#if SIMGRID_VERSION >= 40000
      sg::Link* link = zone->add_link(name, bandwidth);
#else
      sg::Link* link = zone->create_link(name, bandwidth);
#endif
      link->seal();
      zone_->add(step.link, link->get_impl());
    }
  }
}

std::uint64_t MessageNetwork::simulated_size(NodeId from, NodeId to, DataSize size) {
  const double units = in_bytes(size) * units_per_byte / zone_->route(from, to);
  constexpr double most = 9e18;
  ZETTASIM_EXPECT(units >= 0.0 && units < most, "a message of {} bytes", in_bytes(size));
  return static_cast<std::uint64_t>(std::llround(units));
}

void MessageNetwork::set_message_latency(Duration latency) { zone_->set_message_latency(latency); }

Duration MessageNetwork::run() {
  const double start = sg::Engine::get_clock();
  engine_->run();
  return seconds(sg::Engine::get_clock() - start);
}

}  // namespace zettasim::engine
