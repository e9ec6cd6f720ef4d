// The library of machines that comes with the program: every file loads, and the machines are what they are named for.
#include <set>

#include "descriptions.hpp"
#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::platform;
using test::platforms;

namespace {

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.insert(entry.path());
  }
  return {files.begin(), files.end()};
}

// Power of one node at the outer end of its supplies.
double through_supplies_w(const Node& node, double watts) {
  for (const Supply& supply : node.supplies) watts = (watts + in_watts(supply.fixed_loss)) / supply.efficiency;
  return watts;
}

double node_idle_w(const Node& node) {
  return static_cast<double>(node.cpus.count) * in_watts(node.cpus.device.idle) +
         (node.gpus ? static_cast<double>(node.gpus->count) * in_watts(node.gpus->device.idle) : 0.0) +
         static_cast<double>(node.nics.count) * in_watts(node.nics.idle) + in_watts(node.base_power);
}

double node_limit_w(const Node& node) {
  return static_cast<double>(node.cpus.count) * in_watts(node.cpus.device.limit) +
         (node.gpus ? static_cast<double>(node.gpus->count) * in_watts(node.gpus->device.limit) : 0.0) +
         static_cast<double>(node.nics.count) * in_watts(node.nics.idle) + in_watts(node.base_power);
}

std::string text_of(const std::filesystem::path& document) {
  std::ifstream stream(document);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The JSON examples of a document, in order.
std::vector<std::string> examples_in(const std::filesystem::path& document) {
  const std::string text = text_of(document);
  const std::string opening = "```json\n";
  std::vector<std::string> examples;
  for (auto at = text.find(opening); at != std::string::npos; at = text.find(opening, at)) {
    at += opening.size();
    examples.push_back(text.substr(at, text.find("```", at) - at));
  }
  return examples;
}

}  // namespace

TEST_CASE("every machine of the library loads", "[platform][library]") {
  const auto files = files_in(platforms);
  CHECK(files.size() >= 4);
  for (const auto& file : files) {
    INFO(file);
    CHECK(load_machine(file).node_count >= 1);
  }
}

TEST_CASE("every overlay of the library fits FugakuNEXT and changes it", "[platform][library]") {
  const Machine plain = load_machine(platforms / "fugakunext.json");
  const auto files = files_in(platforms / "overlays");
  CHECK(files.size() >= 2);
  for (const auto& file : files) {
    INFO(file);
    std::vector<std::filesystem::path> overlays = {file};
    // Weather is something to a machine whose cooling depends on it.
    if (file.stem() == "kobe-august-day") overlays.insert(overlays.begin(), file.parent_path() / "cooling-air.json");
    CHECK_FALSE(load_machine(platforms / "fugakunext.json", {.overlays = overlays}) == plain);
  }
}

// Whatever an overlay of another kind left behind is taken out or replaced.
TEST_CASE("the overlays of cooling replace one another whole and the fixed PUE", "[platform][library]") {
  const auto with = [](std::vector<std::string> names) {
    std::vector<std::filesystem::path> overlays;
    for (const auto& name : names) overlays.push_back(platforms / "overlays" / (name + ".json"));
    return load_machine(platforms / "fugakunext.json", {.overlays = overlays}).facility;
  };
  const std::vector<std::string> kinds = {"cooling-air", "cooling-cold-plate", "cooling-immersion"};
  for (const auto& first : kinds) {
    for (const auto& second : kinds) CHECK(with({first, second}) == with({second}));
  }
  CHECK(with({"cooling-air"}).cooling->liquid_share == 0.0);
  CHECK(with({"cooling-cold-plate"}).cooling->liquid_share == 0.95);
  CHECK(with({"cooling-immersion"}).cooling->liquid_share == 1.0);
  CHECK(with({"cooling-air", "kobe-august-day"}).cooling->outside.size() == 24);
  CHECK(in_celsius(with({"cooling-air"}).cooling->outside.at(0)) == Approx(24.4));
}

