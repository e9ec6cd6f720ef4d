// How a description comes together: parts, extends, overlays, settings, origins; and what the resolved text is good
// for.
#include "zettasim/platform/load.hpp"

#include "descriptions.hpp"
#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using namespace zettasim::platform;
using nlohmann::json;
using test::message_of;
using test::small_machine;

namespace {

const json assumed = {{"status", "assumed"}, {"source", "a test"}};

json overlay(const json& patch) {
  return {{"format", "zettasim-overlay"}, {"version", 1}, {"name", "change"}, {"origin", assumed}, {"patch", patch}};
}

// The small machine with its node and device in files of their own: nodes/n.json names ../devices/d.json.
std::filesystem::path write_in_parts(const test::TemporaryFolder& folder) {
  json system = small_machine();
  json node = system["node"];
  json device = node["cpus"]["device"];
  device.update({{"format", "zettasim-device"}, {"version", 1}, {"origin", assumed}});
  node.update({{"format", "zettasim-node"}, {"version", 1}, {"origin", assumed}});
  node["cpus"]["device"] = "../devices/d.json";
  system["node"] = "nodes/n.json";
  folder.write("devices/d.json", device);
  folder.write("nodes/n.json", node);
  return folder.write("machine.json", system);
}

}  // namespace

TEST_CASE("every number of a description arrives in SI units", "[platform]") {
  const Machine machine = test::parse(small_machine());
  CHECK(machine.name == "small");
  CHECK(machine.node_count == 6);
  const Device& device = machine.node.cpus.device;
  CHECK(device.kind == DeviceKind::cpu);
  CHECK(device.rates[Precision::fp64]->peak == 3_TFLOP_per_s);
  CHECK(device.rates[Precision::fp64]->energy.si() == Approx(20e-12));
  CHECK(device.memory.capacity == 64_GiB);
  CHECK(device.memory.bandwidth == 100_GB_per_s);
  CHECK(device.memory.energy.si() == Approx(80e-12));
  CHECK(device.idle == 50_W);
  CHECK(device.limit == 200_W);
  CHECK(machine.node.nics.bandwidth == 25_GB_per_s);
  CHECK(machine.network.link_bandwidth == 10_GB_per_s);
  CHECK(machine.network.link_latency.si() == Approx(100e-9));
  CHECK(machine.storage.at(0).scope == StorageScope::shared);
  CHECK(machine.storage.at(0).write == 5_GB_per_s);
  CHECK(machine.facility.budget == 5_kW);
  CHECK(machine.facility.pue == 1.2);
  const auto& torus = std::get<Torus>(machine.network.topology);
  CHECK(torus.dimensions.at(0) == TorusDimension{.name = "x", .size = 6, .wraps = true});
}

TEST_CASE("parts in files of their own make the same machine as parts written in place", "[platform]") {
  const test::TemporaryFolder folder;
  Machine machine = load_machine(write_in_parts(folder));
  Machine in_place = test::parse(small_machine());
  machine.resolved = in_place.resolved = "";
  CHECK(machine == in_place);
}

TEST_CASE("the resolved text loads again into the same machine", "[platform]") {
  for (const auto* name : {"fugakunext.json", "fugaku.json", "frontier.json", "two-nodes.json"}) {
    const Machine machine = load_machine(test::platforms / name, {.settings = {"/facility/budget=31 MW"}});
    CHECK(parse_machine("resolved.json", machine.resolved) == machine);
  }
  const Machine changed =
      load_machine(test::platforms / "fugakunext.json", {.overlays = {test::platforms / "overlays/dragonfly.json"}});
  CHECK(parse_machine("resolved.json", changed.resolved) == changed);
}

