// One ring all-reduce of 1 MiB between all nodes of a ring (50 GB/s, 500 ns a hop): its simulated and its wall time.
//   bench_messages 1024
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>

#include "support/machines.hpp"
#include "zettasim/engine/messages.hpp"

using namespace zettasim;

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
  const double simulated = in_seconds(engine::simulate_messages(machine, *network, schedule));
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double expected = 2.0 * (ranks - 1) * (500e-9 + 1048576.0 / ranks / 50e9);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("ranks {} messages {} simulated {:.9g} s (closed form {:.9g} s) wall {:.2f} s, {:.0f} messages/s, {} MB\n",
             ranks, schedule.message_count(), simulated, expected, wall,
             static_cast<double>(schedule.message_count()) / wall, usage.ru_maxrss / 1024);
}
