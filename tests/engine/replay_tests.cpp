// Rank traces replayed: against arithmetic by hand, the two resolutions against each other, and against smpirun.
#include <iostream>

#include "support/catch.hpp"
#include "support/chakra_writer.hpp"
#include "support/child.hpp"
#include "support/kineto_sample.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "support/shared_data.hpp"
#include "support/time_independent_traces.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/engine/replay.hpp"
#include "zettasim/topology/export_xml.hpp"
#include "zettasim/workload/rank_trace_files.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using engine::ReplayNetwork;
using engine::ReplayOptions;
using engine::ReplayRecord;

namespace {

// Links of 1 GB/s and 1 us between each two nodes, 2 us for software: 1 MB takes 3 us + 1 ms.
platform::Machine round_machine(std::int64_t nodes) {
  auto machine = test::machine(test::fully_connected(), nodes);
  machine.node.nics.count = 1;
  machine.node.nics.bandwidth = 1_GB_per_s;
  machine.network.link_bandwidth = 1_GB_per_s;
  machine.network.link_efficiency = 1.0;
  machine.network.link_latency = 1_us;
  machine.network.message_latency = 2_us;
  return machine;
}

workload::RankTrace time_independent(const std::vector<std::string>& texts) {
  std::vector<workload::RankFile> files;
  for (std::size_t i = 0; i < texts.size(); ++i) files.push_back({"r" + std::to_string(i), texts[i]});
  auto trace = workload::read_time_independent("t", files);
  workload::check(trace);
  return trace;
}

// With 1 GFLOP/s a rank unless told otherwise; in a process of its own where the network is simulated.
std::vector<double> replayed(const platform::Machine& machine, const workload::RankTrace& trace, ReplayNetwork network,
                             ReplayOptions options = {}) {
  options.network = network;
  if (!options.flop_rate) options.flop_rate = 1_GFLOP_per_s;
  const auto play = [&] {
    const auto topology = topology::build_network(machine);
    const ReplayRecord record = engine::replay(machine, *topology, trace, options);
    std::vector<double> times{record.time.si()};
    for (const auto& rank : record.ranks) times.push_back(rank.end.si());
    return times;
  };
  return network == ReplayNetwork::messages ? test::run_in_child(play) : play();
}

constexpr ReplayNetwork both[] = {ReplayNetwork::patterns, ReplayNetwork::messages};

// In a process of its own where the network is simulated: its letters come back as numbers.
std::string refusal(const platform::Machine& machine, const workload::RankTrace& trace, ReplayNetwork network) {
  const auto play = [&] {
    std::string text = "no problem";
    try {
      ReplayOptions options;
      options.network = network;
      engine::replay(machine, *topology::build_network(machine), trace, options);
    } catch (const InputError& error) {
      text = error.what();
    }
    return std::vector<double>(text.begin(), text.end());
  };
  std::string text;
  for (const double letter : test::run_in_child(play)) text += static_cast<char>(letter);
  return text;
}

}  // namespace

// 1e9 flops at 1 GFLOP/s, 1 MB in 1.003 ms, then 5e8 flops: 1 s + 0.001003 s + 0.5 s.
TEST_CASE("a rank that receives goes on when the message has come", "[engine][replay]") {
  const auto trace = time_independent({"0 compute 1e9\n0 send 1 0 1000000", "1 recv 0 0 1000000\n1 compute 5e8"});
  for (const auto network : both) {
    const auto times = replayed(round_machine(2), trace, network);
    CHECK(times[0] == Approx(1.501003).epsilon(1e-9));
    CHECK(times[1] == Approx(1.001003).epsilon(1e-9));
  }
}