TEST_CASE("a problem in a part names the file of the part", "[platform]") {
  const test::TemporaryFolder folder;
  const auto file = write_in_parts(folder);
  json device = json::parse(std::ifstream(folder.path() / "devices/d.json"));
  device["limit"] = "200 GB";
  folder.write("devices/d.json", device);
  CHECK(folder.strip(message_of([&] { load_machine(file); })) ==
        R"(devices/d.json#/limit: found "200 GB", expected a power such as "700 W" ("GB" is a size))");
}

TEST_CASE("a part does not borrow the origin of the file that names it", "[platform]") {
  const test::TemporaryFolder folder;
  const auto file = write_in_parts(folder);
  json device = json::parse(std::ifstream(folder.path() / "devices/d.json"));
  device.erase("origin");
  folder.write("devices/d.json", device);
  const std::string message = folder.strip(message_of([&] { load_machine(file); }));
  CHECK(message.starts_with(
      R"(devices/d.json#/rates/fp64/peak: "3 TFLOP/s" has no origin; write {"value": "3 TFLOP/s", )"));
}

TEST_CASE("a file that extends another keeps what it does not change", "[platform]") {
  const test::TemporaryFolder folder;
  write_in_parts(folder);
  const auto file = folder.write(
      "more/bigger.json",
      json{{"format", "zettasim-platform"},
           {"version", 1},
           {"extends", "../machine.json"},
           {"name", "bigger"},
           {"origin", assumed},
           {"nodes", 12},
           {"network", {{"topology", {{"dimensions", {{{"name", "x"}, {"size", 12}, {"wraps", true}}}}}}}}});
  const Machine machine = load_machine(file);
  CHECK(machine.name == "bigger");
  CHECK(machine.node_count == 12);
  CHECK(machine.node.cpus.device.name == "chip");
  CHECK(machine.network.link_bandwidth == 10_GB_per_s);
}

TEST_CASE("a device written in place may extend a device file", "[platform]") {
  const test::TemporaryFolder folder;
  write_in_parts(folder);
  json system = small_machine();
  system["node"]["cpus"]["device"] = {{"extends", "devices/d.json"}, {"limit", "150 W"}};
  const Machine machine = load_machine(folder.write("other.json", system));
  CHECK(machine.node.cpus.device.limit == 150_W);
  CHECK(machine.node.cpus.device.idle == 50_W);
}

TEST_CASE("an overlay changes one number deep in a device and says where the new one comes from", "[platform]") {
  const test::TemporaryFolder folder;
  const auto file = write_in_parts(folder);
  const auto change = folder.write("change.json", overlay({{"node", {{"cpus", {{"device", {{"limit", "180 W"}}}}}}}}));
  const Machine machine = load_machine(file, {.overlays = {change}});
  CHECK(machine.node.cpus.device.limit == 180_W);
  CHECK(machine.node.cpus.device.idle == 50_W);
  CHECK(json::parse(machine.resolved).at("/node/cpus/device/limit"_json_pointer) ==
        json{{"value", "180 W"}, {"status", "assumed"}, {"source", "a test"}});
}

TEST_CASE("a number of an overlay without origin is not covered by the origin of what it replaces", "[platform]") {
  const test::TemporaryFolder folder;
  const auto file = write_in_parts(folder);
  json bare = overlay({{"facility", {{"budget", "4 kW"}}}});
  bare.erase("origin");
  const auto change = folder.write("change.json", bare);
  const std::string message = folder.strip(message_of([&] { load_machine(file, {.overlays = {change}}); }));
  CHECK(message.starts_with(R"(change.json#/patch/facility/budget: "4 kW" has no origin; )"));
}

TEST_CASE("an origin inside a patch speaks of the patch only", "[platform]") {
  const test::TemporaryFolder folder;
  json system = small_machine();
  system["facility"]["origin"] = {{"status", "found"}, {"source", "the base"}};
  json change =
      overlay({{"facility", {{"origin", {{"status", "derived"}, {"source", "the patch"}}}, {"budget", "4 kW"}}}});
  const Machine machine =
      load_machine(folder.write("m.json", system), {.overlays = {folder.write("change.json", change)}});
  const json resolved = json::parse(machine.resolved)["facility"];
  CHECK(resolved["origin"]["source"] == "the base");
  CHECK(resolved["budget"]["source"] == "the patch");
  CHECK(resolved["pue"] == 1.2);
}

