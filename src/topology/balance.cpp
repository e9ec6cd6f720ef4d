#include "zettasim/topology/balance.hpp"

#include <algorithm>
#include <vector>

namespace zettasim::topology {
namespace {

// The time of a link over the share v of detours: at + slope * v.
struct Line {
  double at = 0.0;
  double slope = 0.0;
  double value(double v) const { return at + slope * v; }
};

// The line that is highest at v; of several the steepest one towards 1, or towards 0.
Line highest(const std::vector<Line>& lines, double v, double towards) {
  return *std::ranges::max_element(lines, {},
                                   [&](const Line& line) { return std::pair(line.value(v), towards * line.slope); });
}

// The lowest point of the upper envelope, between 0 and 1: the highest lines on both sides of it close in on it, each
// time by at least one line of finitely many.
double lowest_point(const std::vector<Line>& lines) {
  Line falling = highest(lines, 0.0, 1.0);
  Line rising = highest(lines, 1.0, -1.0);
  if (falling.slope >= 0.0) return 0.0;
  if (rising.slope <= 0.0) return 1.0;
  while (true) {
    const double v = std::clamp((falling.at - rising.at) / (rising.slope - falling.slope), 0.0, 1.0);
    const Line top = highest(lines, v, 1.0);
    if (top.value(v) <= falling.value(v) * (1.0 + 1e-12)) return v;
    (top.slope < 0.0 ? falling : rising) = top;
  }
}

}  // namespace

double balance(const Network& network, LinkLoads& direct, const LinkLoads& detoured) {
  std::vector<Line> lines;
  const auto add = [&](LinkId link) {
    const double per_byte = 1.0 / in_bytes_per_second(network.bandwidth(link));
    const double at = direct.on(link) * per_byte;
    lines.push_back({.at = at, .slope = detoured.on(link) * per_byte - at});
  };
  for (const LinkId link : direct.touched()) add(link);
  for (const LinkId link : detoured.touched()) {
    if (direct.on(link) == 0.0) add(link);
  }
  if (lines.empty()) return 0.0;
  const double share = lowest_point(lines);
  if (share == 0.0) return share;
  direct.scale(1.0 - share);
  for (const LinkId link : detoured.touched()) direct.add(link, share * detoured.on(link));
  return share;
}

}  // namespace zettasim::topology