// A message of 1 kB is below 64 KiB: the sender goes on at once and ends at 1 s, the receiver 4 us after it.
TEST_CASE("a small message does not hold its sender and a large one does", "[engine][replay]") {
  const auto trace = time_independent({"0 send 1 0 1000\n0 compute 1e9", "1 compute 2e9\n1 recv 0 0 1000"});
  for (const auto network : both) {
    const auto small = replayed(round_machine(2), trace, network);
    CHECK(small[1] == Approx(1.0).epsilon(1e-9));
    CHECK(small[2] == Approx(2.000004).epsilon(1e-9));
    ReplayOptions options;
    options.eager_limit = bytes(1000.0);
    CHECK(replayed(round_machine(2), trace, network, options)[1] == Approx(3.000004).epsilon(1e-9));
  }
}

// While 10 MB come (10.003 ms) the rank computes 5 ms, so that all takes 10.003 ms; waiting first takes 15.003 ms.
TEST_CASE("a nonblocking receive overlaps with computing", "[engine][replay]") {
  const std::string sender = "1 send 0 0 10000000";
  const auto overlapped = time_independent({"0 irecv 1 0 10000000\n0 compute 5e6\n0 wait 1 0 0", sender});
  const auto blocking = time_independent({"0 recv 1 0 10000000\n0 compute 5e6", sender});
  for (const auto network : both) {
    CHECK(replayed(round_machine(2), overlapped, network)[0] == Approx(10.003e-3).epsilon(1e-9));
    CHECK(replayed(round_machine(2), blocking, network)[0] == Approx(15.003e-3).epsilon(1e-9));
  }
}

// Two ranks that train (tests/support/chakra_writer.hpp). Stream 7: launch 10 us, kernel 400 us to 410 us, kernel 300
// us to 710 us. The sum of 8 MB begins at 410 us; by ring on two ranks it is two rounds of 4 MB: 2 (3 us + 4 ms)
// = 8.006 ms, so the optimizer begins at 8.416 ms and ends 100 us later.
TEST_CASE("a kernel runs while gradients are summed and the next waits for the sum", "[engine][replay]") {
  auto trace =
      workload::read_chakra("t", {{"t.0.et", test::small_training_rank()}, {"t.1.et", test::small_training_rank()}});
  CHECK(replayed(round_machine(2), trace, ReplayNetwork::messages)[0] == Approx(8.516e-3).epsilon(1e-9));
}

// Alone the sum takes 250 us as recorded, from 410 us on, beside the second kernel: 10 + 400 + 300 + 100 us.
TEST_CASE("collectives of a rank alone take the time they took", "[engine][replay]") {
  const auto trace = workload::read_chakra("t", {{"t.0.et", test::small_training_rank()}});
  for (const auto network : both) {
    CHECK(replayed(round_machine(2), trace, network)[0] == Approx(810e-6).epsilon(1e-9));
  }
}

// Half the memory bandwidth: the kernels take twice as long, the host's launch and the sum with nobody as long as
// before: 10 + 800 + 250 + 200 us.
TEST_CASE("recorded times are scaled by the device they were recorded on", "[engine][replay]") {
  auto here = test::machine(test::fully_connected(), 2);
  auto there = here;
  there.node.gpus->device.memory.bandwidth = here.node.gpus->device.memory.bandwidth * 2.0;
  const auto trace = workload::read_chakra("t", {{"t.0.et", test::small_training_rank()}});
  ReplayOptions options;
  options.recorded_on = &there;
  const auto topology = topology::build_network(here);
  const auto record = engine::replay(here, *topology, trace, options);
  CHECK(record.repriced == 7);
  CHECK(record.time.si() == Approx(1610e-6).epsilon(1e-9));
}

