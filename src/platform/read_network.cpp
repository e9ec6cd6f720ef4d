#include "read_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace zettasim::platform {
namespace {

constexpr std::size_t most_dimensions = 16;
constexpr std::int64_t most_levels = 8;  // of a fat tree
constexpr std::int64_t most_ports = 100'000;

Medium read_medium(const Field& medium) {
  static const Choices<Medium> names = {
      {"board", Medium::board},   {"electrical", Medium::electrical},   {"optical", Medium::optical},
      {"linear", Medium::linear}, {"co-packaged", Medium::co_packaged}, {"in-package", Medium::in_package}};
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

}  // namespace

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

namespace {

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

}  // namespace

void check_network(const Field& root, const Machine& machine) {
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
}

}  // namespace zettasim::platform
