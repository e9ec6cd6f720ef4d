// One ring all-reduce of 1 MiB between all nodes of a ring (50 GB/s, 500 ns a hop): its simulated and its wall time.
//   bench_messages 1024                    simulates it
//   bench_messages 1024 --traces FOLDER    writes it for smpirun, and prints the command
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>

#include "support/machines.hpp"
#include "support/time_independent_traces.hpp"
#include "zettasim/engine/messages.hpp"

using namespace zettasim;

namespace {

// A ring as plain SimGrid's platform: only the routes that a ring all-reduce uses, one link each.
void write_ring(int ranks, const std::filesystem::path& folder) {
  std::ofstream file(folder / "platform.xml");
  file << "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
       << "<platform version=\"4.1\">\n<zone id=\"machine\" routing=\"Full\">\n";
  for (int i = 0; i < ranks; ++i) file << fmt::format("<host id=\"node-{}\" speed=\"1Gf\"/>\n", i);
  for (int i = 0; i < ranks; ++i) {
    file << fmt::format("<link id=\"link-{}\" bandwidth=\"50000000000Bps\" latency=\"0.0000005s\"/>\n", i);
  }
  for (int i = 0; i < ranks; ++i) {
    file << fmt::format(
        "<route src=\"node-{}\" dst=\"node-{}\" symmetrical=\"NO\"><link_ctn id=\"link-{}\"/></route>\n", i,
        (i + 1) % ranks, i);
  }
  file << "</zone>\n</platform>\n";
}

}  // namespace

int main(int argc, char** argv) {
  const int ranks = argc > 1 ? std::atoi(argv[1]) : 1024;
  if (ranks < 2) return 2;
  auto machine = test::machine(test::torus({ranks}));
  machine.network.link_latency = seconds(500e-9);
  const auto network = topology::build_network(machine);
  engine::schedules::Placement placement;
  for (int i = 0; i < ranks; ++i) placement.emplace_back(i);
  const auto start = std::chrono::steady_clock::now();
  const auto schedule = engine::schedules::ring_all_reduce(placement, bytes(1048576));
  if (argc > 3) {
    write_ring(ranks, argv[3]);
    test::write_traces(schedule, argv[3]);
    fmt::print("{}\n", test::replay_command(schedule, argv[3]));
    return 0;
  }
  const double simulated = in_seconds(engine::simulate_messages(machine, *network, schedule));
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double expected = 2.0 * (ranks - 1) * (500e-9 + 1048576.0 / ranks / 50e9);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("ranks {} messages {} simulated {:.9g} s (closed form {:.9g} s) wall {:.2f} s, {:.0f} messages/s, {} MB\n",
             ranks, schedule.message_count(), simulated, expected, wall,
             static_cast<double>(schedule.message_count()) / wall, usage.ru_maxrss / 1024);
}
