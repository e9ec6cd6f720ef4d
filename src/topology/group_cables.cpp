// All-to-all traffic between the groups of a dragonfly, in closed form. With M_g nodes in group g, N in all:
//   g to m, all cables:   (1 - v) M_g M_m + v / (G - 2) (M_g + M_m) (N - M_g - M_m), first and second legs
//   through m from u to t: v / (G - 2) / C^2 times the sum over g != h of M_g M_h for cables of g at u and of h at t
#include "zettasim/topology/group_cables.hpp"

#include <numeric>

namespace zettasim::topology {

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

}  // namespace zettasim::topology
