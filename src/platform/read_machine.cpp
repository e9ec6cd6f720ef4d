// The only reader of machine descriptions: each field with its unit and origin first, then what must hold between
// fields. The format is described in docs/formats-platform.md.
#include "read_machine.hpp"

#include <fmt/format.h>

#include <set>

#include "read_cooling.hpp"
#include "read_network.hpp"
#include "zettasim/base/field.hpp"

namespace zettasim::platform {
namespace {

constexpr std::int64_t most_in_domain = 1'000'000;
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

ClockStates read_clocks(const Field& clocks) {
  ClockStates result{.rated_limit = clocks["rated_limit"].positive<Power>(), .states = {}};
  for (const Field& state : clocks["states"].items()) {
    result.states.push_back(
        {.clock = state["clock"].positive<Frequency>(), .voltage = state["voltage"].positive<Voltage>()});
  }
  return result;
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
  if (const auto block = device.optional("lu_block")) result.lu_block = block->positive_count(most_tile);
  result.caches = read_caches(device.optional("caches"));
  if (const auto gemm = device.optional("gemm")) result.gemm = read_tiling(*gemm);
  if (const auto clocks = device.optional("clocks")) result.clocks = read_clocks(*clocks);
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

std::optional<PowerRamp> read_ramp(const std::optional<Field>& field) {
  if (!field) return std::nullopt;
  if (!field->is_object()) {
    field->problem("found " + field->found() + ", expected an object with up, down or both: {\"up\": \"5 MW/min\"}");
    return std::nullopt;
  }
  PowerRamp result;
  if (const auto up = field->optional("up")) result.up = up->positive<PowerRate>();
  if (const auto down = field->optional("down")) result.down = down->positive<PowerRate>();
  if (const auto interval = field->optional("interval")) result.interval = interval->positive<Duration>();
  if (!result.up && !result.down) {
    field->problem("found neither up nor down, expected at least one rate such as \"5 MW/min\"; or leave the ramp out");
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
  facility.ramp = read_ramp(budget.optional("ramp"));
  if (const auto node = budget.optional("node")) facility.node_limit = node->positive<Power>();
  if (const auto rack = budget.optional("rack")) {
    facility.rack_limit = {.nodes = (*rack)["nodes"].positive_count(most_nodes),
                           .limit = (*rack)["limit"].positive<Power>()};
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

// Exactly one of a fixed PUE and a model of the cooling.
void read_heat_removal(const Field& facility, Facility& result) {
  if (!facility.is_object()) return;  // has been said
  const auto pue = facility.optional("pue"), cooling = facility.optional("cooling");
  if (pue) result.pue = pue->number(0.0, 1000.0);
  if (cooling) result.cooling = read_cooling(*cooling);
  if (pue && cooling) {
    cooling->problem(
        "stands beside \"pue\", whose place it takes; keep one of them (\"pue\": null in an overlay, or --set "
        "/facility/pue=null, takes the other out)");
  } else if (!pue && !cooling) {
    facility.problem(
        "has neither \"pue\" nor \"cooling\"; expected \"pue\", facility power over IT power, such as 1.1, or "
        "\"cooling\", an object, for a PUE that follows the outside temperature");
  }
}

Facility read_facility(const Field& facility) {
  Facility result{.budget = {}, .distribution_efficiency = facility["distribution_efficiency"].positive_share()};
  read_heat_removal(facility, result);
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

void check_clocks(const Field& clocks, const ClockStates& read, Power idle) {
  if (read.rated_limit <= idle) {
    clocks["rated_limit"].problem(fmt::format(
        "found {}, expected more than the idle power, {}: it is what the device may draw at its highest clock",
        in_watts_text(read.rated_limit), in_watts_text(idle)));
  }
  const Field states = clocks["states"];
  if (read.states.size() < 2) {
    states.problem(fmt::format("found {}, expected at least two: a device without a lower clock needs no \"clocks\"",
                               read.states.size()));
  }
  for (std::size_t i = 1; i < read.states.size(); ++i) {
    const ClockState &before = read.states[i - 1], &state = read.states[i];
    if (state.clock >= before.clock) {
      states.items()[i]["clock"].problem(fmt::format(
          "found {} MHz, expected less than the {} MHz of the state before it: the highest clock comes first",
          state.clock.si() / 1e6, before.clock.si() / 1e6));
    }
    if (state.voltage > before.voltage) {
      states.items()[i]["voltage"].problem(
          fmt::format("found {} V, expected no more than the {} V of the state before it: a lower clock needs no more",
                      state.voltage.si(), before.voltage.si()));
    }
  }
}

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
  if (read.clocks) check_clocks(device["clocks"], *read.clocks, read.idle);
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

// Every interval in which a ramp acts is an event of the run, so a swing from nothing to the limit has to be over after
// a number of them that no run notices.
void check_ramp(const Field& ramp, const Facility& facility) {
  constexpr double most_steps = 1000.0;
  constexpr Duration shortest = seconds(1e-3);  // what meters at a facility can tell
  if (facility.budget_policy == BudgetPolicy::report) {
    ramp.problem(
        "found a ramp with the policy \"report\", expected a policy that acts on jobs: add one beside it, such as "
        "\"policy\": \"proportional\"");
  }
  Power highest = facility.budget;
  for (const PowerLimit& step : facility.budget_signal) highest = std::max(highest, step.limit);
  Duration least = shortest;
  for (const auto& rate : {facility.ramp->up, facility.ramp->down}) {
    if (rate) least = std::max(least, highest / *rate / most_steps);
  }
  if (facility.ramp->interval >= least) return;
  ramp.problem(fmt::format(
      "found an interval of {} s, expected {:.3g} s or more: a swing up to the highest limit, {}, would take "
      "more than {:.0f} intervals; write a longer \"interval\", or a faster rate",
      facility.ramp->interval.si(), std::ceil(least.si() * 1000.0) / 1000.0, in_watts_text(highest), most_steps));
}

// What a node draws at rest cannot be held back.
void check_node_limits(const Field& root, const Machine& machine) {
  const Facility& facility = machine.facility;
  const Power rest = machine.node.inlet_at_rest();
  const auto problem = [](const Field& field, Power limit, Power at_rest, std::string_view who) {
    field.problem(
        fmt::format("found {}, expected more than {}, which {} at its inlet while nothing runs; raise the "
                    "limit, or leave it out",
                    in_watts_text(limit), in_watts_text(at_rest), who));
  };
  if (facility.node_limit && *facility.node_limit <= rest)
    problem(root["facility"]["budget"]["node"], *facility.node_limit, rest, "a node draws");
  if (!facility.rack_limit) return;
  const std::int64_t nodes = std::min(facility.rack_limit->nodes, machine.node_count);
  const Power of_rack = rest * static_cast<double>(nodes);
  if (facility.rack_limit->limit > of_rack) return;
  problem(root["facility"]["budget"]["rack"]["limit"], facility.rack_limit->limit, of_rack,
          fmt::format("a rack of {} nodes draws", nodes));
}

void check_between_fields(const Field& root, const Machine& machine) {
  check_node_limits(root, machine);
  check_budget_signal(root, machine.facility.budget_signal);
  if (machine.facility.ramp) check_ramp(root["facility"]["budget"]["ramp"], machine.facility);
  check_node(root["node"], machine.node);
  check_network(root, machine);
  check_storage(root, machine.storage);
  check_cooling(root["facility"], machine.facility);
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
