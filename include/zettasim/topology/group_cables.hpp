// What dragonflies of either kind share: which switch of a group holds which global cable, and how a message between
// groups is spread over them.
//
// Valiant's share v of a message from group g to group h goes over each of the other G - 2 groups evenly, from group to
// group on minimal ways; the rest goes from g to h directly. All cables between two groups take equal parts. With fewer
// than three groups there is no third one, and everything is minimal.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "zettasim/platform/machine.hpp"

namespace zettasim::topology {

class GroupCables {
 public:
  struct Cable {
    std::size_t from = 0;  // group
    std::size_t to = 0;    // group
    std::size_t number = 0;
  };

  GroupCables() = default;
  GroupCables(std::size_t groups, std::size_t cables, std::size_t gateways, platform::DetourRouting routing)
      : groups_(groups),
        cables_(groups > 1 ? cables : 0),
        gateways_(gateways),
        valiant_(groups > 2 ? routing.valiant_share : 0.0) {}

  std::size_t groups() const { return groups_; }
  std::size_t per_pair() const { return cables_; }
  std::size_t gateways() const { return gateways_; }
  double valiant_share() const { return valiant_; }
  double per_third_group() const { return valiant_ / static_cast<double>(groups_ - 2); }
  std::size_t count() const { return groups_ * (groups_ - 1) * cables_; }  // directed

  // Which switch of `group` holds end `cable` of the cables towards `other`: they are dealt out in turn.
  std::size_t gateway(std::size_t group, std::size_t other, std::size_t cable) const {
    const std::size_t offset = (other + groups_ - group - 1) % groups_;
    return (offset * cables_ + cable) % gateways_;
  }
  std::size_t index(std::size_t from, std::size_t to, std::size_t cable) const {
    return (from * (groups_ - 1) + (to < from ? to : to - 1)) * cables_ + cable;
  }
  Cable cable(std::size_t index) const {
    const std::size_t other = index / cables_ % (groups_ - 1);
    const std::size_t from = index / cables_ / (groups_ - 1);
    return {.from = from, .to = other < from ? other : other + 1, .number = index % cables_};
  }

  // The parts of one message from group `from` to another, `to`: calls on_cable(index, share) for each global link used
  // and on_transit(group, entry, exit, share) for each way through a third group from one of its gateways to another or
  // the same. Adds what leaves and what enters by each gateway to `leaving` and `entering`.
  template <class OnCable, class OnTransit>
  void spread(std::size_t from, std::size_t to, std::vector<double>& leaving, std::vector<double>& entering,
              OnCable on_cable, OnTransit on_transit) const;

  // Whether a way from one group over a third one to another changes its gateway there.
  bool turns_between(std::size_t from, std::size_t to) const;

  // Nodes that each gateway of `group` leads one of its nodes to, when every node sends to every other one;
  // members[g] of them are in group g. The same by which others reach the node, as ways are symmetric.
  std::vector<double> partners(std::size_t group, std::span<const double> members) const;
  // Messages on all cables from one group to another in that all-to-all of `all` nodes.
  double between(std::size_t from, std::size_t to, std::span<const double> members, double all) const;
  // Messages through `group`, between others, from gateway u to gateway t, at [u * gateways + t].
  std::vector<double> transits(std::size_t group, std::span<const double> members) const;

 private:
  std::size_t groups_ = 0;
  std::size_t cables_ = 0;  // between two groups
  std::size_t gateways_ = 0;
  double valiant_ = 0.0;
};

// What many messages between groups load, added up by switch and group before it fans out over cables: a hundred
// thousand messages cost little more than one. The same loads as GroupCables::spread for each, by linearity.
class GroupTraffic {
 public:
  // `ports`: switches of a group that nodes are attached to.
  GroupTraffic(const GroupCables& cables, std::size_t ports);

  // Bytes between two different groups, by the ports where they enter and leave the network.
  void add_out(std::size_t group, std::size_t port, std::size_t to_group, double bytes) {
    out_[(group * ports_ + port) * groups_ + to_group] += bytes;
  }
  void add_in(std::size_t group, std::size_t port, std::size_t from_group, double bytes) {
    in_[(group * ports_ + port) * groups_ + from_group] += bytes;
  }
  void add_between(std::size_t from, std::size_t to, double bytes) { between_[from * groups_ + to] += bytes; }

