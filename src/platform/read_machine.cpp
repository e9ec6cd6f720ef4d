// The only reader of machine descriptions: each field with its unit and origin first, then what must hold between
// fields. The format is described in docs/formats-platform.md.
#include "read_machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "zettasim/base/field.hpp"

namespace zettasim::platform {
namespace {

constexpr std::int64_t most_nodes = 4'000'000;
constexpr std::int64_t most_in_node = 1024;  // devices or interfaces: more is a typing error
constexpr std::int64_t most_in_domain = 1'000'000;
constexpr std::size_t most_dimensions = 16;
constexpr std::int64_t most_levels = 8;  // of a fat tree
constexpr std::int64_t most_ports = 100'000;
constexpr std::int64_t most_units = 100'000;  // of a device
constexpr std::int64_t most_tile = 65'536;    // rows or columns

// ---- first pass: fields ----

bool failed_to_load(const Field& part) { return part.is_string(); }

Memory read_memory(const Field& memory) {
  return {.kind = memory["kind"].text(),
          .capacity = memory["capacity"].positive<DataSize>(),
          .bandwidth = memory["bandwidth"].positive<Bandwidth>(),
          .efficiency = memory["efficiency"].positive_share(),
          .energy = memory["energy"].nonnegative<EnergyPerByte>()};
}

ComputeRate read_rate(const Field& rate) {
  return {.peak = rate["peak"].positive<FlopRate>(),
          .efficiency = rate["efficiency"].positive_share(),
          .energy = rate["energy"].nonnegative<EnergyPerFlop>()};
}

PerPrecision<std::optional<ComputeRate>> read_rates(const Field& rates) {
  PerPrecision<std::optional<ComputeRate>> result;
  if (!rates.is_object()) {
    (void)rates.members();  // says what was expected
    return result;
  }
  for (const auto& [name, precision] : precision_names()) {
    if (const auto rate = rates.optional(name)) result[precision] = read_rate(*rate);
  }
  return result;
}

std::vector<Cache> read_caches(const std::optional<Field>& caches) {
  std::vector<Cache> result;
  if (!caches) return result;
  for (const Field& cache : caches->items()) {
    result.push_back({.name = cache["name"].text(),
                      .capacity = cache["capacity"].positive<DataSize>(),
                      .bandwidth = cache["bandwidth"].positive<Bandwidth>(),
                      .energy = cache["energy"].nonnegative<EnergyPerByte>()});
  }
  return result;
}

MatrixTiling read_tiling(const Field& gemm) {
  return {.units = gemm["units"].positive_count(most_units),
          .tile_rows = gemm["tile_rows"].positive_count(most_tile),
          .tile_columns = gemm["tile_columns"].positive_count(most_tile),
          .ramp = gemm["ramp"].nonnegative<Duration>()};
}

Device read_device(const Field& device) {
  if (failed_to_load(device)) return {};
  if (device.is_object() && device.optional("format")) check_format(device, "zettasim-device", 1);
  Device result{.name = device["name"].text(),
                .kind = device["kind"].choice(device_kind_names()),
                .rates = read_rates(device["rates"]),
                .memory = read_memory(device["memory"]),
                .idle = device["idle"].nonnegative<Power>(),
                .limit = device["limit"].positive<Power>(),
                .launch_latency = device["launch_latency"].nonnegative<Duration>()};
  if (!device.is_object()) return result;
  if (const auto variation = device.optional("variation")) result.variation = variation->number(0.0, 0.2);
  result.caches = read_caches(device.optional("caches"));
  if (const auto gemm = device.optional("gemm")) result.gemm = read_tiling(*gemm);
  return result;
}

DeviceGroup read_group(const Field& group) {
  return {.count = group["count"].positive_count(most_in_node), .device = read_device(group["device"])};
}

NodeLink read_node_link(const Field& link) {
  return {.kind = link["kind"].text(),
          .bandwidth = link["bandwidth"].positive<Bandwidth>(),
          .latency = link["latency"].nonnegative<Duration>(),
          .energy = link["energy"].nonnegative<EnergyPerByte>()};
}

GpuCollectives read_gpu_collectives(const Field& block) {
  GpuCollectives result;
  for (const Field& protocol : block["protocols"].items()) {
    result.protocols.push_back({.name = protocol["name"].text(),
                                .launch = protocol["launch"].nonnegative<Duration>(),
                                .step = protocol["step"].nonnegative<Duration>(),
                                .bandwidth = protocol["bandwidth"].positive<Bandwidth>(),
                                .network_step = protocol["network_step"].nonnegative<Duration>(),
                                .network_share = protocol["network_share"].positive_share()});
  }
  if (!block.is_object()) return result;
  if (const auto in_switch = block.optional("in_switch")) {
    result.in_switch = {.latency = (*in_switch)["latency"].nonnegative<Duration>(),
                        .bandwidth = (*in_switch)["bandwidth"].positive<Bandwidth>()};
  }
  return result;
}

NetworkInterfaces read_nics(const Field& nics) {
  return {.count = nics["count"].positive_count(most_in_node),
          .bandwidth = nics["bandwidth"].positive<Bandwidth>(),
          .idle = nics["idle"].nonnegative<Power>(),
          .energy = nics["energy"].nonnegative<EnergyPerByte>()};
}

std::vector<Supply> read_supplies(const std::optional<Field>& supplies) {
  std::vector<Supply> result;
  if (!supplies) return result;
  for (const Field& supply : supplies->items()) {
    result.push_back({.name = supply["name"].text(),
                      .fixed_loss = supply["fixed_loss"].nonnegative<Power>(),
                      .efficiency = supply["efficiency"].positive_share()});
  }
  return result;
}

Node read_node(const Field& node) {
  if (failed_to_load(node)) return {};
  if (node.is_object() && node.optional("format")) check_format(node, "zettasim-node", 1);
  Node result;
  result.name = node["name"].text();
  result.cpus = read_group(node["cpus"]);
  if (!node.is_object()) return result;
  if (const auto gpus = node.optional("gpus")) result.gpus = read_group(*gpus);
  if (const auto link = node.optional("cpu_gpu")) result.cpu_gpu = read_node_link(*link);
  if (const auto link = node.optional("gpu_gpu")) {
    result.gpu_gpu = read_node_link(*link);
    const auto domain = link->is_object() ? link->optional("domain") : std::nullopt;
    if (domain) result.gpu_domain = domain->positive_count(most_in_domain);
  }
  result.nics = read_nics(node["nics"]);
  result.base_power = node["base_power"].nonnegative<Power>();
  result.supplies = read_supplies(node.optional("supplies"));
  if (const auto block = node.optional("gpu_collectives")) result.gpu_collectives = read_gpu_collectives(*block);
  return result;
}

Medium read_medium(const Field& medium) {
  static const Choices<Medium> names = {{"board", Medium::board},
                                        {"electrical", Medium::electrical},
                                        {"optical", Medium::optical},
                                        {"co-packaged", Medium::co_packaged}};
  return medium.choice(names);
}

LinkChanges read_changes(const std::optional<Field>& link) {
  LinkChanges result;
  if (!link) return result;
  if (!link->is_object()) {
    (void)link->members();  // says what was expected
    return result;
  }
  if (const auto field = link->optional("bandwidth")) result.bandwidth = field->positive<Bandwidth>();
  if (const auto field = link->optional("latency")) result.latency = field->nonnegative<Duration>();
  if (const auto field = link->optional("energy")) result.energy = field->nonnegative<EnergyPerByte>();
  if (const auto field = link->optional("length")) result.length = field->nonnegative<Length>();
  if (const auto field = link->optional("medium")) result.medium = read_medium(*field);
  return result;
}

// The cable of a node's interface: as fast as the interface, which counts its energy.
LinkChanges read_host(const std::optional<Field>& link) {
  LinkChanges result;
  if (!link) return result;
  if (!link->is_object()) {
    (void)link->members();
    return result;
  }
  if (const auto field = link->optional("latency")) result.latency = field->nonnegative<Duration>();
  if (const auto field = link->optional("length")) result.length = field->nonnegative<Length>();
  if (const auto field = link->optional("medium")) result.medium = read_medium(*field);
  return result;
}

DetourRouting read_routing(const Field& topology) {
  enum class Kind { minimal, valiant, adaptive };
  static const Choices<Kind> kinds = {
      {"minimal", Kind::minimal}, {"valiant", Kind::valiant}, {"adaptive", Kind::adaptive}};
  const auto routing = topology.optional("routing");
  if (!routing) return {};
  switch (routing->choice(kinds)) {
    case Kind::minimal:
      return {.valiant_share = 0.0};
    case Kind::valiant:
      return {.valiant_share = 1.0};
    case Kind::adaptive:
      if (const auto share = topology.optional("valiant_share")) return {.valiant_share = share->fraction()};
      return {.by_load = true};
  }
  return {};
}

Torus read_torus(const Field& topology) {
  Torus result;
  for (const Field& dimension : topology["dimensions"].items()) {
    result.dimensions.push_back(
        {.name = dimension["name"].text(),
         .size = dimension["size"].positive_count(most_nodes),
         .wraps = dimension["wraps"].boolean(),
         .link = dimension.is_object() ? read_changes(dimension.optional("link")) : LinkChanges{}});
  }
  result.routing = read_routing(topology);
  return result;
}

Dragonfly read_dragonfly(const Field& topology) {
  return {.groups = topology["groups"].positive_count(most_nodes),
          .switches_per_group = topology["switches_per_group"].positive_count(most_nodes),
          .nodes_per_group = topology["nodes_per_group"].positive_count(most_nodes),
          .links_per_group_pair = topology["links_per_group_pair"].positive_count(most_nodes),
          .links_per_switch_pair = topology["links_per_switch_pair"].positive_count(most_nodes),
          .routing = read_routing(topology),
          .host = read_host(topology.optional("host")),
          .local = read_changes(topology.optional("local")),
          .global = read_changes(topology.optional("global"))};
}

DragonflyPlus read_dragonfly_plus(const Field& topology) {
  return {.groups = topology["groups"].positive_count(most_nodes),
          .leaves_per_group = topology["leaves_per_group"].positive_count(most_nodes),
          .spines_per_group = topology["spines_per_group"].positive_count(most_nodes),
          .nodes_per_group = topology["nodes_per_group"].positive_count(most_nodes),
          .links_per_group_pair = topology["links_per_group_pair"].positive_count(most_nodes),
          .links_per_leaf_spine = topology["links_per_leaf_spine"].positive_count(most_nodes),
          .routing = read_routing(topology),
          .host = read_host(topology.optional("host")),
          .local = read_changes(topology.optional("local")),
          .global = read_changes(topology.optional("global"))};
}

// Levels of switches with `radix` ports, as many blocks to a block as ports down: the classic k-ary tree where nothing
// is tapered. A taper of t gives a switch t times as many ports down as up.
std::vector<FatTreeLevel> levels_of_radix(const Field& topology) {
  const std::int64_t radix = topology["radix"].positive_count(most_ports);
  const std::int64_t depth = topology["depth"].positive_count(most_levels);
  std::vector<double> tapers(static_cast<std::size_t>(depth - 1), 1.0);
  if (const auto field = topology.optional("tapers")) {
    const auto items = field->items();
    if (items.size() != tapers.size()) {
      field->problem(
          fmt::format("found {} tapers, expected {}: one for each level below the top", items.size(), tapers.size()));
    }
    for (std::size_t i = 0; i < std::min(items.size(), tapers.size()); ++i) tapers[i] = items[i].number(0.01, 100.0);
  }
  std::vector<FatTreeLevel> levels;
  for (std::size_t i = 0; i < tapers.size(); ++i) {
    const auto up = static_cast<std::int64_t>(static_cast<double>(radix) / (1.0 + tapers[i]) + 1e-9);
    levels.push_back({.down = radix - up, .up = up, .blocks = i == 0 ? 0 : radix - up});
    if (up < 1 || up >= radix) {
      topology["radix"].problem(fmt::format("a switch of {} ports with a taper of {} has {} ports up, expected 1 to {}",
                                            radix, tapers[i], up, radix - 1));
    }
  }
  levels.push_back({.down = radix});
  return levels;
}

std::vector<FatTreeLevel> read_levels(const Field& topology) {
  if (topology.optional("radix")) return levels_of_radix(topology);
  std::vector<FatTreeLevel> levels;
  const auto items = topology["levels"].items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    FatTreeLevel level{.down = items[i]["down"].positive_count(most_ports)};
    const bool top = i + 1 == items.size();
    if (!top) level.up = items[i]["up"].positive_count(most_ports);
    if (!top && items[i].is_object()) level.link = read_changes(items[i].optional("link"));
    if (!top && i > 0) {
      const auto blocks = items[i].is_object() ? items[i].optional("blocks") : std::nullopt;
      level.blocks = blocks ? blocks->positive_count(most_ports) : level.down;
    }
    levels.push_back(level);
  }
  return levels;
}

FatTree read_fat_tree(const Field& topology, std::int64_t interfaces) {
  FatTree result{.levels = read_levels(topology)};
  if (const auto rails = topology.optional("rails")) result.rails = rails->positive_count(most_in_node);
  result.host = read_host(topology.optional("host"));
  const std::int64_t ports_per_node = std::max<std::int64_t>(1, interfaces / result.rails);
  const auto group = topology.optional("nodes_per_group");
  if (group) {
    result.nodes_per_group = group->positive_count(most_ports);
  } else if (!result.levels.empty()) {
    result.nodes_per_group = std::max<std::int64_t>(1, result.levels.front().down / ports_per_node);
  }
  return result;
}

enum class TopologyKind { torus, dragonfly, dragonfly_plus, fat_tree, fully_connected };

Topology read_topology(const Field& topology, std::int64_t interfaces) {
  static const Choices<TopologyKind> kinds = {{"torus", TopologyKind::torus},
                                              {"dragonfly", TopologyKind::dragonfly},
                                              {"dragonfly-plus", TopologyKind::dragonfly_plus},
                                              {"fat-tree", TopologyKind::fat_tree},
                                              {"fully-connected", TopologyKind::fully_connected}};
  if (!topology.is_object()) {
    (void)topology.members();  // says what was expected
    return FullyConnected{};
  }
  switch (topology["kind"].choice(kinds)) {
    case TopologyKind::torus:
      return read_torus(topology);
    case TopologyKind::dragonfly:
      return read_dragonfly(topology);
    case TopologyKind::dragonfly_plus:
      return read_dragonfly_plus(topology);
    case TopologyKind::fat_tree:
      return read_fat_tree(topology, interfaces);
    case TopologyKind::fully_connected:
      return FullyConnected{};
  }
  return FullyConnected{};
}

std::optional<InNetworkReduction> read_in_network_reduction(const Field& network) {
  using Place = InNetworkReduction::Place;
  static const Choices<Place> places = {{"switches", Place::switches}, {"gates", Place::gates}};
  if (!network.is_object()) return std::nullopt;  // has been said
  const auto block = network.optional("in_network_reduction");
  if (!block) return std::nullopt;
  return InNetworkReduction{.place = (*block)["place"].choice(places),
                            .largest = (*block)["largest"].positive<DataSize>(),
                            .latency = (*block)["latency"].nonnegative<Duration>()};
}

Network read_network(const Field& network, std::int64_t interfaces) {
  const Field link = network["link"];
  const auto length = link.is_object() ? link.optional("length") : std::nullopt;
  const auto medium = link.is_object() ? link.optional("medium") : std::nullopt;
  const auto gap = network.is_object() ? network.optional("message_gap") : std::nullopt;
  return {.name = network["name"].text(),
          .topology = read_topology(network["topology"], interfaces),
          .link_bandwidth = link["bandwidth"].positive<Bandwidth>(),
          .link_efficiency = link["efficiency"].positive_share(),
          .link_latency = link["latency"].nonnegative<Duration>(),
          .link_energy = link["energy"].nonnegative<EnergyPerByte>(),
          .message_latency = network["message_latency"].nonnegative<Duration>(),
          .switch_power = network["switch_power"].nonnegative<Power>(),
          .link_length = length ? length->nonnegative<Length>() : Length{},
          .link_medium = medium ? read_medium(*medium) : Medium::unstated,
          .in_network_reduction = read_in_network_reduction(network),
          .message_gap = gap ? std::optional(gap->nonnegative<Duration>()) : std::nullopt};
}

std::vector<StorageTier> read_storage(const std::optional<Field>& storage) {
  static const Choices<StorageScope> scopes = {{"node", StorageScope::node}, {"shared", StorageScope::shared}};
  std::vector<StorageTier> result;
  if (!storage) return result;
  for (const Field& tier : storage->items()) {
    result.push_back({.name = tier["name"].text(),
                      .scope = tier["scope"].choice(scopes),
                      .capacity = tier["capacity"].positive<DataSize>(),
                      .read = tier["read"].positive<Bandwidth>(),
                      .write = tier["write"].positive<Bandwidth>(),
                      .latency = tier["latency"].nonnegative<Duration>(),
                      .idle = tier["idle"].nonnegative<Power>(),
                      .energy = tier["energy"].nonnegative<EnergyPerByte>()});
  }
  return result;
}

// A power alone; or an object with a limit and more. A power with its origin takes the other members beside it, where
// --set puts them, and a limit beside it takes its place.
void read_budget(const Field& budget, Facility& facility) {
  static const Choices<BudgetPolicy> policies = {{"report", BudgetPolicy::report},
                                                 {"uniform", BudgetPolicy::uniform},
                                                 {"proportional", BudgetPolicy::proportional},
                                                 {"job-fair", BudgetPolicy::job_fair},
                                                 {"wait", BudgetPolicy::wait}};
  if (!budget.is_object()) facility.budget = budget.positive<Power>();
  if (!budget.has_members()) return;
  if (const auto limit = budget.optional("limit"); limit || budget.is_object()) {
    facility.budget = budget["limit"].positive<Power>();
  }
  if (const auto policy = budget.optional("policy")) facility.budget_policy = policy->choice(policies);
  if (const auto signal = budget.optional("signal")) {
    for (const Field& step : signal->items()) {
      facility.budget_signal.push_back(
          {.from = step["from"].positive<Duration>(), .limit = step["limit"].positive<Power>()});
    }
  }
}

constexpr double most_per_kwh = 1e6;  // grams, or units of money: more is a typing error

HourlyValues read_hourly(const std::optional<Field>& field) {
  HourlyValues result;
  if (!field) return result;
  if (!field->is_array()) {
    result.values = {field->number(0.0, most_per_kwh)};
    return result;
  }
  result.values.clear();
  for (const Field& hour : field->items()) result.values.push_back(hour.number(0.0, most_per_kwh));
  if (result.values.empty()) {
    field->problem("found no hours, expected one value or one for each hour");
    result.values = {0.0};
  }
  return result;
}

std::optional<Grid> read_grid(const Field& facility) {
  if (!facility.is_object()) return std::nullopt;  // has been said
  const auto grid = facility.optional("grid");
  if (!grid) return std::nullopt;
  if (!grid->is_object()) {
    grid->problem("found " + grid->found() + ", expected an object with carbon_g_per_kwh, price_per_kwh or both");
    return std::nullopt;
  }
  Grid result{.carbon = read_hourly(grid->optional("carbon_g_per_kwh")),
              .price = read_hourly(grid->optional("price_per_kwh")),
              .currency = {}};
  if (const auto currency = grid->optional("currency")) result.currency = currency->text();
  return result;
}

Facility read_facility(const Field& facility) {
  Facility result{.budget = {},
                  .pue = facility["pue"].number(0.0, 1000.0),
                  .distribution_efficiency = facility["distribution_efficiency"].positive_share()};
  read_budget(facility["budget"], result);
  result.grid = read_grid(facility);
  if (facility.is_object()) {
    if (const auto reused = facility.optional("heat_reused")) result.heat_reused = reused->fraction();
  }
  return result;
}

Machine read_fields(const Field& root) {
  check_format(root, "zettasim-platform", 1);
  Machine result;
  result.name = root["name"].text();
  if (const auto description = root.optional("description")) result.description = description->text();
  result.node_count = root["nodes"].positive_count(most_nodes);
  result.node = read_node(root["node"]);
  result.network = read_network(root["network"], result.node.nics.count);
  result.storage = read_storage(root.optional("storage"));
  result.facility = read_facility(root["facility"]);
  return result;
}

// ---- second pass: what must hold between fields ----

std::string in_watts_text(Power power) { return fmt::format("{} W", in_watts(power)); }

void check_device(const Field& device, const Device& read, DeviceKind slot) {
  if (read.kind != slot) {
    device["kind"].problem(fmt::format("\"{}\" is a {}, but this is the place of the node's {}s", read.name,
                                       name_of(read.kind), name_of(slot)));
  }
  if (!read.rates[Precision::fp64] && !read.rates[Precision::fp32]) {
    device["rates"].problem(
        "has neither fp64 nor fp32; a device needs one of them, for work that nothing narrower may do");
  }
  if (read.limit <= read.idle) {
    device["limit"].problem(
        fmt::format("found {}, expected more than the idle power, {}: the difference is what it computes with",
                    in_watts_text(read.limit), in_watts_text(read.idle)));
  }
}

void check_node(const Field& field, const Node& node) {
  check_device(field["cpus"]["device"], node.cpus.device, DeviceKind::cpu);
  if (node.gpu_collectives && node.gpu_collectives->protocols.empty()) {
    field["gpu_collectives"]["protocols"].problem("found none, expected at least one protocol");
  }
  if (!node.gpus) return;
  check_device(field["gpus"]["device"], node.gpus->device, DeviceKind::gpu);
  if (!node.cpu_gpu) field.problem("has GPUs but no \"cpu_gpu\", the connection between a CPU and a GPU");
  if (node.gpus->count > 1 && !node.gpu_gpu) {
    field.problem(fmt::format("has {} GPUs but no \"gpu_gpu\", the connection between two of them", node.gpus->count));
  }
  if (node.gpu_domain % node.gpus->count != 0) {
    field["gpu_gpu"]["domain"].problem(
        fmt::format("found {}, expected a multiple of the {} GPUs of a node: a scale-up domain is made of whole nodes",
                    node.gpu_domain, node.gpus->count));
  }
}

// The places of a torus; most_count + 1 when there are more than that.
std::int64_t places_of(const Torus& torus) {
  std::int64_t places = 1;
  for (const TorusDimension& dimension : torus.dimensions) {
    if (places > most_count / dimension.size) return most_count + 1;
    places *= dimension.size;
  }
  return places;
}

void check_torus_size(const Field& root, const Torus& torus, std::int64_t nodes) {
  const std::int64_t places = places_of(torus);
  if (places == nodes) return;
  std::string product;
  for (const TorusDimension& dimension : torus.dimensions) {
    product += fmt::format("{}{}", product.empty() ? "" : " x ", dimension.size);
  }
  const bool can_be_written = places <= most_nodes;
  root["nodes"].problem(fmt::format("found {}, but the torus has {} = {} places{}", nodes, product,
                                    places > most_count ? "more than a million million" : std::to_string(places),
                                    can_be_written
                                        ? fmt::format("; write \"nodes\": {}, or change the sizes of {}", places,
                                                      root["network"]["topology"]["dimensions"].place())
                                        : "; make its sizes smaller"));
}

void check_torus(const Field& root, const Torus& torus, std::int64_t nodes) {
  const Field dimensions = root["network"]["topology"]["dimensions"];
  if (torus.dimensions.empty() || torus.dimensions.size() > most_dimensions) {
    dimensions.problem(fmt::format("found {} dimensions, expected 1 to {}", torus.dimensions.size(), most_dimensions));
    return;
  }
  std::set<std::string> names;
  const auto fields = dimensions.items();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const TorusDimension& dimension = torus.dimensions[i];
    if (!names.insert(dimension.name).second) {
      fields[i]["name"].problem(fmt::format("another dimension is called \"{}\" too", dimension.name));
    }
    if (dimension.wraps && dimension.size < 3) {
      fields[i]["wraps"].problem(
          fmt::format("a dimension of size {} cannot wrap: {}; write \"wraps\": false", dimension.size,
                      dimension.size == 2 ? "its two nodes are neighbours already" : "it has one node"));
    }
  }
  check_torus_size(root, torus, nodes);
}

