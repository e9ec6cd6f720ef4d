// A sweep as a job array of Slurm: a task for each shard, which runs this program, and the rows put together at the
// end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "zettasim/study/run_sweep.hpp"

namespace zettasim::study {

struct SlurmArray {
  std::filesystem::path sweep_file;
  std::filesystem::path folder;  // shared by all nodes: the array's tasks keep their rows below it
  std::uint64_t shards = 1;
  std::size_t workers = 1;  // of each task
  bool resume = false;
  std::vector<std::string> options;  // for sbatch, such as "--partition=short"
  std::function<bool()> stop = {};   // asked while waiting; true: leave the array in the queue and return
};

// Submits the shards that miss points, waits until the array has left the queue, and merges all rows there are into the
// store of `folder`. Where an array submitted earlier is still in the queue, waits for that instead. Throws InputError
// when Slurm is not there or refuses, and when there are rows and `resume` is not set.
SweepOutcome run_in_slurm(const Sweep& sweep, const Points& points, const Program& program, const SlurmArray& array);

}  // namespace zettasim::study
