// Bytes on each directed link: what a communication phase asks of the network once its messages have been routed.
#pragma once

#include <span>
#include <vector>

#include "zettasim/base/ids.hpp"
#include "zettasim/base/quantity.hpp"

namespace zettasim::topology {

struct LinkLoad {
  LinkId link;
  double bytes = 0.0;
};

// An accumulator over all links that remembers which it touched, so that clearing and reading cost as much as what was
// added and nothing per link of the machine.
class LinkLoads {
 public:
  explicit LinkLoads(std::size_t link_count) : bytes_(link_count, 0.0) {}

  void add(LinkId link, double bytes) {
    double& there = bytes_[link.index()];
    if (there == 0.0 && bytes > 0.0) touched_.push_back(link);
    there += bytes;
  }
  double on(LinkId link) const { return bytes_[link.index()]; }
  std::span<const LinkId> touched() const { return touched_; }
  void clear() {
    for (const LinkId link : touched_) bytes_[link.index()] = 0.0;
    touched_.clear();
  }
  void scale(double factor) {
    for (const LinkId link : touched_) bytes_[link.index()] *= factor;
  }
  // The loaded links in the order of their ids.
  std::vector<LinkLoad> sorted() const;

 private:
  std::vector<double> bytes_;
  std::vector<LinkId> touched_;
};

}  // namespace zettasim::topology
