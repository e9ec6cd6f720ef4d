// Who gets how much of links and storage that several jobs use: weighted max-min fairness between running stages.
//
// A stage uses resources in a fixed pattern (bytes per iteration on each) at a pace between 0 and 1, where 1 is its
// pace alone. While it runs, its traffic counts as its average over an iteration: bursts of different jobs are taken to
// interleave. So the resources matter only where averages add up to more than a resource carries
// (docs/decisions/0003-sharing.md).
//
// The flow of a stage is measured on the resource it uses most. All flows grow together until one reaches its full pace
// or a resource is full; those stop, the others go on (progressive filling, Bertsekas and Gallager 1987,
// section 6.5.2).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

namespace zettasim::engine {

// A stage's bytes on one shared resource.
struct Traffic {
  std::uint32_t resource = 0;
  double bytes = 0.0;
};

class Sharing {
 public:
  using Key = std::uint64_t;  // the order of keys is the order in which stages began

  explicit Sharing(std::vector<double> capacities);

  // A stage begins: `traffic` per iteration (by ascending resource, kept alive until `end`), `iteration_s` its time
  // alone.
  Key begin(std::span<const Traffic> traffic, double iteration_s);
  void end(Key key);

  // Brings all paces up to date and returns the stages whose pace is no longer what it was, in the order of their keys.
  std::vector<Key> settle();
  double pace(Key key) const { return stages_.at(key).pace; }

 private:
  struct StageUse {
    std::span<const Traffic> traffic;
    double iteration_s = 1.0;
    double pace = 1.0;
    double most = 0.0;  // its flow at full pace
  };
  struct Flow;

  double use(const StageUse& stage, const Traffic& traffic) const {
    return traffic.bytes / (stage.iteration_s * capacities_[traffic.resource]);
  }
  void count(const Traffic& traffic, double use, int sign);
  std::vector<Flow> flows_on_full_resources() const;

  std::vector<double> capacities_;  // bytes per second
  std::vector<double> demand_;      // sum of all stages' use at full pace; 1 is full
  std::vector<std::uint32_t> users_;
  std::set<std::uint32_t> full_;  // resources whose demand exceeds what they carry, in order
  std::map<Key, StageUse> stages_;
  std::vector<Key> slowed_;  // stages with a pace below 1
  Key next_key_ = 0;
  bool changed_ = false;
};

}  // namespace zettasim::engine