TEST_CASE("an overlay puts another device in place and finds its file beside itself", "[platform]") {
  const test::TemporaryFolder folder;
  const auto file = write_in_parts(folder);
  json device = json::parse(std::ifstream(folder.path() / "devices/d.json"));
  device["name"] = "other chip";
  folder.write("elsewhere/chip.json", device);
  const auto change = folder.write("elsewhere/change.json", overlay({{"node", {{"cpus", {{"device", "chip.json"}}}}}}));
  CHECK(load_machine(file, {.overlays = {change}}).node.cpus.device.name == "other chip");
}

TEST_CASE("a null in an overlay takes a member out", "[platform]") {
  const test::TemporaryFolder folder;
  const auto change = folder.write("change.json", overlay({{"storage", nullptr}}));
  CHECK(test::parse(small_machine(), {.overlays = {change}}).storage.empty());
}

TEST_CASE("nulls inside an object that an overlay brings anew leave nothing behind", "[platform]") {
  const test::TemporaryFolder folder;
  const json link = {
      {"kind", "PCIe"}, {"bandwidth", "50 GB/s"}, {"latency", "1 us"}, {"energy", "10 pJ/bit"}, {"old", nullptr}};
  const auto change = folder.write("change.json", overlay({{"node", {{"cpu_gpu", link}}}}));
  CHECK(test::parse(small_machine(), {.overlays = {change}}).node.cpu_gpu->bandwidth == 50_GB_per_s);
}

TEST_CASE("overlays apply in the order given and settings after them", "[platform]") {
  const test::TemporaryFolder folder;
  const auto first = folder.write("first.json", overlay({{"facility", {{"budget", "1 kW"}, {"pue", 1.5}}}}));
  const auto second = folder.write("second.json", overlay({{"facility", {{"budget", "2 kW"}}}}));
  const Machine both = test::parse(small_machine(), {.overlays = {first, second}});
  CHECK(both.facility.budget == 2_kW);
  CHECK(both.facility.pue == 1.5);
  CHECK(test::parse(small_machine(), {.overlays = {second, first}}).facility.budget == 1_kW);
  CHECK(test::parse(small_machine(), {.overlays = {first}, .settings = {"/facility/budget=3 kW"}}).facility.budget ==
        3_kW);
}

TEST_CASE("an unknown key of an overlay is reported where the overlay wrote it", "[platform]") {
  const test::TemporaryFolder folder;
  const auto change = folder.write("change.json", overlay({{"facility", {{"bugdet", "1 kW"}}}}));
  CHECK(folder.strip(message_of(small_machine(), {.overlays = {change}})) ==
        R"(change.json#/patch/facility: unknown key "bugdet"; did you mean "budget"?)");
}

TEST_CASE("an overlay is checked itself", "[platform]") {
  const test::TemporaryFolder folder;
  const auto message = [&](const json& value) {
    const auto change = folder.write("change.json", value);
    return folder.strip(message_of(small_machine(), {.overlays = {change}}));
  };
  json wrong = overlay(json::object());
  wrong["format"] = "zettasim-device";
  CHECK(message(wrong) == R"(change.json#/format: found "zettasim-device"; expected "format": "zettasim-overlay")");
  wrong = overlay(json::object());
  wrong["version"] = 2;
  CHECK(message(wrong) == "change.json#/version: found 2; this zettasim reads version 1");
  wrong = overlay(json::object());
  wrong["path"] = 1;
  CHECK(message(wrong) == R"(change.json#: unknown key "path"; did you mean "patch"?)");
  CHECK(message(overlay(json::array())) ==
        R"(change.json#/patch: found an array; expected an object, the changes: {"facility": {"budget": "30 MW"}})");
  wrong = overlay(json::object());
  wrong.erase("patch");
  CHECK(message(wrong) ==
        R"(change.json#/patch: missing; expected an object, the changes: {"facility": {"budget": "30 MW"}})");
  CHECK(
      message(overlay({{"extends", "x.json"}})).starts_with("change.json#/patch: a patch cannot extend another file"));
  wrong = overlay({{"facility", {{"budget", "4 kW"}}}});
  wrong["origin"] = "somewhere";
  CHECK(message(wrong).starts_with(R"(change.json#/patch/facility/budget: "4 kW" has no origin)"));
}