// Trees of switches that reduce are the direct routes to their root, which fixed detours would spread over all nodes.
void check_detours(const Field& root, const Network& network, const Torus& torus) {
  const auto& reduction = network.in_network_reduction;
  if (torus.routing.valiant_share == 0.0 || !reduction) return;
  if (reduction->place != InNetworkReduction::Place::switches) return;
  root["network"]["topology"]["routing"].problem(
      "found detours, but the switches that reduce (\"in_network_reduction\") are linked by direct routes; write "
      "\"minimal\" or \"adaptive\"");
}

template <class GroupsOfSwitches>
void check_groups(const Field& root, const GroupsOfSwitches& dragonfly, std::int64_t nodes) {
  const std::int64_t places = dragonfly.groups * dragonfly.nodes_per_group;
  if (places >= nodes) return;
  root["nodes"].problem(fmt::format("found {}, but the dragonfly has {} groups x {} nodes = {} places", nodes,
                                    dragonfly.groups, dragonfly.nodes_per_group, places));
}

// Each switch of a level is linked with each block below it: only then can traffic be spread evenly over all ways up.
void check_fat_tree(const Field& root, const FatTree& tree, const Machine& machine) {
  const Field topology = root["network"]["topology"];
  const std::int64_t interfaces = machine.node.nics.count;
  if (tree.levels.empty() || tree.levels.size() > static_cast<std::size_t>(most_levels)) {
    topology["levels"].problem(fmt::format("found {} levels, expected 1 to {}", tree.levels.size(), most_levels));
    return;
  }
  if (interfaces % tree.rails != 0) {
    topology["rails"].problem(
        fmt::format("found {}, expected a divisor of the {} interfaces of a node", tree.rails, interfaces));
    return;
  }
  const std::int64_t ports = tree.nodes_per_group * (interfaces / tree.rails);
  if (ports > tree.levels.front().down) {
    topology.problem(fmt::format("{} nodes on a leaf need {} ports down, but a leaf has {}", tree.nodes_per_group,
                                 ports, tree.levels.front().down));
  }
  std::int64_t block_nodes = tree.nodes_per_group;
  for (std::size_t i = 1; i < tree.levels.size(); ++i) {
    const bool top = i + 1 == tree.levels.size();
    const std::int64_t below = (machine.node_count + block_nodes - 1) / block_nodes;
    const std::int64_t blocks = top ? below : tree.levels[i].blocks;
    if (blocks > tree.levels[i].down) {
      topology.problem(fmt::format(
          "a switch of level {} has {} ports down, but {} blocks of the level below to join, each needs one; {}", i + 1,
          tree.levels[i].down, blocks, top ? "add a level, or ports" : "make \"blocks\" smaller, or add ports"));
    }
    block_nodes = std::min<std::int64_t>(most_count, block_nodes * std::max<std::int64_t>(1, blocks));
  }
}

