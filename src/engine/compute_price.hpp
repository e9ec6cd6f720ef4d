// How long a compute of a rank trace takes on a machine. Private to engine.
#pragma once

#include "zettasim/engine/replay.hpp"

namespace zettasim::engine {

class ComputePricer {
 public:
  // Throws InputError where the machine's devices cannot be shared so.
  ComputePricer(const platform::Machine& machine, const ReplayOptions& options);
  Duration price(const workload::RankCompute& compute);
  // Of work that belongs to a collective.
  Duration price(FlopCount flops) const { return flops.si() > 0.0 ? flops / cpu_rate_ : Duration{}; }

  std::int64_t repriced() const { return repriced_; }
  std::int64_t unpriced() const { return unpriced_; }

 private:
  std::optional<Duration> from_work(const workload::RankCompute& compute) const;
  double slowdown(const workload::RankCompute& compute) const;

  const platform::Machine& machine_;
  const ReplayOptions& options_;
  FlopRate cpu_rate_, gpu_rate_;  // of one rank
  std::int64_t repriced_ = 0, unpriced_ = 0;
};

}  // namespace zettasim::engine