TEST_CASE("a setting changes one value and vouches for it", "[platform]") {
  const Machine machine =
      test::parse(small_machine(), {.settings = {"/node/cpus/count=2", "/storage/0/read=20 GB/s", "/name=mine"}});
  CHECK(machine.node.cpus.count == 2);
  CHECK(machine.storage.at(0).read == 20_GB_per_s);
  CHECK(machine.name == "mine");
  CHECK(json::parse(machine.resolved)["node"]["cpus"]["count"] ==
        json{{"value", 2}, {"status", "assumed"}, {"source", "--set on the command line"}});
}

TEST_CASE("a setting may bring a whole object or take a member out", "[platform]") {
  const Machine machine = test::parse(
      small_machine(),
      {.settings = {R"(/node/cpus/device/rates/fp32={"peak": "6 TFLOP/s", "efficiency": 1, "energy": "9 pJ/flop"})",
                    "/storage=null"}});
  CHECK(machine.node.cpus.device.rates[Precision::fp32]->peak == 6_TFLOP_per_s);
  CHECK(machine.storage.empty());
}

TEST_CASE("a setting of the value inside a number with origin replaces number and origin", "[platform]") {
  json description = small_machine();
  description["nodes"] = {{"value", 6}, {"status", "found"}, {"source", "a list"}};
  description["facility"]["budget"] = {{"value", "6 kW"}, {"status", "found"}, {"source", "a list"}};
  const Machine machine = test::parse(description, {.settings = {"/facility/budget/value=7 kW"}});
  CHECK(machine.facility.budget == 7_kW);
  CHECK(json::parse(machine.resolved)["facility"]["budget"]["status"] == "assumed");
}

TEST_CASE("a setting can name a part file and is reported as itself when wrong", "[platform]") {
  const auto node = (test::platforms / "nodes/teaching.json").string();
  CHECK(test::parse(small_machine(), {.settings = {"/node=" + node}}).node.name == "teaching node");
  CHECK(message_of(small_machine(), {.settings = {"/facility/budget=fast"}}) ==
        R"(--set /facility/budget: found "fast", expected a power such as "700 W" (it does not begin with a number))");
  CHECK(message_of(small_machine(), {.settings = {"/nodes=7"}}) ==
        "--set /nodes: found 7, but the torus has 6 = 6 places; write \"nodes\": 6, or change the sizes of "
        "machine.json#/network/topology/dimensions");
  CHECK(message_of(small_machine(), {.settings = {"/node/cpus/coutn=2"}}) ==
        R"(--set /node/cpus/coutn: unknown key "coutn"; did you mean "count"?)");
}