  // Calls on_leave(group, port, gateway, bytes) and on_enter(group, gateway, port, bytes) for what goes from ports to
  // gateways and back, on_cable(index, bytes), and on_transit(group, entry, exit, bytes) for what passes through a
  // group from one of its gateways to another.
  template <class OnLeave, class OnEnter, class OnCable, class OnTransit>
  void fan_out(OnLeave on_leave, OnEnter on_enter, OnCable on_cable, OnTransit on_transit) const;

 private:
  // By far group: what a row of bytes becomes once Valiant's share goes over third groups. `skip` is the own group.
  std::vector<double> over_third_groups(std::span<const double> bytes, std::size_t skip) const;
  std::vector<double> cable_bytes(std::size_t from) const;
  // Bytes through `group` from gateway u to gateway t, at [u * gateways + t].
  std::vector<double> transits(std::size_t group) const;
  std::span<const double> row(const std::vector<double>& sums, std::size_t at) const {
    return std::span(sums).subspan(at * groups_, groups_);
  }

  const GroupCables& cables_;
  std::size_t groups_, ports_;
  std::vector<double> out_, in_;  // by group, port, far group
  std::vector<double> between_;   // by group, group
};

template <class OnLeave, class OnEnter, class OnCable, class OnTransit>
void GroupTraffic::fan_out(OnLeave on_leave, OnEnter on_enter, OnCable on_cable, OnTransit on_transit) const {
  const double each = 1.0 / static_cast<double>(cables_.per_pair());
  for (std::size_t g = 0; g < groups_; ++g) {
    for (std::size_t port = 0; port < ports_; ++port) {
      const auto leaving = over_third_groups(row(out_, g * ports_ + port), g);
      const auto entering = over_third_groups(row(in_, g * ports_ + port), g);
      for (std::size_t far = 0; far < groups_; ++far) {
        if (far == g || (leaving[far] == 0.0 && entering[far] == 0.0)) continue;
        for (std::size_t c = 0; c < cables_.per_pair(); ++c) {
          const std::size_t gateway = cables_.gateway(g, far, c);
          if (leaving[far] != 0.0) on_leave(g, port, gateway, leaving[far] * each);
          if (entering[far] != 0.0) on_enter(g, gateway, port, entering[far] * each);
        }
      }
    }
    const auto on_cables = cable_bytes(g);
    for (std::size_t far = 0; far < groups_; ++far) {
      if (far == g || on_cables[far] == 0.0) continue;
      for (std::size_t c = 0; c < cables_.per_pair(); ++c) on_cable(cables_.index(g, far, c), on_cables[far] * each);
    }
    if (cables_.valiant_share() == 0.0) continue;
    const auto through = transits(g);
    for (std::size_t u = 0; u < cables_.gateways(); ++u) {
      for (std::size_t t = 0; t < cables_.gateways(); ++t) {
        const double bytes = through[u * cables_.gateways() + t];
        if (u != t && bytes != 0.0) on_transit(g, u, t, bytes);
      }
    }
  }
}

template <class OnCable, class OnTransit>
void GroupCables::spread(std::size_t from, std::size_t to, std::vector<double>& leaving, std::vector<double>& entering,
                         OnCable on_cable, OnTransit on_transit) const {
  const double each = 1.0 / static_cast<double>(cables_);
  const auto leg = [&](std::size_t a, std::size_t b, double share, auto&& at_ends) {
    if (share == 0.0) return;
    for (std::size_t c = 0; c < cables_; ++c) {
      on_cable(index(a, b, c), share * each);
      at_ends(gateway(a, b, c), gateway(b, a, c), share * each);
    }
  };
  leg(from, to, 1.0 - valiant_, [&](std::size_t out, std::size_t in, double share) {
    leaving[out] += share;
    entering[in] += share;
  });
  if (valiant_ == 0.0) return;
  const double third = per_third_group();
  for (std::size_t m = 0; m < groups_; ++m) {
    if (m == from || m == to) continue;
    leg(from, m, third, [&](std::size_t out, std::size_t, double share) { leaving[out] += share; });
    leg(m, to, third, [&](std::size_t, std::size_t in, double share) { entering[in] += share; });
    for (std::size_t a = 0; a < cables_; ++a) {
      for (std::size_t b = 0; b < cables_; ++b)
        on_transit(m, gateway(m, from, a), gateway(m, to, b), third * each * each);
    }
  }
}

}  // namespace zettasim::topology
