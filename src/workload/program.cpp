// Programs written out in JSON: phases in, phases out.
#include "zettasim/workload/program.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "zettasim/base/text.hpp"

namespace zettasim::workload {
namespace {

using nlohmann::ordered_json;

constexpr std::array phase_kinds = {"kernel", "matmul", "collective", "shift",   "neighbours",
                                    "io",     "busy",   "loop",       "overlap", "idle"};
constexpr double most_products = 1e12;  // of a matmul, and of its extents
constexpr double most_idle_times = 1e9;

const Choices<Direction>& direction_names() {
  static const Choices<Direction> names = {{"read", Direction::read}, {"write", Direction::write}};
  return names;
}

// A text that may be empty, which Field::text refuses.
std::string text_or_empty(const Field& field) { return field.found() == "\"\"" ? std::string() : field.text(); }

Kernel read_kernel(const Field& field) {
  Kernel kernel;
  if (const auto device = field.optional("device")) kernel.device = device->choice(device_kind_names());
  if (const auto all = field.optional("flops"); all && all->is_object()) {
    for (const Precision precision : all_precisions) {
      if (const auto count = all->optional(name_of(precision)))
        kernel.flops[precision] = count->nonnegative<FlopCount>();
    }
  } else if (all) {
    all->problem(fmt::format("found {}, expected flops by precision such as {{\"fp64\": \"2 TFLOP\"}}", all->found()));
  }
  if (const auto traffic = field.optional("memory_traffic")) kernel.memory_traffic = traffic->nonnegative<DataSize>();
  if (const auto launches = field.optional("launches")) kernel.launches = launches->number(0.0, most_products);
  if (const auto host = field.optional("host_traffic")) kernel.host_traffic = host->nonnegative<DataSize>();
  if (const auto set = field.optional("working_set")) kernel.working_set = set->nonnegative<DataSize>();
  return kernel;
}

MatrixMultiply read_matmul(const Field& field) {
  MatrixMultiply product;
  if (const auto device = field.optional("device")) product.device = device->choice(device_kind_names());
  product.precision = field["precision"].choice(precision_names());
  product.m = field["m"].number(1.0, most_products);
  product.n = field["n"].number(1.0, most_products);
  product.k = field["k"].number(1.0, most_products);
  if (const auto count = field.optional("count")) product.count = count->number(0.0, most_products);
  if (const auto result = field.optional("result")) product.result = result->choice(precision_names());
  if (const auto adds = field.optional("adds")) product.adds = adds->boolean();
  return product;
}

DeviceGroups read_groups(const Field& field) {
  DeviceGroups groups{.size = field["size"].positive_count()};
  if (const auto stride = field.optional("stride")) groups.stride = stride->positive_count();
  return groups;
}

Collective read_collective(const Field& field) {
  Collective collective;
  collective.operation = field["operation"].choice(collective_names());
  if (const auto size = field.optional("size")) {
    collective.size = size->nonnegative<DataSize>();
  } else if (field.is_object() && collective.operation != CollectiveOperation::barrier) {
    field.problem("has no \"size\"; only a barrier goes without one");
  }
  if (const auto groups = field.optional("groups")) collective.groups = read_groups(*groups);
  return collective;
}

StorageAccess read_storage(const Field& field) {
  StorageAccess access{.direction = field["direction"].choice(direction_names()),
                       .size = field["size"].nonnegative<DataSize>(),
                       .tier = {}};
  if (const auto tier = field.optional("tier")) access.tier = text_or_empty(*tier);
  return access;
}

std::vector<Phase> read_phases(const Field& field);

Loop read_loop(const Field& field) {
  Loop loop{.count = field["count"].positive_count(most_loop_count), .body = {}};
  const auto body = field["body"];
  loop.body = read_phases(body);
  if (body.is_array() && loop.body.empty()) body.problem("is empty; a loop repeats at least one phase");
  return loop;
}

Overlap read_overlap(const Field& field) {
  Overlap overlap;
  for (const Field& branch : field.items()) overlap.branches.push_back(read_phases(branch));
  if (field.is_array() && overlap.branches.size() < 2) field.problem("expected two or more lists of phases");
  return overlap;
}

Idle read_idle(const Field& field) {
  Idle idle{.times = field["times"].number(0.0, most_idle_times), .body = {}};
  idle.body = read_phases(field["of"]);
  return idle;
}

// Reads what the phase is; nullopt (and a problem) unless exactly one kind is given.
std::optional<Phase> read_phase(const Field& field) {
  Phase phase;
  std::vector<std::pair<std::string_view, Field>> given;
  if (!field.is_object()) {
    field.problem(fmt::format("found {}, expected a phase such as {{\"busy\": {{\"time\": \"1 h\"}}}}", field.found()));
    return std::nullopt;
  }
  if (const auto name = field.optional("name")) phase.name = text_or_empty(*name);
  for (const char* kind : phase_kinds) {
    if (const auto what = field.optional(kind)) given.emplace_back(kind, *what);
  }
  if (given.size() != 1) {
    field.problem(fmt::format(
        "holds {}; a phase is exactly one of {}",
        given.empty() ? std::string("none of them") : fmt::format("\"{}\" and \"{}\"", given[0].first, given[1].first),
        fmt::join(phase_kinds, ", ")));
    return std::nullopt;
  }
  const auto& [kind, what] = given.front();
  if (kind == "kernel") phase.what = read_kernel(what);
  if (kind == "matmul") phase.what = read_matmul(what);
  if (kind == "collective") phase.what = read_collective(what);
  if (kind == "shift") phase.what = Shift{what["distance"].positive_count(), what["size"].nonnegative<DataSize>()};
  if (kind == "neighbours") {
    phase.what =
        Neighbours{static_cast<int>(what["dimensions"].positive_count(8)), what["size"].nonnegative<DataSize>()};
  }
  if (kind == "io") phase.what = read_storage(what);
  if (kind == "busy") {
    const auto utilisation = what.optional("utilisation");
    phase.what = Busy{what["time"].nonnegative<Duration>(), utilisation ? utilisation->fraction() : 0.0};
  }
  if (kind == "loop") phase.what = read_loop(what);
  if (kind == "overlap") phase.what = read_overlap(what);
  if (kind == "idle") phase.what = read_idle(what);
  if (phase.name.empty()) phase.name = kind;
  return phase;
}

std::vector<Phase> read_phases(const Field& field) {
  std::vector<Phase> phases;
  for (const Field& item : field.items()) {
    if (auto phase = read_phase(item)) phases.push_back(std::move(*phase));
  }
  return phases;
}

// How many phases the list is when its loops are counted out.
double unrolled(const std::vector<Phase>& phases) {
  double count = 0.0;
  for (const Phase& phase : phases) {
    if (const auto* loop = std::get_if<Loop>(&phase.what)) {
      count += static_cast<double>(loop->count) * unrolled(loop->body);
    } else if (const auto* overlap = std::get_if<Overlap>(&phase.what)) {
      for (const auto& branch : overlap->branches) count += unrolled(branch);
    } else if (const auto* idle = std::get_if<Idle>(&phase.what)) {
      count += unrolled(idle->body);
    } else {
      count += 1.0;
    }
  }
  return count;
}

std::vector<Phase> read_part(const Field& field) {
  auto phases = read_phases(field);
  if (const double count = unrolled(phases); count > most_unrolled_phases) {
    field.problem(fmt::format("is {:.3g} phases with its loops counted out, expected at most {:.0f}", count,
                              most_unrolled_phases));
  }
  return phases;
}

ordered_json to_json(const std::vector<Phase>& phases);

ordered_json size_text(DataSize size) { return exact_text(size.si(), "B"); }

struct PhaseWriter {
  ordered_json operator()(const Kernel& kernel) const {
    ordered_json flops = ordered_json::object();
    for (const Precision precision : all_precisions) {
      const FlopCount count = kernel.flops[precision];
      if (count.si() != 0.0) flops[std::string(name_of(precision))] = exact_text(count.si(), "FLOP");
    }
    ordered_json members = {
        {"device", name_of(kernel.device)}, {"flops", flops}, {"memory_traffic", size_text(kernel.memory_traffic)}};
    if (kernel.launches != 1.0) members["launches"] = kernel.launches;
    if (kernel.host_traffic.si() != 0.0) members["host_traffic"] = size_text(kernel.host_traffic);
    if (kernel.working_set.si() != 0.0) members["working_set"] = size_text(kernel.working_set);
    return {{"kernel", members}};
  }
  ordered_json operator()(const MatrixMultiply& product) const {
    ordered_json members = {{"device", name_of(product.device)},
                            {"precision", name_of(product.precision)},
                            {"m", product.m},
                            {"n", product.n},
                            {"k", product.k},
                            {"count", product.count}};
    if (product.result) members["result"] = name_of(*product.result);
    if (product.adds) members["adds"] = true;
    return {{"matmul", members}};
  }
  ordered_json operator()(const Collective& collective) const {
    ordered_json members = {{"operation", name_of(collective.operation)}, {"size", size_text(collective.size)}};
    if (collective.groups != DeviceGroups{})
      members["groups"] = {{"size", collective.groups.size}, {"stride", collective.groups.stride}};
    return {{"collective", members}};
  }
  ordered_json operator()(const Shift& shift) const {
    return {{"shift", {{"distance", shift.distance}, {"size", size_text(shift.size)}}}};
  }
  ordered_json operator()(const Neighbours& neighbours) const {
    return {{"neighbours", {{"dimensions", neighbours.dimensions}, {"size", size_text(neighbours.size)}}}};
  }
  ordered_json operator()(const StorageAccess& access) const {
    const char* direction = access.direction == Direction::read ? "read" : "write";
    return {{"io", {{"direction", direction}, {"size", size_text(access.size)}, {"tier", access.tier}}}};
  }
  ordered_json operator()(const Busy& busy) const {
    return {{"busy", {{"time", exact_text(busy.time.si(), "s")}, {"utilisation", busy.utilisation}}}};
  }
  ordered_json operator()(const Loop& loop) const {
    return {{"loop", {{"count", loop.count}, {"body", to_json(loop.body)}}}};
  }
  ordered_json operator()(const Overlap& overlap) const {
    ordered_json branches = ordered_json::array();
    for (const auto& branch : overlap.branches) branches.push_back(to_json(branch));
    return {{"overlap", branches}};
  }
  ordered_json operator()(const Idle& idle) const {
    return {{"idle", {{"times", idle.times}, {"of", to_json(idle.body)}}}};
  }
};

ordered_json to_json(const std::vector<Phase>& phases) {
  ordered_json list = ordered_json::array();
  for (const Phase& phase : phases) {
    ordered_json one = {{"name", phase.name}};
    one.update(std::visit(PhaseWriter{}, phase.what));
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace

namespace {

// Whether phases are written there, good or bad ones.
bool holds_items(const Field& program, std::string_view part) {
  const auto list = program.optional(part);
  return list && (!list->is_array() || !list->items().empty());
}

}  // namespace

Program read_program(const Field& field) {
  Program program;
  if (const auto setup = field.optional("setup")) program.setup = read_part(*setup);
  if (const auto step = field.optional("step")) program.step = read_part(*step);
  program.steps = holds_items(field, "step") ? 1 : 0;
  if (const auto steps = field.optional("steps")) program.steps = steps->count(most_steps);
  if (const auto checkpoint = field.optional("checkpoint")) {
    program.checkpoint_interval = (*checkpoint)["every"].positive<Duration>();
    const auto phases = (*checkpoint)["phases"];
    program.checkpoint = read_part(phases);
    if (phases.is_array() && phases.items().empty()) phases.problem("is empty; expected what a checkpoint does");
    if (program.step.empty()) checkpoint->problem("checkpoints stand between steps, but there is no \"step\"");
  }
  if (const auto finish = field.optional("finish")) program.finish = read_part(*finish);
  const bool does_nothing = !holds_items(field, "setup") && !holds_items(field, "finish") &&
                            (!holds_items(field, "step") || program.steps == 0);
  if (field.is_object() && does_nothing)
    field.problem("does nothing; expected phases in \"setup\", \"step\" or \"finish\"");
  return program;
}

std::string write_program(const Program& program) {
  ordered_json result = ordered_json::object();
  if (!program.setup.empty()) result["setup"] = to_json(program.setup);
  if (!program.step.empty()) result["step"] = to_json(program.step);
  result["steps"] = program.steps;
  if (program.checkpoint_interval) {
    result["checkpoint"] = {{"every", exact_text(program.checkpoint_interval->si(), "s")},
                            {"phases", to_json(program.checkpoint)}};
  }
  if (!program.finish.empty()) result["finish"] = to_json(program.finish);
  return result.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace zettasim::workload