TEST_CASE("a setting that leads nowhere names what is there", "[platform]") {
  const auto message = [](const std::string& setting) { return message_of(small_machine(), {.settings = {setting}}); };
  CHECK(
      message("/node/cpu/count=2") ==
      R"(--set /node/cpu/count: there is no "/node/cpu"; "/node" has base_power, cpus, name, nics; did you mean "cpus"?)");
  CHECK(message("/storage/1/read=2 GB/s") ==
        R"(--set /storage/1/read: there is no "/storage/1"; "/storage" is an array with elements 0 to 0)");
  CHECK(message("/storage/1=2") ==
        R"(--set /storage/1: there is no "/storage/1"; "/storage" is an array with elements 0 to 0)");
  CHECK(message("/storage/00/read=2").find("there is no") != std::string::npos);
  CHECK(message("/storage/-/read=2").find("there is no") != std::string::npos);
  CHECK(message("/storage/99999999999999999999/read=2").find("there is no") != std::string::npos);
  CHECK(message("/nodes/x=2") == R"(--set /nodes/x: there is no "/nodes/x"; "/nodes" is a single value)");
  CHECK(message("/storge=null").find(R"(did you mean "storage"?)") != std::string::npos);
  CHECK(message("/storage/0=null") ==
        "--set /storage/0: an element of an array cannot be taken out; set the whole array");
}

