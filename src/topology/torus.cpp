// Routes and loads on a torus: arithmetic on coordinates, nothing stored per link.
#include "zettasim/topology/torus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "detours.hpp"
#include "limits.hpp"

namespace zettasim::topology {

Torus::Torus(const platform::Machine& machine)
    : interface_bandwidth_(machine.node.nics.bandwidth * static_cast<double>(machine.node.nics.count)) {
  std::int64_t nodes = 1;
  for (const auto& dimension : std::get<platform::Torus>(machine.network.topology).dimensions) {
    if (dimension.size < 1)
      refuse(machine, fmt::format("found a dimension of size {}, expected 1 or more", dimension.size));
    nodes = bounded_product(nodes, dimension.size);
    axes_.push_back({.name = dimension.name,
                     .size = static_cast<std::uint32_t>(std::min(dimension.size, most_links)),
                     .wraps = dimension.wraps,
                     .link = fabric_kind(machine.network, dimension.link)});
  }
  check_link_count(machine, nodes, "torus");
  if (nodes != machine.node_count) {
    refuse(machine,
           fmt::format("found a torus of {} nodes for a machine of {}, expected the product of its dimensions to "
                       "be the node count",
                       nodes, machine.node_count));
  }
  node_count_ = static_cast<std::uint32_t>(nodes);
  std::int64_t next = 2 * nodes;  // after injection and ejection
  std::uint32_t stride = node_count_;
  for (Axis& axis : axes_) {
    stride /= axis.size;
    axis.stride = stride;
    axis.links = axis.size == 1 ? 0 : axis.size - (axis.wraps ? 0 : 1);
    const std::int64_t one_way = nodes / axis.size * axis.links;
    check_link_count(machine, next + 2 * one_way, "torus");
    axis.first_up = static_cast<std::uint32_t>(next);
    axis.first_down = static_cast<std::uint32_t>(next + one_way);
    next += 2 * one_way;
  }
  link_count_ = static_cast<std::uint32_t>(next);
  const auto& routing = std::get<platform::Torus>(machine.network.topology).routing;
  detour_share_ = routing.valiant_share;
  if (routing.by_load && node_count_ > 2)
    detours_ = std::make_unique<Torus>(with_all_detours<platform::Torus>(machine));
}

LinkRole Torus::role(LinkId id) const {
  if (id.index() < node_count_) return LinkRole::injection;
  return id.index() < 2 * node_count_ ? LinkRole::ejection : LinkRole::fabric;
}

Bandwidth Torus::bandwidth(LinkId id) const {
  return id.index() < 2 * node_count_ ? interface_bandwidth_ : axis_of(id).link.bandwidth;
}

EnergyPerByte Torus::energy(LinkId id) const {
  return id.index() < 2 * node_count_ ? EnergyPerByte{} : axis_of(id).link.energy;
}

// All links of an axis are alike: its most bytes and their sum are enough.
LoadTotals Torus::totals(const LinkLoads& loads) const {
  std::vector<double> most(axes_.size() + 1, 0.0);  // the interfaces last
  std::vector<double> sum(axes_.size() + 1, 0.0);
  for (const LinkId id : loads.touched()) {
    std::size_t kind = axes_.size();
    if (id.index() >= 2 * node_count_) {
      do --kind;
      while (id.index() < axes_[kind].first_up);
    }
    const double bytes = loads.on(id);
    most[kind] = std::max(most[kind], bytes);
    sum[kind] += bytes;
  }
  LoadTotals result;
  result.slowest_interface_s = result.slowest_s = most.back() / in_bytes_per_second(interface_bandwidth_);
  result.interface_bytes = sum.back();
  for (std::size_t d = 0; d < axes_.size(); ++d) {
    result.slowest_s = std::max(result.slowest_s, most[d] / in_bytes_per_second(axes_[d].link.bandwidth));
    result.fabric_joules += sum[d] * axes_[d].link.energy.si();
  }
  return result;
}

const Torus::Axis& Torus::axis_of(LinkId id) const {
  const auto after = std::upper_bound(axes_.begin(), axes_.end(), id.index(),
                                      [](std::uint32_t index, const Axis& axis) { return index < axis.first_up; });
  return *(after - 1);  // axes without links share their first id with the next axis, which comes later
}

Torus::Hop Torus::hop(LinkId id) const {
  const Axis& axis = axis_of(id);
  const Way way = id.index() < axis.first_down ? Way::up : Way::down;
  const std::uint32_t index = id.index() - (way == Way::up ? axis.first_up : axis.first_down);
  const std::uint32_t inner = index % axis.stride;
  const std::uint32_t position = index / axis.stride % axis.links;
  const std::uint32_t outer = index / axis.stride / axis.links;
  const auto node_at = [&](std::uint32_t coordinate) {
    return (outer * axis.size + coordinate % axis.size) * axis.stride + inner;
  };
  if (way == Way::up) return {.axis = &axis, .way = way, .from = node_at(position), .to = node_at(position + 1)};
  const std::uint32_t from = axis.wraps ? position : position + 1;
  return {.axis = &axis, .way = way, .from = node_at(from), .to = node_at(from + axis.size - 1)};
}

Link Torus::link(LinkId id) const {
  const LinkRole what = role(id);
  if (what == LinkRole::fabric) {
    const Hop there = hop(id);
    return make_link(there.axis->link, there.from, there.to, what, 1);
  }
  return make_interface(id.index() % node_count_, what, interface_bandwidth_);
}

// Appends `hops` links of one line; `line` is the offset of the line among the links of that way.
void Torus::append_way(const Axis& axis, Way way, std::uint32_t line, std::uint32_t start, std::uint32_t hops,
                       double share, std::vector<RoutedLink>& route) const {
  std::uint32_t at = start;
  for (std::uint32_t i = 0; i < hops; ++i) {
    if (way == Way::up) {
      route.push_back({.link = LinkId(axis.first_up + line + at * axis.stride), .share = share});
      at = at + 1 == axis.size ? 0 : at + 1;
    } else {
      const std::uint32_t position = axis.wraps ? at : at - 1;
      route.push_back({.link = LinkId(axis.first_down + line + position * axis.stride), .share = share});
      at = at == 0 ? axis.size - 1 : at - 1;
    }
  }
}

std::uint32_t Torus::append_axis(const Axis& axis, std::uint32_t line, std::uint32_t from, std::uint32_t to,
                                 std::vector<RoutedLink>& route) const {
  const std::uint32_t up = to >= from ? to - from : to + axis.size - from;
  const std::uint32_t down = axis.size - up;
  const bool split = axis.wraps && up == down;
  const bool goes_up = axis.wraps ? up <= down : to > from;
  const bool goes_down = axis.wraps ? down <= up : to < from;
  const double share = split ? 0.5 : 1.0;
  if (goes_up) append_way(axis, Way::up, line, from, up, share, route);
  if (goes_down) append_way(axis, Way::down, line, from, down, share, route);
  return goes_up ? up : down;
}

// Over the links between the nodes, all of one share.
Duration Torus::append_direct(NodeId from, NodeId to, double share, std::vector<RoutedLink>& route) const {
  const std::size_t first = route.size();
  Duration latency;
  std::uint32_t outer = 0;             // the corrected coordinates, those of the destination, as one number
  std::uint32_t to_rest = to.index();  // the later coordinates of both ends
  std::uint32_t from_rest = from.index();
  for (const Axis& axis : axes_) {
    const std::uint32_t from_here = from_rest / axis.stride;
    const std::uint32_t to_here = to_rest / axis.stride;
    from_rest -= from_here * axis.stride;
    to_rest -= to_here * axis.stride;
    if (from_here != to_here) {
      const auto hops = append_axis(axis, outer * axis.links * axis.stride + from_rest, from_here, to_here, route);
      latency += axis.link.latency * static_cast<double>(hops);
    }
    outer = outer * axis.size + to_here;
  }
  if (share == 1.0) return latency;
  for (std::size_t i = first; i < route.size(); ++i) route[i].share *= share;
  return latency;
}

Duration Torus::append_route(NodeId from, NodeId to, std::vector<RoutedLink>& route) const {
  route.push_back({.link = LinkId(from.index())});
  Duration latency;
  if (detour_share_ == 0.0) {
    latency = append_direct(from, to, 1.0, route);
  } else {
    std::vector<RoutedLink> direct;
    append_direct(from, to, 1.0 - detour_share_, direct);
    LinkLoads shares(link_count_);
    for (const RoutedLink& step : direct) shares.add(step.link, step.share);
    std::vector<double> sent(node_count_, 0.0), received(node_count_, 0.0);
    sent[from.index()] = received[to.index()] = 1.0;
    add_detours(sent, received, shares);
    for (const LinkLoad& there : shares.sorted()) route.push_back({.link = there.link, .share = there.bytes});
    latency = longest_detour();
  }
  route.push_back({.link = LinkId(node_count_ + to.index())});
  return latency;
}

Duration Torus::add_transfers(std::span<const Transfer> transfers, LinkLoads& loads) const {
  if (detour_share_ == 0.0) return Network::add_transfers(transfers, loads);
  std::vector<double> sent(node_count_, 0.0), received(node_count_, 0.0);
  std::vector<RoutedLink> route;
  for (const auto& [from, to, bytes] : transfers) {
    loads.add(LinkId(from.index()), bytes);
    loads.add(LinkId(node_count_ + to.index()), bytes);
    sent[from.index()] += bytes;
    received[to.index()] += bytes;
    if (detour_share_ == 1.0) continue;
    route.clear();
    append_direct(from, to, 1.0 - detour_share_, route);
    for (const RoutedLink& step : route) loads.add(step.link, step.share * bytes);
  }
  if (transfers.empty()) return Duration{};
  add_detours(sent, received, loads);
  return longest_detour();
}

namespace {

// Units that cross each link towards larger coordinates on one line of nodes, when A[a] sources at each coordinate a
// send one unit to each of B[b] destinations at every other coordinate b the shortest way, ties split. `links` is the
// size of the line if it wraps, one less if it does not.
//
// From one link to the next the load loses what ends at the node between and gains what starts there:
//   load(c -> c+1) = load(c-1 -> c) - B[c] * (sources that reach c upwards) + A[c] * (destinations reached upwards from
//   c)
// Both windows are differences of prefix sums, so a line costs as much as its length. Of nodes counted all values
// are whole or half numbers below 2^53, so the differences are exact; of weights they are not.
class LineLoads {
 public:
  std::span<const double> upwards(std::span<const double> a, std::span<const double> b, bool wraps) {
    const std::size_t n = a.size();
    sum_up(a, a_before_);
    sum_up(b, b_before_);
    result_.resize(wraps ? n : n - 1);
    double load = wraps ? over_the_seam(a, b) : 0.0;
    for (std::size_t c = 0; c < result_.size(); ++c) {
      load += a[c] * ahead(b, c, wraps) - b[c] * behind(a, c, wraps);
      result_[c] = load;
    }
    return result_;
  }