TEST_CASE("every node and device of the library fits into a machine", "[platform][library]") {
  for (const auto& file : files_in(platforms / "nodes")) {
    INFO(file);
    auto description = test::small_machine();
    description["node"] = file.string();
    CHECK(test::message_of(description) == "nothing wrong");
  }
  for (const auto& file : files_in(platforms / "devices")) {
    INFO(file);
    auto description = test::small_machine();
    description["node"]["cpus"]["device"] = file.string();
    const std::string message = test::message_of(description);
    // A GPU is well described when the place is all that is wrong with it.
    CHECK(
        (message == "nothing wrong" || message.find("but this is the place of the node's cpus") != std::string::npos));
    CHECK(message.find('\n') == std::string::npos);
  }
}

TEST_CASE("the page on the library names every device and system and overlay of it", "[platform][library]") {
  const std::string page = text_of(std::filesystem::path(ZETTASIM_SOURCE_DIR) / "docs/library.md");
  for (const char* folder : {".", "devices", "overlays"}) {
    for (const auto& file : files_in(platforms / folder)) {
      const std::string name = file.stem().string();
      if (name.starts_with("teaching")) continue;  // made up, no machine
      INFO(file);
      CHECK(page.find("| `" + name + "` |") != std::string::npos);
    }
  }
}

// Nodes x devices of a node, as their owners publish them.
TEST_CASE("the machines of the library have the nodes and devices of their owners", "[platform][library]") {
  const auto [name, nodes, gpus] =
      GENERATE(table<std::string, std::int64_t, std::int64_t>({{"jupiter", 5884, 23536},
                                                               {"jedi", 24, 96},
                                                               {"lumi-g", 2978, 11912},
                                                               {"leonardo", 3456, 13824},
                                                               {"isambard-ai", 1320, 5280},
                                                               {"isambard-ai-1", 42, 168},
                                                               {"summit", 4608, 27648},
                                                               {"aurora", 10624, 63744},
                                                               {"selene-like", 384, 3072},
                                                               {"eos-like", 576, 4608},
                                                               {"ai-gigafactory", 25000, 100000},
                                                               {"cloudmatrix-384", 48, 384},
                                                               {"monaka-cloud", 1024, 0},
                                                               {"edinburgh", 2400, 9600}}));
  INFO(name);
  const Machine machine = load_machine(platforms / (name + ".json"));
  CHECK(machine.node_count == nodes);
  CHECK(machine.gpu_count() == gpus);
}

// By the rule of docs/library.md: P = idle + peak x efficiency x (energy + 4 n^2 e / 2 n^3 x 0.41 energy of the memory), n =
// 8192 and e bytes a number. FugakuNEXT's parts follow a rule of their own, at their peak; there the rule gives less
// than the limit.
TEST_CASE("no device of the library draws more than its limit in a large matrix product", "[platform][library]") {
  for (const auto& file : files_in(platforms / "devices")) {
    // Hopper under a cap, which slows it: its products draw up to 691 W where they may.
    if (file.filename().string().starts_with("gh200")) continue;
    INFO(file);
    auto description = test::small_machine();
    const auto kind = nlohmann::json::parse(text_of(file)).value("kind", "gpu");  // what extends another is a GPU
    auto& node_text = description["node"];
    if (kind == "cpu") {
      node_text["cpus"]["device"] = file.string();
    } else {
      node_text["gpus"] = {{"count", 1}, {"device", file.string()}};
      node_text["cpu_gpu"] = {{"kind", "wire"}, {"bandwidth", "1 GB/s"}, {"latency", "1 us"}, {"energy", "1 pJ/bit"}};
    }
    const Node node = test::parse(description).node;
    const Device& device = kind == "cpu" ? node.cpus.device : node.gpus->device;
    for (const auto& [precision_name, precision] : precision_names()) {
      if (!device.rates[precision]) continue;
      INFO(precision_name);
      const ComputeRate& rate = *device.rates[precision];
      const double bytes = precision_name.starts_with("fp64") ? 8
                           : precision_name.ends_with("32")   ? 4
                           : precision_name.ends_with("16")   ? 2
                                                              : 1;
      const double flops_per_second = in_flops_per_second(rate.peak) * rate.efficiency;
      const auto traffic = bytes_per_second(flops_per_second * 2 * bytes / 8192);
      const double memory_w = 0.41 * in_watts(traffic * device.memory.energy);
      const double watts = in_watts(device.idle) + in_watts(rate.peak * rate.energy) * rate.efficiency + memory_w;
      const Power most = device.clocks ? std::max(device.limit, device.clocks->rated_limit) : device.limit;
      CHECK(watts <= in_watts(most) * 1.005);  // energies are written with three digits
    }
  }
}

