// The reading side of the load accumulator.
#include "zettasim/topology/link_loads.hpp"

#include <algorithm>

namespace zettasim::topology {

std::vector<LinkLoad> LinkLoads::sorted() const {
  std::vector<LinkLoad> result;
  result.reserve(touched_.size());
  // Walking all links is cheaper than sorting once a good part of them is loaded.
  if (touched_.size() > bytes_.size() / 16) {
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      if (bytes_[i] != 0.0) result.push_back({.link = LinkId(i), .bytes = bytes_[i]});
    }
    return result;
  }
  for (const LinkId link : touched_) result.push_back({.link = link, .bytes = on(link)});
  std::sort(result.begin(), result.end(), [](const LinkLoad& a, const LinkLoad& b) { return a.link < b.link; });
  return result;
}

}  // namespace zettasim::topology