 private:
  // Prefix sums of the line written twice, so that windows over its seam are one difference.
  static void sum_up(std::span<const double> values, std::vector<double>& before) {
    before.assign(2 * values.size() + 1, 0.0);
    for (std::size_t i = 0; i < 2 * values.size(); ++i) before[i + 1] = before[i] + values[i % values.size()];
  }
  double ahead(std::span<const double> b, std::size_t c, bool wraps) const {
    const std::size_t n = b.size();
    if (!wraps) return b_before_[n] - b_before_[c + 1];
    const double tie = n % 2 == 0 ? 0.5 * b[(c + n / 2) % n] : 0.0;
    return b_before_[c + 1 + (n - 1) / 2] - b_before_[c + 1] + tie;
  }
  double behind(std::span<const double> a, std::size_t c, bool wraps) const {
    const std::size_t n = a.size();
    if (!wraps) return a_before_[c];
    const double tie = n % 2 == 0 ? 0.5 * a[(c + n / 2) % n] : 0.0;
    return a_before_[c + n] - a_before_[c + n - (n - 1) / 2] + tie;
  }
  // The load of the link from the last coordinate to the first.
  double over_the_seam(std::span<const double> a, std::span<const double> b) const {
    const std::size_t n = a.size();
    double load = 0.0;
    for (std::size_t from = 0; from < n; ++from) {
      const std::size_t reach = from + (n - 1) / 2;  // furthest coordinate, counted on past the seam
      if (reach >= n) load += a[from] * b_before_[reach - n + 1];
      if (n % 2 == 0 && from + n / 2 >= n) load += a[from] * 0.5 * b[from + n / 2 - n];
    }
    return load;
  }