// 10 x 8 x 4 x 2 x 3 x 2 = 3,840 nodes; x 4 = 15,360 GPUs; x 200 TFLOP/s = 3.072 EFLOP/s; x 40 PFLOP/s = 614.4 EFLOP/s.
TEST_CASE("FugakuNEXT has 15360 GPUs that give 3 exaflops in fp64 and 614 in sparse fp8", "[platform][library]") {
  const Machine machine = load_machine(platforms / "fugakunext.json");
  CHECK(machine.node_count == 3840);
  CHECK(machine.gpu_count() == 15360);
  CHECK(in_flops_per_second(machine.peak(Precision::fp64_matrix)) == Approx(3.072e18).epsilon(1e-9));
  // CPUs have no sparse fp8.
  CHECK(in_flops_per_second(machine.peak(Precision::fp8_sparse)) == Approx(614.4e18).epsilon(1e-9));
  CHECK(in_megawatts(machine.facility.budget) == Approx(40.0).epsilon(1e-12));
}

// 15,360 x 53.3 TB/s = 819 PB/s, and 699 GiB x 15,360 = 10.24 PiB: the announced 800 PB/s and 10 PiB for 15,000 GPUs.
TEST_CASE("FugakuNEXT has the announced memory per GPU", "[platform][library]") {
  const Machine machine = load_machine(platforms / "fugakunext.json");
  const double gpus = static_cast<double>(machine.gpu_count());
  CHECK(gpus * in_bytes_per_second(machine.node.gpus->device.memory.bandwidth) / 1e15 == Approx(819.0).epsilon(0.001));
  CHECK(gpus * in_bytes(machine.node.gpus->device.memory.capacity) / 0x1p50 == Approx(10.24).epsilon(0.001));
}

// idle 200 W + 20 PFLOP/s x 0.08 pJ = 1,600 W + 53.3 TB/s x 8 x 3 pJ = 1,279 W: 3,079 W for a limit of 1,800 W.
TEST_CASE("a FugakuNEXT GPU cannot run its fp8 peak and its memory peak together", "[platform][library]") {
  const Device gpu = load_machine(platforms / "fugakunext.json").node.gpus->device;
  const ComputeRate& fp8 = *gpu.rates[Precision::fp8];
  const double compute_w = in_watts(fp8.peak * fp8.energy);
  const double memory_w = in_watts(gpu.memory.bandwidth * gpu.memory.energy);
  CHECK(memory_w == Approx(1279.2).epsilon(1e-6));
  CHECK(in_watts(gpu.idle) + compute_w <= in_watts(gpu.limit) * (1 + 1e-9));
  CHECK(in_watts(gpu.idle) + compute_w + memory_w > 1.5 * in_watts(gpu.limit));
}

// 24 x 23 x 24 x 2 x 3 x 2 = 158,976 nodes x 3.379 TFLOP/s = 537.2 PFLOP/s, the Rpeak of the TOP500 list.
TEST_CASE("Fugaku has the nodes and the peak of the TOP500 list", "[platform][library]") {
  const Machine machine = load_machine(platforms / "fugaku.json");
  CHECK(machine.node_count == 158976);
  CHECK_FALSE(machine.node.gpus.has_value());
  CHECK(in_flops_per_second(machine.peak(Precision::fp64)) == Approx(537.2e15).epsilon(0.001));
  CHECK(in_bytes_per_second(machine.node.nics.bandwidth) * 6 == Approx(38.1e9).epsilon(1e-9));
  CHECK(in_seconds(machine.network.message_latency + machine.network.link_latency) == Approx(0.49e-6).epsilon(1e-9));
}

