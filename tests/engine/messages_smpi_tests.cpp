// Our messages against SimGrid's own MPI replay on the platform file we export: another simulator of the same kernel,
// which knows our network only as XML and our schedules only as traces.
#include <iostream>

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "support/time_independent_traces.hpp"
#include "zettasim/topology/export_xml.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using engine::MessageSchedule;

namespace {

// Slow, so that the microseconds smpirun prints are many digits: 50 MB/s links of 1 ms.
platform::Machine slow_machine(platform::Topology topology, std::int64_t nodes = 0) {
  auto machine = test::machine(std::move(topology), nodes);
  machine.node.nics.bandwidth = bytes_per_second(25e6);
  machine.network.link_bandwidth = bytes_per_second(50e6);
  machine.network.link_latency = seconds(1e-3);
  machine.network.message_latency = seconds(2e-3);
  return machine;
}

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("zettasim-smpi-{}", static_cast<long>(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

bool skips() {
  if (test::has_smpirun()) return false;
  std::cout << "skipped: smpirun is not installed (Debian: libsimgrid-dev)\n";
  return true;
}

void compare(const platform::Machine& machine, const MessageSchedule& schedule) {
  const auto network = topology::build_network(machine);
  const Folder folder;
  std::ofstream(folder.path / "platform.xml") << topology::export_simgrid_xml(machine, *network);
  test::write_traces(schedule, folder.path);
  std::string output;
  const auto replayed = test::replayed_seconds(test::replay_command(schedule, folder.path), output);
  INFO(network->describe() << ", " << schedule.algorithm << "\n" << output);
  REQUIRE(replayed.has_value());
  const double ours = test::run_in_child(
      [&] { return std::vector{in_seconds(engine::simulate_messages(machine, *network, schedule))}; })[0];
  fmt::print("{:<28} {:<20} messages {:.6f} s, smpirun {:.6f} s\n", network->describe(), schedule.algorithm, ours,
             *replayed);
  std::fflush(stdout);  // before the next child inherits it
  CHECK(ours == Approx(*replayed).epsilon(0.01));
}

}  // namespace

TEST_CASE("a ring all-reduce takes as long as smpirun replays it", "[engine][agreement]") {
  if (skips()) std::exit(4);
  for (const auto nodes : {8, 64}) {
    compare(slow_machine(test::torus({nodes})),
            engine::schedules::ring_all_reduce(test::first_nodes(static_cast<std::size_t>(nodes)), 64_MB));
  }
}

// On a mesh, so that no message is split between two ways; 12 ranks fold.
TEST_CASE("recursive doubling takes as long as smpirun replays it", "[engine][agreement]") {
  if (skips()) std::exit(4);
  compare(slow_machine(test::mesh({16})), engine::schedules::recursive_doubling(test::first_nodes(16), 10_MB));
  compare(slow_machine(test::mesh({8, 8})), engine::schedules::recursive_doubling(test::first_nodes(64), 10_MB));
  compare(slow_machine(test::fully_connected(), 12),
          engine::schedules::recursive_doubling(test::first_nodes(12), 10_MB));
}

TEST_CASE("smpirun loads every topology we export", "[engine][agreement]") {
  if (skips()) std::exit(4);
  for (const auto& machine : {slow_machine(test::tofu(2, 1, 2)), slow_machine(test::dragonfly(4, 4, 4, 2)),
                              slow_machine(test::dragonfly_plus(4, 2, 2, 4)), slow_machine(test::fat_tree(4, 4), 16)}) {
    const auto network = topology::build_network(machine);
    const auto schedule = engine::schedules::ring_all_reduce(test::first_nodes(network->node_count()), 1_MB);
    const Folder folder;
    std::ofstream(folder.path / "platform.xml") << topology::export_simgrid_xml(machine, *network);
    test::write_traces(schedule, folder.path);
    std::string output;
    const auto replayed = test::replayed_seconds(test::replay_command(schedule, folder.path), output);
    INFO(network->describe() << "\n" << output);
    CHECK(replayed.value_or(0.0) > 0.0);
  }
}