void check_storage(const Field& root, const std::vector<StorageTier>& storage) {
  if (storage.empty()) return;
  std::set<std::string> names;
  const auto fields = root["storage"].items();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (names.insert(storage[i].name).second) continue;
    fields[i]["name"].problem(
        fmt::format("another storage tier is called \"{}\" too; jobs choose by name", storage[i].name));
  }
}

void check_budget_signal(const Field& root, const std::vector<PowerLimit>& signal) {
  for (std::size_t i = 1; i < signal.size(); ++i) {
    if (signal[i].from > signal[i - 1].from) continue;
    root["facility"]["budget"]["signal"].items()[i]["from"].problem(
        fmt::format("found {} s, expected more than the {} s of the limit before it: limits stand in the order of time",
                    signal[i].from.si(), signal[i - 1].from.si()));
  }
}

void check_between_fields(const Field& root, const Machine& machine) {
  check_budget_signal(root, machine.facility.budget_signal);
  check_node(root["node"], machine.node);
  if (const auto* torus = std::get_if<Torus>(&machine.network.topology)) {
    check_torus(root, *torus, machine.node_count);
    check_detours(root, machine.network, *torus);
  }
  if (const auto* dragonfly = std::get_if<Dragonfly>(&machine.network.topology)) {
    check_groups(root, *dragonfly, machine.node_count);
  }
  if (const auto* dragonfly = std::get_if<DragonflyPlus>(&machine.network.topology)) {
    check_groups(root, *dragonfly, machine.node_count);
  }
  if (const auto* tree = std::get_if<FatTree>(&machine.network.topology)) check_fat_tree(root, *tree, machine);
  check_storage(root, machine.storage);
  if (machine.facility.pue < 1.0) {
    root["facility"]["pue"].problem(
        fmt::format("found {}, expected 1 or more: it is facility power over IT power, and the "
                    "facility powers the IT too",
                    machine.facility.pue));
  }
}

}  // namespace

Machine read_machine(Document& document) {
  const Field root = document.root(Origins::required);
  Machine machine = read_fields(root);
  if (!document.has_problems()) check_between_fields(root, machine);
  document.finish();
  return machine;
}

}  // namespace zettasim::platform