  std::vector<double> a_before_;
  std::vector<double> b_before_;
  std::vector<double> result_;
};

void add_line(const std::vector<double>& loads, LinkId first, std::uint32_t stride, LinkLoads& into) {
  for (std::size_t i = 0; i < loads.size(); ++i) {
    if (loads[i] != 0.0) into.add(LinkId(first.index() + static_cast<std::uint32_t>(i) * stride), loads[i]);
  }
}

}  // namespace

// How many of a set of nodes share coordinates: all that dimension-order routing lets the loads of one axis depend on.
// A message on an axis still has its source's later coordinates and already its destination's earlier ones.
struct Torus::Census {
  std::vector<double> sources;       // by this and the later coordinates
  std::vector<double> destinations;  // by this and the earlier coordinates
};

std::uint32_t Torus::add_axis(const Axis& axis, const Census& census, double bytes, LinkLoads& loads) const {
  const std::uint32_t n = axis.size;
  const std::uint32_t outers = node_count_ / n / axis.stride;
  std::vector<std::uint32_t> busy_outers;  // lines of an empty prefix or suffix carry nothing and are not visited
  for (std::uint32_t e = 0; e < outers; ++e) {
    const auto line = census.destinations.begin() + static_cast<std::ptrdiff_t>(e) * n;
    if (std::any_of(line, line + n, [](double count) { return count != 0.0; })) busy_outers.push_back(e);
  }
  std::uint32_t lowest = n;
  std::uint32_t highest = 0;
  std::vector<double> a(n), a_mirrored(n), b(n), b_mirrored(n), scaled;
  LineLoads line_loads;
  const auto add = [&](std::span<const double> units, std::uint32_t first, bool mirrored) {
    scaled.resize(units.size());
    constexpr double rounding = 1e-9;  // of weights that are no whole numbers
    for (std::size_t i = 0; i < units.size(); ++i) {
      const double there = units[mirrored ? units.size() - 1 - i : i];
      scaled[i] = std::abs(there) < rounding ? 0.0 : there * bytes;
    }
    add_line(scaled, LinkId(first), axis.stride, loads);
  };
  for (std::uint32_t f = 0; f < axis.stride; ++f) {
    bool busy = false;
    for (std::uint32_t i = 0; i < n; ++i) {
      a[i] = a_mirrored[n - 1 - i] = census.sources[i * axis.stride + f];
      if (a[i] == 0.0) continue;
      busy = true;
      lowest = std::min(lowest, i);
      highest = std::max(highest, i);
    }
    if (!busy) continue;
    for (const std::uint32_t e : busy_outers) {
      for (std::uint32_t i = 0; i < n; ++i) b[i] = b_mirrored[n - 1 - i] = census.destinations[e * n + i];
      const std::uint32_t line = e * axis.links * axis.stride + f;
      add(line_loads.upwards(a, b, axis.wraps), axis.first_up + line, false);
      add(line_loads.upwards(a_mirrored, b_mirrored, axis.wraps), axis.first_down + line, true);
    }
  }
  const std::uint32_t span = highest > lowest ? highest - lowest : 0;
  return axis.wraps ? std::min(span, n / 2) : span;
}

// `bytes` from each node to each other, times the weights of both; over the links between the nodes.
void Torus::add_all_pairs(const std::vector<double>& sources, const std::vector<double>& destinations, double bytes,
                          LinkLoads& loads, Duration& latency) const {
  std::vector<Census> census(axes_.size());
  std::vector<double> folded = sources;
  for (std::size_t d = 0; d < axes_.size(); ++d) {  // sources forget their coordinates from the first on
    census[d].sources = folded;
    const std::uint32_t stride = axes_[d].stride;
    for (std::size_t i = stride; i < folded.size(); ++i) folded[i % stride] += folded[i];
    folded.resize(stride);
  }
  folded = destinations;
  for (std::size_t d = axes_.size(); d-- > 0;) {  // destinations from the last on
    census[d].destinations = folded;
    const std::uint32_t size = axes_[d].size;
    std::vector<double> shorter(folded.size() / size, 0.0);
    for (std::size_t i = 0; i < folded.size(); ++i) shorter[i / size] += folded[i];
    folded = std::move(shorter);
  }
  for (std::size_t d = 0; d < axes_.size(); ++d) {
    if (axes_[d].size == 1) continue;
    const auto hops = add_axis(axes_[d], census[d], bytes, loads);
    latency += axes_[d].link.latency * static_cast<double>(hops);
  }
}

// From what nodes send to all nodes, and from all nodes to what nodes receive. Weights are put in units of the largest:
// of equal messages they are then whole numbers, of which the sums are exact.
void Torus::add_detours(const std::vector<double>& sent, const std::vector<double>& received, LinkLoads& loads) const {
  double unit = 0.0;
  for (const double bytes : sent) unit = std::max(unit, std::abs(bytes));
  for (const double bytes : received) unit = std::max(unit, std::abs(bytes));
  if (unit == 0.0) return;
  const auto in_units = [unit](std::vector<double> bytes) {
    for (double& value : bytes) value /= unit;
    return bytes;
  };
  const std::vector<double> all(node_count_, 1.0);
  const double each = unit * detour_share_ / static_cast<double>(node_count_);
  Duration unused;
  add_all_pairs(in_units(sent), all, each, loads, unused);
  add_all_pairs(all, in_units(received), each, loads, unused);
}

// Twice across: to the farthest third node, and as far from there.
Duration Torus::longest_detour() const {
  Duration latency;
  for (const Axis& axis : axes_) {
    latency += axis.link.latency * (2.0 * static_cast<double>(axis.wraps ? axis.size / 2 : axis.size - 1));
  }
  return latency;
}

Duration Torus::add_all_to_all(std::span<const NodeId> nodes, DataSize per_pair, LinkLoads& loads) const {
  if (nodes.size() < 2) return Duration{};
  const double sent = in_bytes(per_pair) * static_cast<double>(nodes.size() - 1);
  std::vector<double> counts(node_count_, 0.0), sums(node_count_, 0.0);
  for (const NodeId node : nodes) {
    counts[node.index()] += 1.0;
    sums[node.index()] += sent;
    loads.add(LinkId(node.index()), sent);
    loads.add(LinkId(node_count_ + node.index()), sent);
  }
  Duration latency;
  if (detour_share_ < 1.0) add_all_pairs(counts, counts, in_bytes(per_pair) * (1.0 - detour_share_), loads, latency);
  if (detour_share_ == 0.0) return latency;
  add_detours(sums, sums, loads);
  return longest_detour();
}

bool Torus::is_symmetric() const {
  return std::all_of(axes_.begin(), axes_.end(), [](const Axis& axis) { return axis.wraps || axis.size <= 2; });
}

Halves Torus::halves() const {
  const Axis* thinnest = nullptr;
  const auto cost = [&](const Axis& axis) {  // links, in either direction, that a cut across the axis passes
    return std::pair(axis.size % 2, (axis.wraps ? 2u : 1u) * (node_count_ / axis.size));
  };
  for (const Axis& axis : axes_) {
    if (axis.size > 1 && (!thinnest || cost(axis) < cost(*thinnest))) thinnest = &axis;
  }
  if (!thinnest) return Network::halves();
  const std::uint32_t half = (thinnest->size + 1) / 2;
  Halves result{.is_second = std::vector<bool>(node_count_, false),
                .how = fmt::format("{} below {} and the rest", thinnest->name, half)};
  for (std::uint32_t i = 0; i < node_count_; ++i) {
    result.is_second[i] = i / thinnest->stride % thinnest->size >= half;
  }
  return result;
}

std::string Torus::describe() const {
  std::vector<std::string> sizes, open;
  for (const Axis& axis : axes_) {
    sizes.push_back(std::to_string(axis.size));
    if (axis.size > 1 && !axis.wraps) open.push_back(axis.name);
  }
  const bool any_wraps = std::any_of(axes_.begin(), axes_.end(), [](const Axis& axis) { return axis.wraps; });
  const std::string shape = fmt::format("{}", fmt::join(sizes, " x "));
  if (!any_wraps) return "mesh " + shape;
  return open.empty() ? "torus " + shape : fmt::format("torus {}, no wrap in {}", shape, fmt::join(open, ", "));
}

std::string Torus::coordinates(std::size_t node) const {
  std::vector<std::size_t> values;
  for (const Axis& axis : axes_) values.push_back(node / axis.stride % axis.size);
  return fmt::format("{}", fmt::join(values, ","));
}

std::string Torus::link_name(LinkId id) const {
  const Link there = link(id);
  const std::string node = fmt::format("node {} ({})", there.from, coordinates(there.from));
  if (there.role == LinkRole::injection) return node + " injection";
  if (there.role == LinkRole::ejection) return node + " ejection";
  const Hop way = hop(id);
  return fmt::format("{} {}{}", node, way.way == Way::up ? '+' : '-', way.axis->name);
}

}  // namespace zettasim::topology
