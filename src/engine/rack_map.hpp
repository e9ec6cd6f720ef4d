// Which jobs lie in which racks. Racks in which the same jobs have the same numbers of nodes are of one kind, so that
// a machine of thousands of racks has about as many kinds as running jobs.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "zettasim/base/ids.hpp"

namespace zettasim::engine {

// A job has so many nodes of a rack.
struct RackShare {
  JobId job;
  std::int64_t nodes = 0;
  auto operator<=>(const RackShare&) const = default;
};

struct RackKind {
  std::int64_t nodes = 0;       // in the rack: the last one may have fewer than the others
  std::vector<RackShare> jobs;  // by id
  auto operator<=>(const RackKind&) const = default;
};

class RackMap {
 public:
  // Racks of `rack_nodes` consecutive nodes.
  RackMap(std::int64_t rack_nodes, std::int64_t node_count);

  void add(JobId job, std::span<const NodeId> nodes);
  void remove(JobId job, std::span<const NodeId> nodes);

  // The kinds in which jobs lie, with how many racks are of each.
  const std::map<RackKind, std::int64_t>& kinds() const { return kinds_; }

 private:
  std::map<std::size_t, std::int64_t> count_by_rack(std::span<const NodeId> nodes) const;
  void change(std::size_t rack, RackShare share);

  std::int64_t rack_nodes_;
  std::vector<RackKind> racks_;
  std::map<RackKind, std::int64_t> kinds_;
};

}  // namespace zettasim::engine