// A ring of 64 ranks, each the same: one is played, and all end when the simulation of all says.
TEST_CASE("ranks of one role are played by one of them", "[engine][replay]") {
  std::vector<std::string> texts;
  for (int r = 0; r < 64; ++r) {
    texts.push_back(fmt::format("{0} compute 1e6\n{0} isend {1} 0 1000000\n{0} recv {2} 0 1000000\n{0} waitall", r,
                                (r + 1) % 64, (r + 63) % 64));
  }
  const auto trace = time_independent(texts);
  const auto machine = round_machine(64);
  const auto topology = topology::build_network(machine);
  ReplayOptions options;
  options.flop_rate = 1_GFLOP_per_s;
  const auto record = engine::replay(machine, *topology, trace, options);
  CHECK(record.roles == 1);
  CHECK(record.messages == 64);
  CHECK(record.time.si() == Approx(1e-3 + 1.003e-3).epsilon(1e-9));
  CHECK(replayed(machine, trace, ReplayNetwork::messages)[0] == Approx(record.time.si()).epsilon(1e-6));
}

// The profile of tests/support/kineto_sample.hpp: the kernel begins when its launch ends at 110 us, not 2 us later, and
// all that follows is as recorded: 1,000 - 2 us.
TEST_CASE("a profile replays to its span but for the latency of launches", "[engine][replay]") {
  const auto trace = workload::read_kineto({"p.json", test::kineto_sample()});
  for (const auto network : both) {
    CHECK(replayed(round_machine(2), trace, network)[0] == Approx(998e-6).epsilon(1e-9));
  }
}

// One step of rank 0 of a Megatron model, tensor parallel on 8 A100: ProfilerStep#3 took 603,240 us.
TEST_CASE("the recorded Megatron step replays to its recorded span within one percent", "[engine][replay]") {
  const auto trace =
      workload::read_rank_trace(test::shared_file_or_skip("data/ai/megatron-tp8-rank0/megatron_kineto_0.json.zst"));
  for (const auto network : both) {
    const double time = replayed(round_machine(2), trace, network)[0];
    fmt::print("Megatron step: {:.0f} us replayed, 603240 us recorded: {:+.2f} %\n", time * 1e6,
               100.0 * (time / 0.603240 - 1.0));
    std::fflush(stdout);  // before the next child inherits it
    CHECK(time == Approx(0.603240).epsilon(0.01));
  }
}

TEST_CASE("large messages that wait for each other end in the places where they wait", "[engine][replay][rejects]") {
  const auto trace = time_independent({"0 send 1 0 100000\n0 recv 1 0 100000", "1 send 0 0 100000\n1 recv 0 0 100000"});
  CHECK(
      refusal(round_machine(2), trace, ReplayNetwork::patterns) ==
      "t: rank 0 never comes to its end: messages of 65.5 kB or more wait for their receives, and those for them; give "
      "a larger --eager");
  CHECK(refusal(round_machine(2), trace, ReplayNetwork::messages) ==
        "r0:1: rank 0 waits here for ever\n"
        "r1:1: rank 1 waits here for ever\n"
        "t: ranks wait for each other: messages of 65.5 kB or more wait for their receives, and those for them; give a "
        "larger --eager");
}

TEST_CASE("a trace of more ranks than the machine has room for is refused", "[engine][replay][rejects]") {
  const auto trace = time_independent({"0 compute 1", "1 compute 1", "2 compute 1"});
  CHECK(refusal(round_machine(2), trace, ReplayNetwork::patterns)
            .find("t: has 3 ranks, which fill 3 nodes with 1 on each") == 0);
}

