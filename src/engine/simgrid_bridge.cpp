#include "engine/simgrid_bridge.hpp"

#include <fmt/format.h>

#include "zettasim/base/contract.hpp"

namespace zettasim::engine {
namespace sg = simgrid::s4u;
namespace {

#if SIMGRID_VERSION >= 33400
constexpr const char* timing_precision = "precision/timing";
#else
constexpr const char* timing_precision = "surf/precision";
#endif

const SimGridSettings& options() {
  static const SimGridSettings all = {
      {"network/model", "CM02"},  // latency + size / bandwidth, without the TCP-like factors of the default
      {"network/crosstraffic", "0"}, {timing_precision, "1e-12"},     // two events are one instant only when they are
      {"contexts/factory", "raw"},   {"contexts/stack-size", "256"},  // KiB
      {"contexts/guard-size", "0"},                                   // more than 32,000 actors abort otherwise
  };
  return all;
}

bool& one_engine_was_made() {
  static bool made = false;
  return made;
}

}  // namespace

std::unique_ptr<sg::Engine> make_engine(const SimGridSettings& more) {
  ZETTASIM_EXPECT(!one_engine_was_made(),
                  "a second simulation in one process would start where the first stopped; fork a child per run");
  one_engine_was_made() = true;
  std::vector<std::string> arguments = {"zettasim", "--log=root.thresh:error"};
  for (const auto& [name, value] : options()) arguments.push_back(fmt::format("--cfg={}:{}", name, value));
  for (const auto& [name, value] : more) arguments.push_back(fmt::format("--cfg={}:{}", name, value));
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  int count = static_cast<int>(arguments.size());
  return std::make_unique<sg::Engine>(&count, pointers.data());
}

void start_actor(sg::Host* host, const std::string& name, const std::function<void()>& body) {
#if SIMGRID_VERSION >= 40100
  host->add_actor(name, body);
#else
  sg::Actor::create(name, host, body);
#endif
}

std::optional<std::size_t> wait_for_one(const std::vector<sg::CommPtr>& messages, double seconds) {
#if SIMGRID_VERSION >= 40000
  sg::ActivitySet set;
  for (const auto& message : messages) set.push(message);
  try {
    const auto done = seconds < 0.0 ? set.wait_any() : set.wait_any_for(seconds);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (messages[i] == done) return i;
    }
  } catch (const simgrid::TimeoutException&) {
  }
  return std::nullopt;
#else
  const auto done = sg::Comm::wait_any_for(messages, seconds);
  return done < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(done));
#endif
}

SimGridWorld::SimGridWorld(std::size_t nodes, double flops_per_s) : engine_(make_engine()) {
#if SIMGRID_VERSION >= 40000
  auto* zone = engine_->get_netzone_root()->add_netzone_empty("machine");
  const auto make = [&](const std::string& name) { return zone->add_host(name, flops_per_s); };
#else
  auto* zone = sg::create_empty_zone("machine");
  const auto make = [&](const std::string& name) { return zone->create_host(name, flops_per_s); };
#endif
  hosts_.reserve(nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    hosts_.push_back(make("node-" + std::to_string(i)));
    hosts_.back()->seal();
  }
  zone->seal();
}

void SimGridWorld::start_actor(const std::string& name, std::size_t node, const std::function<void()>& body) {
  engine::start_actor(hosts_[node], name, body);
}

void SimGridWorld::run() { engine_->run(); }
double SimGridWorld::now_s() const { return sg::Engine::get_clock(); }

SimGridSettings SimGridWorld::settings() {
  auto all = options();
  all.insert(all.begin(), {"simgrid", fmt::format("{}.{}", SIMGRID_VERSION / 10000, SIMGRID_VERSION / 100 % 100)});
  return all;
}

}  // namespace zettasim::engine
