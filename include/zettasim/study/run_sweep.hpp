// A sweep from its first missing point to its last: point after point through child processes into the store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "zettasim/study/evaluate.hpp"
#include "zettasim/study/store.hpp"

namespace zettasim::study {

// Part `index` (from 1) of `count` equal parts: the points whose number leaves index - 1 when divided by count.
struct Shard {
  std::uint64_t index = 1;
  std::uint64_t count = 1;
  bool has(std::uint64_t id) const { return id % count == index - 1; }
};

struct SweepOptions {
  std::size_t workers = 1;
  Shard shard = {};
  bool resume = false;
  // Called after each row: points with a row, points there are (of the shard), rows of this process.
  std::function<void(std::size_t done, std::size_t total, std::size_t fresh)> on_progress = {};
  // Asked between points; true: stop now, what is running is given up.
  std::function<bool()> stop = {};
};

struct SweepOutcome {
  std::size_t total = 0;  // points of the shard
  std::size_t done = 0;   // that have a row now
  std::size_t fresh = 0;  // by this process
  std::size_t unsuccessful = 0;
  double wall_s = 0.0;
  bool stopped = false;
};

// What a store of this sweep says of itself. Reads the files it depends on; throws InputError when one is missing.
About about_sweep(const Sweep& sweep, const Program& program, std::uint64_t points);

// Throws InputError when the store holds rows already and `resume` is not set, or when it cannot be written.
SweepOutcome run_sweep(const Sweep& sweep, const Points& points, const Program& program, Store& store,
                       const SweepOptions& options);

}  // namespace zettasim::study
