// How far a rank is in its list of actions: which may begin, and what follows when one has finished. Private to engine.
//
// Three things hold an action back: its dependencies; another compute in its lane; an earlier collective of its group,
// for collectives of a group follow one another in the order of the list.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "zettasim/workload/rank_trace.hpp"

namespace zettasim::engine {

class RankProgress {
 public:
  // `rank` must outlive it.
  explicit RankProgress(const workload::Rank& rank);

  // Begins an action that may; nothing while all are under way or held back.
  std::optional<std::uint32_t> begin_next();
  void finish(std::uint32_t action);
  bool all_finished() const { return finished_ == rank_.actions.size(); }
  const workload::RankAction& action(std::uint32_t index) const { return rank_.actions[index]; }

 private:
  struct Successor {
    std::uint32_t action;
    workload::DependsOn on;
  };
  struct Lane {
    bool busy = false;
    std::deque<std::uint32_t> waiting;
  };
  struct Line {                           // of the collectives of a group
    std::vector<std::uint32_t> in_order;  // all of them
    std::size_t next = 0;                 // that may begin
    std::map<std::uint32_t, bool> waiting;
  };

  void release(std::uint32_t action, workload::DependsOn on);
  bool holds_back(std::uint32_t action);

  const workload::Rank& rank_;
  std::vector<std::uint32_t> open_;  // dependencies of each action
  std::vector<std::uint32_t> first_successor_;
  std::vector<Successor> successors_;  // of all actions, in their order
  std::deque<std::uint32_t> ready_;
  std::map<std::uint32_t, Lane> lanes_;
  std::map<std::uint32_t, Line> lines_;
  std::size_t finished_ = 0;
};

}  // namespace zettasim::engine