namespace {

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / fmt::format("zettasim-replay-{}", static_cast<long>(::getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

// SimGrid 3.32 knows actions in lower case only; traces of older versions write allReduce.
std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// What smpirun says of the files on the machine as we export it, whose hosts compute 1 GFLOP/s.
double smpirun_time(const platform::Machine& machine, const std::vector<std::string>& texts) {
  const Folder folder;
  const auto network = topology::build_network(machine);
  std::ofstream(folder.path / "platform.xml") << topology::export_simgrid_xml(machine, *network);
  std::ofstream traces(folder.path / "traces"), hosts(folder.path / "hosts");
  for (std::size_t rank = 0; rank < texts.size(); ++rank) {
    const auto file = folder.path / fmt::format("rank-{}", rank);
    std::ofstream(file) << lower_case(texts[rank]) << "\n";
    traces << file.string() << "\n";
    hosts << fmt::format("node-{}\n", rank);
  }
  traces.close(), hosts.close();
  const auto command = fmt::format(
      "smpirun -np {} -platform {}/platform.xml -hostfile {}/hosts -replay {}/traces --cfg=smpi/lat-factor:0:1 "
      "--cfg=smpi/bw-factor:0:1 --cfg=network/crosstraffic:0 --cfg=network/weight-S:0 --cfg=smpi/host-speed:1Gf 2>&1",
      texts.size(), folder.path.string(), folder.path.string(), folder.path.string());
  std::string output;
  const auto seconds = test::replayed_seconds(command, output);
  INFO(output);
  REQUIRE(seconds.has_value());
  return *seconds;
}

void skip_without_smpirun() {
  if (test::has_smpirun()) return;
  std::cout << "skipped: smpirun is not installed (Debian: libsimgrid-dev)\n";
  std::exit(4);
}

}  // namespace

// Each collective of 12 ranks alone, small and large, and point to point.
TEST_CASE("each action takes as long as smpirun replays it", "[engine][replay][agreement]") {
  skip_without_smpirun();
  constexpr int ranks = 12;
  std::string parts, others;
  for (int i = 0; i < ranks; ++i) parts += fmt::format(" {}", 200'000 + 1'000 * i), others += " 30000";
  auto machine = round_machine(ranks);
  machine.network.message_latency = 1_ms;  // so that the microseconds smpirun prints are many digits
  for (const std::string& action :
       {std::string("barrier"), std::string("bcast 100"), std::string("bcast 300000 3"),
        std::string("allreduce 100 1e6"), std::string("allreduce 200000 1e6"), std::string("reduce 50000 1e6 2"),
        std::string("alltoall 20 20"), std::string("alltoall 5000 5000"), std::string("gather 30000 30000 1"),
        std::string("allgather 4000 4000"), "reducescatter" + parts + " 1e6",
        "alltoallv 360000" + others + " 360000" + others}) {
    std::vector<std::string> texts;
    for (int r = 0; r < ranks; ++r) {
      texts.push_back(fmt::format("{0} init 1\n{0} compute {1}\n{0} {2}\n{0} finalize", r, 1'000'000 * r, action));
    }
    const double ours = replayed(machine, time_independent(texts), ReplayNetwork::messages)[0];
    const double theirs = smpirun_time(machine, texts);
    fmt::print("{:<32.32} messages {:.6f} s, smpirun {:.6f} s\n", action, ours, theirs);
    std::fflush(stdout);  // before the next child inherits it
    INFO(action);
    CHECK(ours == Approx(theirs).epsilon(0.02));
  }
}

// 9,664 computes and 6,976 collectives of 32 ranks on links of 100 MB/s, where 6 % of the time is communication.
TEST_CASE("the recorded trace of 32 ranks takes as long as smpirun replays it", "[engine][replay][agreement]") {
  const auto file = test::shared_file_or_skip("data/mpi/simgrid-ti_traces_32_full.tar.zst");
  skip_without_smpirun();
  auto machine = round_machine(32);
  machine.node.nics.bandwidth = machine.network.link_bandwidth = bytes_per_second(100e6);
  machine.network.message_latency = 1_ms;
  const auto trace = workload::read_rank_trace(file);
  std::vector<std::string> texts(trace.ranks.size());
  for (const auto& rank : workload::files_of_rank_trace(file)) texts.at(std::stoul(rank.text)) = rank.text;
  const double ours = replayed(machine, trace, ReplayNetwork::messages)[0];
  const double theirs = smpirun_time(machine, texts);
  fmt::print("messages {:.6f} s, smpirun {:.6f} s: {:+.4f} %\n", ours, theirs, 100.0 * (ours / theirs - 1.0));
  CHECK(ours == Approx(theirs).epsilon(0.02));
}
