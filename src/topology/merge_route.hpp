// Routes that are put together from several ways may name a link more than once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "zettasim/topology/network.hpp"

namespace zettasim::topology {

// Adds up the shares of links that the part of a route from `first` on names more than once.
inline void merge_repeated(std::vector<RoutedLink>& route, std::size_t first) {
  if (route.size() == first) return;
  const auto begin = route.begin() + static_cast<std::ptrdiff_t>(first);
  std::sort(begin, route.end(), [](const RoutedLink& a, const RoutedLink& b) { return a.link < b.link; });
  auto last = begin;
  for (auto next = begin + 1; next != route.end(); ++next) {
    if (next->link == last->link) {
      last->share += next->share;
    } else {
      *++last = *next;
    }
  }
  route.erase(last + 1, route.end());
}

}  // namespace zettasim::topology
