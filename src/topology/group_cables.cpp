// All-to-all traffic between the groups of a dragonfly, in closed form. With M_g nodes in group g, N in all:
//   g to m, all cables:   (1 - v) M_g M_m + v / (G - 2) (M_g + M_m) (N - M_g - M_m), first and second legs
//   through m from u to t: v / (G - 2) / C^2 times the sum over g != h of M_g M_h for cables of g at u and of h at t
#include "zettasim/topology/group_cables.hpp"

#include <numeric>

namespace zettasim::topology {

bool GroupCables::turns_between(std::size_t from, std::size_t to) const {
  for (std::size_t m = 0; m < groups_; ++m) {
    if (m == from || m == to) continue;
    for (std::size_t a = 0; a < cables_; ++a) {
      for (std::size_t b = 0; b < cables_; ++b) {
        if (gateway(m, from, a) != gateway(m, to, b)) return true;
      }
    }
  }
  return false;
}

double GroupCables::between(std::size_t from, std::size_t to, std::span<const double> members, double all) const {
  double messages = (1.0 - valiant_) * members[from] * members[to];
  if (valiant_ == 0.0) return messages;
  return messages + per_third_group() * (members[from] + members[to]) * (all - members[from] - members[to]);
}

std::vector<double> GroupCables::partners(std::size_t group, std::span<const double> members) const {
  std::vector<double> result(gateways_, 0.0);
  const double all = std::accumulate(members.begin(), members.end(), 0.0);
  for (std::size_t other = 0; other < groups_; ++other) {
    if (other == group) continue;
    double nodes = (1.0 - valiant_) * members[other];
    if (valiant_ != 0.0) nodes += per_third_group() * (all - members[group] - members[other]);
    if (nodes == 0.0) continue;
    for (std::size_t c = 0; c < cables_; ++c) {
      result[gateway(group, other, c)] += nodes / static_cast<double>(cables_);
    }
  }
  return result;
}

std::vector<double> GroupCables::transits(std::size_t group, std::span<const double> members) const {
  std::vector<double> result(gateways_ * gateways_, 0.0);
  if (valiant_ == 0.0) return result;
  const double each = per_third_group() / static_cast<double>(cables_ * cables_);
  std::vector<double> all(gateways_, 0.0);
  for (std::size_t other = 0; other < groups_; ++other) {
    if (other == group || members[other] == 0.0) continue;
    for (std::size_t c = 0; c < cables_; ++c) all[gateway(group, other, c)] += members[other];
  }
  for (std::size_t u = 0; u < gateways_; ++u) {
    for (std::size_t t = 0; t < gateways_; ++t) result[u * gateways_ + t] = each * all[u] * all[t];
  }
  for (std::size_t other = 0; other < groups_; ++other) {  // nothing goes back to the group it came from
    if (other == group || members[other] == 0.0) continue;
    for (std::size_t a = 0; a < cables_; ++a) {
      for (std::size_t b = 0; b < cables_; ++b) {
        result[gateway(group, other, a) * gateways_ + gateway(group, other, b)] -=
            each * members[other] * members[other];
      }
    }
  }
  return result;
}

GroupTraffic::GroupTraffic(const GroupCables& cables, std::size_t ports)
    : cables_(cables),
      groups_(cables.groups()),
      ports_(ports),
      out_(groups_ * ports * groups_, 0.0),
      in_(out_.size(), 0.0),
      between_(groups_ * groups_, 0.0) {}

std::vector<double> GroupTraffic::over_third_groups(std::span<const double> bytes, std::size_t skip) const {
  std::vector<double> result(bytes.begin(), bytes.end());
  if (cables_.valiant_share() == 0.0) return result;
  const double all = std::accumulate(bytes.begin(), bytes.end(), 0.0);
  if (all == 0.0) return result;
  for (std::size_t far = 0; far < groups_; ++far) {
    if (far == skip) continue;
    result[far] = (1.0 - cables_.valiant_share()) * bytes[far] + cables_.per_third_group() * (all - bytes[far]);
  }
  return result;
}

// Of one group to each other: first ways, and second ways of what others send there.
std::vector<double> GroupTraffic::cable_bytes(std::size_t from) const {
  std::vector<double> result = over_third_groups(row(between_, from), from);
  if (cables_.valiant_share() == 0.0) return result;
  for (std::size_t far = 0; far < groups_; ++far) {
    if (far == from) continue;
    double into = 0.0;
    for (std::size_t g = 0; g < groups_; ++g) into += g == from ? 0.0 : between_[g * groups_ + far];
    result[far] += cables_.per_third_group() * into;
  }
  return result;
}

std::vector<double> GroupTraffic::transits(std::size_t group) const {
  const std::size_t gateways = cables_.gateways();
  const auto per_pair = static_cast<double>(cables_.per_pair());
  const double each = cables_.per_third_group() / (per_pair * per_pair);
  std::vector<double> result(gateways * gateways, 0.0);
  std::vector<double> by_exit(gateways);
  for (std::size_t from = 0; from < groups_; ++from) {
    if (from == group) continue;
    by_exit.assign(gateways, 0.0);
    double all = 0.0;
    for (std::size_t to = 0; to < groups_; ++to) {
      const double bytes = between_[from * groups_ + to];
      if (to == group || bytes == 0.0) continue;
      all += bytes;
      for (std::size_t c = 0; c < cables_.per_pair(); ++c) by_exit[cables_.gateway(group, to, c)] += bytes;
    }
    if (all == 0.0) continue;
    for (std::size_t c = 0; c < cables_.per_pair(); ++c) {
      const std::size_t entry = cables_.gateway(group, from, c);
      for (std::size_t t = 0; t < gateways; ++t) result[entry * gateways + t] += each * by_exit[t];
    }
  }
  return result;
}

}  // namespace zettasim::topology
