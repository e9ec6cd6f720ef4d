// Phases of jobs simulated message by message, beside the same phases by patterns.
#include "engine/phase_simulator.hpp"
#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/run_numbers.hpp"
#include "support/traces.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/engine/predict.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using engine::Resolution;

namespace {

platform::Machine torus_machine() {
  auto machine = test::machine(test::torus({4, 4}));
  machine.network.message_latency = 1_us;
  return machine;
}

double predicted_s(const platform::Machine& machine, const workload::Program& program, std::int64_t nodes,
                   Resolution resolution) {
  workload::Application application;
  application.name = application.model = "program";
  application.program = program;
  const auto network = topology::build_network(machine);
  return in_seconds(engine::predict(machine, *network, application, nodes, resolution).time);
}

double difference(const platform::Machine& machine, const workload::Program& program, std::int64_t nodes) {
  return predicted_s(machine, program, nodes, Resolution::messages) /
             predicted_s(machine, program, nodes, Resolution::patterns) -
         1.0;
}

workload::Phase collective(CollectiveOperation operation, DataSize size, DeviceGroups groups = {}) {
  return {.name = std::string(name_of(operation)), .what = workload::Collective{operation, size, groups}};
}

}  // namespace

// Small ones take the same algorithm in both, on links that its messages do not share: four rounds of an all-reduce,
// three of Bruck's in groups of eight devices two apart (two on each of four nodes), a halo on the machine's own grid,
// and a shift by two nodes.
TEST_CASE("phases whose messages share no link take as long by messages as by patterns", "[engine][agreement]") {
  const std::vector<workload::Phase> phases = {
      collective(CollectiveOperation::all_reduce, 1000_B),
      collective(CollectiveOperation::barrier, {}),
      collective(CollectiveOperation::all_gather, 1000_B, {.size = 8, .stride = 2}),
      test::halo(2, 1_MB),
      {.name = "hand on", .what = workload::Shift{.distance = 8, .size = 2_MB}}};
  for (const workload::Phase& phase : phases) {
    INFO(phase.name);
    CHECK(std::abs(difference(torus_machine(), test::steps(3, {phase}), 16)) < 1e-6);
  }
}

// As agreement in general: recursive doubling of ranks that are no power of two, at most 12 % above.
TEST_CASE("phases whose messages share links differ as stated for their pattern", "[engine][agreement]") {
  auto machine = test::machine(test::tofu(2, 1, 2));
  machine.network.message_latency = 1_us;
  const auto program = test::steps(2, {collective(CollectiveOperation::all_reduce, 1000_B)});
  const double more = difference(machine, program, 48);
  CHECK(more <= 1e-6);
  CHECK(more > -0.12);
}

// Every device leads a group with those of its number on the other nodes: four messages of a node go as one of four
// times the size. Of 15 nodes the last groups lack a node.
TEST_CASE("groups of devices are simulated all at once", "[engine][agreement]") {
  auto machine = test::machine(test::fully_connected(), 16);
  machine.network.message_latency = 1_us;
  for (const std::int64_t nodes : {16, 15}) {
    for (const DeviceGroups groups : {DeviceGroups{.size = 4, .stride = 4}, DeviceGroups{.size = 16, .stride = 1}}) {
      const auto program = test::steps(1, {collective(CollectiveOperation::all_reduce, 1000_B, groups)});
      INFO(nodes << " nodes, groups of " << groups.size << " " << groups.stride << " apart");
      CHECK(std::abs(difference(machine, program, nodes)) < 1e-6);
    }
  }
}

TEST_CASE("a run by messages ends when the run by patterns ends where nothing is shared and repeats its bytes",
          "[engine][agreement]") {
  const auto program = test::steps(5, {test::halo(1, 1_MB), collective(CollectiveOperation::all_reduce, 1000_B)});
  const auto trace = test::trace({test::job(program, 8), test::job(program, 8)});
  const auto run = [&](Resolution resolution) {
    engine::RunOptions options;
    options.network = resolution;
    return test::simulate_in_child(torus_machine(), trace, options);
  };
  const auto messages = run(Resolution::messages);
  CHECK(messages.values() == run(Resolution::messages).values());
  CHECK(messages.end_s() == Approx(run(Resolution::patterns).end_s()).epsilon(1e-6));
}

// Three devices of four on a node: the group of devices 3 to 5 has one on the first node and two on the second.
TEST_CASE("what messages cannot do is refused with a way out, in the middle of a run too", "[engine]") {
  const auto uneven = test::steps(1, {collective(CollectiveOperation::all_reduce, 1_MB, {.size = 3, .stride = 1})});
  CHECK_THROWS_WITH(predicted_s(torus_machine(), uneven, 6, Resolution::messages),
                    Catch::Contains("lie unevenly on nodes of 4, which only patterns know"));
  const auto thrown = test::run_in_child([&] {
    engine::RunOptions options;
    options.network = Resolution::messages;
    const auto network = topology::build_network(torus_machine());
    try {
      engine::simulate(torus_machine(), *network, test::trace({test::job(uneven, 6)}), options);
    } catch (const InputError&) {
      return std::vector{1.0};
    }
    return std::vector{0.0};
  });
  CHECK(thrown == std::vector{1.0});
  CHECK(engine::find_message_misfits(torus_machine(), engine::most_message_nodes).empty());
  CHECK(engine::find_message_misfits(torus_machine(), engine::most_message_nodes + 1).size() == 1);
}
