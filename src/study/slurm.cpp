// Talks to Slurm through its own commands: sbatch to submit, squeue to see whether an array is still there.
#include "zettasim/study/slurm.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <thread>

#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/study/store.hpp"

namespace zettasim::study {
namespace {

namespace fs = std::filesystem;

constexpr auto pause_between_looks = std::chrono::seconds(2);

std::string in_shell_quotes(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

struct Said {
  bool well = false;
  std::string text;  // both of its outputs
};

Said call(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) line += in_shell_quotes(word) + " ";
  Said said;
  FILE* pipe = ::popen((line + "2>&1 </dev/null").c_str(), "r");
  if (!pipe) return said;
  std::array<char, 4096> block;
  while (const std::size_t got = std::fread(block.data(), 1, block.size(), pipe)) said.text.append(block.data(), got);
  const int status = ::pclose(pipe);
  said.well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  while (!said.text.empty() && said.text.back() == '\n') said.text.pop_back();
  return said;
}

fs::path shard_folder(const SlurmArray& array, std::uint64_t index) {
  return array.folder / "shards" / fmt::format("{}-of-{}", index, array.shards);
}
fs::path job_file(const SlurmArray& array) { return array.folder / "slurm-job"; }

bool has_store(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(Store::file_in(folder), ignored);
}

// An array that has left the queue is unknown to squeue, or has nothing to show.
bool is_in_queue(const std::string& job) {
  const Said said = call({"squeue", "--noheader", "--format=%i", "--jobs=" + job});
  return said.well && !said.text.empty();
}

std::vector<std::uint64_t> shards_with_missing_points(const Points& points, const SlurmArray& array) {
  std::vector<std::uint64_t> missing;
  for (std::uint64_t index = 1; index <= array.shards; ++index) {
    const std::uint64_t size = (points.size() + array.shards - index) / array.shards;
    const fs::path folder = shard_folder(array, index);
    const std::uint64_t rows = has_store(folder) ? Store::open_for_reading(folder).row_count() : 0;
    if (rows > 0 && !array.resume)
      throw InputError(array.folder.string(), "holds rows already; go on with --resume, or choose another --out");
    if (rows < size) missing.push_back(index);
  }
  return missing;
}

std::string script_of(const SlurmArray& array) {
  const auto program = fs::read_symlink("/proc/self/exe").string();
  const auto shards = (fs::absolute(array.folder) / "shards").string();
  return fmt::format(
      "#!/bin/sh\nexec {} sweep {} --shard \"$SLURM_ARRAY_TASK_ID/{}\" --jobs {} --resume --out "
      "{}/\"$SLURM_ARRAY_TASK_ID-of-{}\"\n",
      in_shell_quotes(program), in_shell_quotes(fs::absolute(array.sweep_file).string()), array.shards, array.workers,
      in_shell_quotes(shards), array.shards);
}

std::string submit(const std::vector<std::uint64_t>& shards, const SlurmArray& array) {
  const fs::path script = array.folder / "array.sh";
  write_whole(script, script_of(array));
  std::vector<std::string> words = {"sbatch",
                                    "--parsable",
                                    fmt::format("--array={}", fmt::join(shards, ",")),
                                    "--job-name=zettasim-sweep",
                                    fmt::format("--cpus-per-task={}", array.workers),
                                    "--output=" + (fs::absolute(array.folder) / "shards" / "%a.log").string()};
  words.insert(words.end(), array.options.begin(), array.options.end());
  words.push_back(script.string());
  const Said said = call(words);
  if (!said.well) throw InputError("--launcher slurm", fmt::format("sbatch did not take the job array: {}", said.text));
  const std::string job = said.text.substr(0, said.text.find(';'));  // "17;cluster"
  write_whole(job_file(array), job + "\n");
  return job;
}

// False when it was told to stop.
bool wait_for(const std::string& job, const SlurmArray& array) {
  while (is_in_queue(job)) {
    if (array.stop && array.stop()) return false;
    std::this_thread::sleep_for(pause_between_looks);
  }
  return true;
}

}  // namespace

SweepOutcome run_in_slurm(const Sweep& sweep, const Points& points, const Program& program, const SlurmArray& array) {
  const auto began = std::chrono::steady_clock::now();
  SweepOutcome outcome{.total = points.size()};
  const About about = about_sweep(sweep, program, points.size());
  Store store = Store::open_for_writing(array.folder, about);
  const std::size_t before = store.row_count();
  std::error_code error;
  fs::create_directories(array.folder / "shards", error);
  if (error) throw InputError((array.folder / "shards").string(), fmt::format("cannot be made: {}", error.message()));

  std::string job;
  if (std::error_code ignored; fs::exists(job_file(array), ignored)) {
    job = read_text(job_file(array));
    while (!job.empty() && job.back() == '\n') job.pop_back();
  }
  if (job.empty() || !is_in_queue(job)) {
    const auto shards = shards_with_missing_points(points, array);
    job = shards.empty() ? std::string() : submit(shards, array);
  }
  outcome.stopped = !job.empty() && !wait_for(job, array);
  for (std::uint64_t index = 1; index <= array.shards && !outcome.stopped; ++index) {
    if (has_store(shard_folder(array, index))) store.add_all(Store::open_for_reading(shard_folder(array, index)));
  }
  outcome.done = store.row_count();
  outcome.fresh = outcome.done - before;
  store.for_each([&](const Row& row) { outcome.unsuccessful += row.status == Status::done ? 0 : 1; });
  outcome.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return outcome;
}

}  // namespace zettasim::study