TEST_CASE("a malformed setting is explained", "[platform]") {
  const auto message = [](const std::string& setting) { return message_of(small_machine(), {.settings = {setting}}); };
  CHECK(message("nodes") == R"(--set: found "nodes", expected POINTER=VALUE, such as /node/gpus/count=8)");
  CHECK(message("nodes=6").find("is not a JSON pointer") != std::string::npos);
  CHECK(message("=6").find("is not a JSON pointer") != std::string::npos);
  CHECK(message("/node~2x=6").find("is not a JSON pointer") != std::string::npos);
  CHECK(message("/node~=6").find("is not a JSON pointer") != std::string::npos);
  CHECK(message("/nodes=\xff") == "--set: holds bytes that are not UTF-8");
  CHECK(message(R"(/facility={"pue": 1, "pue": 2})") ==
        "--set /facility#/pue: the key stands here twice; keep one of them");
  CHECK(message("/nodes=1e999").find("found \"1e999\", expected a whole number") != std::string::npos);
  CHECK(message("/facility/pue=NaN").find("found \"NaN\", expected a number") != std::string::npos);
  CHECK(message("/nodes=" + std::string(100'000, '[')) != "nothing wrong");
  CHECK(message("/nodes=" + std::string(100'000, '[') + std::string(100'000, ']')).find("nested deeper") !=
        std::string::npos);
}

TEST_CASE("files that lead in a circle are refused with the whole chain", "[platform]") {
  const test::TemporaryFolder folder;
  const auto extends = [](const char* other) {
    return json{{"format", "zettasim-platform"}, {"version", 1}, {"extends", other}};
  };
  const auto a = folder.write("a.json", extends("b.json"));
  folder.write("b.json", extends("sub/../c.json"));
  folder.write("c.json", extends("./a.json"));
  folder.write("sub/none.json", json::object());
  CHECK(folder.strip(message_of([&] { load_machine(a); })) ==
        "c.json#/extends: the files lead in a circle: a.json -> b.json -> c.json -> a.json");
}

TEST_CASE("a chain of files that never ends is cut", "[platform]") {
  const test::TemporaryFolder folder;
  for (int i = 0; i < 40; ++i) {
    folder.write(std::to_string(i) + ".json",
                 json{{"format", "zettasim-platform"}, {"version", 1}, {"extends", std::to_string(i + 1) + ".json"}});
  }
  CHECK(folder.strip(message_of([&] { load_machine(folder.path() / "0.json"); }))
            .starts_with("15.json#/extends: more than 16 files lead to each other: 0.json -> 1.json -> "));
}

TEST_CASE("a part of the wrong kind is named", "[platform]") {
  const test::TemporaryFolder folder;
  const auto file = write_in_parts(folder);
  CHECK(folder.strip(message_of([&] { load_machine(folder.path() / "devices/d.json"); })) ==
        R"(devices/d.json#/format: found "zettasim-device"; expected "format": "zettasim-platform")");
  json system = small_machine();
  system["node"] = "devices/d.json";
  CHECK(folder.strip(message_of([&] { load_machine(folder.write("wrong.json", system)); })) ==
        R"(devices/d.json#/format: found "zettasim-device"; expected "format": "zettasim-node")");
}

TEST_CASE("a missing part does not hide what else is wrong", "[platform]") {
  const test::TemporaryFolder folder;
  write_in_parts(folder);
  json system = small_machine();
  system["node"] = "nodes/nn.json";
  system["facility"]["budget"] = "5 kilowatts";
  const std::string message = folder.strip(message_of([&] { load_machine(folder.write("m.json", system)); }));
  CHECK(message ==
        "m.json#/node: names \"nodes/nn.json\", but there is no file nodes/nn.json; did you mean \"n.json\"?\n"
        "m.json#/facility/budget: found \"5 kilowatts\", expected a power such as \"700 W\" (\"kilowatts\" is not a "
        "unit)");
}

TEST_CASE("GPUs need their connections", "[platform]") {
  json description = small_machine();
  json gpu = description["node"]["cpus"];
  gpu["device"]["kind"] = "gpu";
  gpu["count"] = 2;
  description["node"]["gpus"] = gpu;
  CHECK(message_of(description) ==
        "machine.json#/node: has GPUs but no \"cpu_gpu\", the connection between a CPU and a GPU\n"
        "machine.json#/node: has 2 GPUs but no \"gpu_gpu\", the connection between two of them");
  const json link = {{"kind", "PCIe"}, {"bandwidth", "50 GB/s"}, {"latency", "1 us"}, {"energy", "10 pJ/bit"}};
  description["node"]["cpu_gpu"] = link;
  description["node"]["gpus"]["count"] = 1;
  CHECK(message_of(description) == "nothing wrong");
}

TEST_CASE("a dragonfly may have places to spare but not too few", "[platform]") {
  json description = small_machine();
  description["network"]["topology"] = {{"kind", "dragonfly"},       {"groups", 2},
                                        {"switches_per_group", 2},   {"nodes_per_group", 4},
                                        {"links_per_group_pair", 1}, {"links_per_switch_pair", 1}};
  CHECK(message_of(description) == "nothing wrong");
  description["nodes"] = 9;
  CHECK(message_of(description) == "machine.json#/nodes: found 9, but the dragonfly has 2 groups x 4 nodes = 8 places");
}

// A meshed dimension of two is the smallest network; wrapping it would count its one link twice.
TEST_CASE("a dimension of two nodes may not wrap and one of three may", "[platform]") {
  json description = small_machine();
  auto& dimension = description["network"]["topology"]["dimensions"][0];
  dimension["size"] = 2;
  description["nodes"] = 2;
  CHECK(message_of(description) ==
        "machine.json#/network/topology/dimensions/0/wraps: a dimension of size 2 cannot wrap: its two nodes are "
        "neighbours already; write \"wraps\": false");
  dimension["wraps"] = false;
  CHECK(message_of(description) == "nothing wrong");
  dimension["size"] = description["nodes"] = 3;
  dimension["wraps"] = true;
  CHECK(message_of(description) == "nothing wrong");
}

TEST_CASE("torus sizes that overflow any integer are refused quietly", "[platform]") {
  json description = small_machine();
  auto& dimensions = description["network"]["topology"]["dimensions"];
  dimensions = json::array();
  for (int i = 0; i < 16; ++i)
    dimensions.push_back({{"name", "d" + std::to_string(i)}, {"size", 4000000}, {"wraps", true}});
  CHECK(message_of(description).find("= more than a million million places; make its sizes smaller") !=
        std::string::npos);
  dimensions.push_back({{"name", "e"}, {"size", 1}, {"wraps", false}});
  CHECK(message_of(description) == "machine.json#/network/topology/dimensions: found 17 dimensions, expected 1 to 16");
  dimensions = json::array();
  CHECK(message_of(description) == "machine.json#/network/topology/dimensions: found 0 dimensions, expected 1 to 16");
}