// 74 x 128 = 9,472 nodes. Idle 90 + 4 x 88 + 4 x 20 + 104.26 = 626.26 W, peak 280 + 4 x 560 + 4 x 20 + 104.26 =
// 2,704.26 W.
TEST_CASE("a Frontier node idles at 626 W and peaks at 2704 W before its supplies", "[platform][library]") {
  const Machine machine = load_machine(platforms / "frontier.json");
  CHECK(machine.node_count == 74 * 128);
  CHECK(node_idle_w(machine.node) == Approx(626.26).epsilon(1e-9));
  CHECK(node_limit_w(machine.node) == Approx(2704.26).epsilon(1e-9));
}

// Peak: ((2704.26 + 13) / 0.98 + 17) / 0.96 = 2906 W a node, x 9,472 = 27.5 MW, + 74 x 32 switches of 250 W = 28.1 MW;
// the digital twin of its owners says 28.2 MW, cooling distribution units of 0.2 MW included.
TEST_CASE("Frontier at its limits takes about the 28 MW of its digital twin", "[platform][library]") {
  const Machine machine = load_machine(platforms / "frontier.json");
  const auto& dragonfly = std::get<Dragonfly>(machine.network.topology);
  const double switches_w =
      static_cast<double>(dragonfly.groups * dragonfly.switches_per_group) * in_watts(machine.network.switch_power);
  const double nodes_w = 9472.0 * through_supplies_w(machine.node, node_limit_w(machine.node));
  CHECK((nodes_w + switches_w) / 1e6 == Approx(28.2).epsilon(0.01));
}

// (2 x 300 W + 100 W of storage) x 1.25 = 875 W, as its description promises.
TEST_CASE("two nodes idle at the 875 W of their description", "[platform][library]") {
  const Machine machine = load_machine(platforms / "two-nodes.json");
  const double it_w = 2 * node_idle_w(machine.node) + in_watts(machine.storage.at(0).idle);
  CHECK(it_w * machine.facility.pue == Approx(875.0).epsilon(1e-12));
}

// 1.3 x 53.3 TB/s = 69.29 TB/s; 1.3 x 699 GiB = 908.7 GiB.
TEST_CASE("the overlay of 30 percent more HBM scales what FugakuNEXT has", "[platform][library]") {
  const Memory before = load_machine(platforms / "fugakunext.json").node.gpus->device.memory;
  const Memory after =
      load_machine(platforms / "fugakunext.json", {.overlays = {platforms / "overlays/hbm-plus-30-percent.json"}})
          .node.gpus->device.memory;
  CHECK(after.bandwidth / before.bandwidth == Approx(1.3).epsilon(1e-9));
  CHECK(after.capacity / before.capacity == Approx(1.3).epsilon(1e-9));
  CHECK(after.energy == before.energy);
}

// The document shows a piece of a device, then a system, a node, a device, one that extends it, and an overlay.
TEST_CASE("the examples of the format document fit together into a machine", "[platform][library]") {
  const auto examples = examples_in(std::filesystem::path(ZETTASIM_SOURCE_DIR) / "docs/formats-platform.md");
  REQUIRE(examples.size() == 6);
  const test::TemporaryFolder folder;
  auto cpu = nlohmann::json::parse(examples[3]);
  cpu["kind"] = "cpu";
  const auto system = folder.write("system.json", examples[1]);
  folder.write("nodes/plain.json", examples[2]);
  folder.write("devices/plain-gpu.json", examples[3]);
  folder.write("devices/plain-cpu.json", cpu);
  const auto capped = folder.write("devices/capped.json", examples[4]).string();
  const auto overlay = folder.write("overlay.json", examples[5]);

  const Machine machine =
      load_machine(system, {.overlays = {overlay}, .settings = {"/node/cpus/count=2", "/storage/0/read=20 GB/s"}});
  CHECK(in_bytes_per_second(machine.node.gpus->device.memory.bandwidth) == Approx(5e12));
  CHECK(machine.node.cpus.count == 2);
  const Machine at_500_w = load_machine(system, {.settings = {"/node/gpus/device=" + capped}});
  CHECK(in_watts(at_500_w.node.gpus->device.limit) == Approx(500.0));
  CHECK(at_500_w.node.gpus->device.kind == DeviceKind::gpu);
}
