// Child processes, a few at a time: one for each simulation (a second SimGrid engine in one process would begin where
// the first ended), forked from this process rather than started anew, because linking and starting the program takes
// longer than most predictions (docs/decisions/0007-forked-points.md has the figures).
//
// A child dies with its parent, whatever kills that, and may crash, hang or exhaust its memory without harm to others.
// The process that owns a pool must have one thread only, since a fork copies no other.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "zettasim/study/sweep.hpp"

namespace zettasim::study {

struct Ended {
  enum class How {
    returned,        // `work` returned `code`
    crashed,         // by signal `code`, of its own making
    killed,          // by a signal from outside; the kernel sends SIGKILL when memory runs out
    out_of_time,     // by us, at the limit
    out_of_memory,   // it asked for more than the limit
    talked_too_much  // by us: it printed more than any result is long
  };
  std::size_t ticket = 0;
  How how = How::returned;
  int code = 0;
  std::string out;
  std::string error;
  double wall_s = 0.0;
};

class WorkerPool {
 public:
  WorkerPool(std::size_t workers, Limits limits);
  ~WorkerPool();  // ends all that still run
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  bool has_room() const { return running_.size() < workers_; }
  bool is_idle() const { return running_.empty(); }
  // Runs `work` in a child whose standard output and error are collected. Throws InputError when there can be no
  // further process.
  void start(std::size_t ticket, const std::function<int()>& work);
  // Those that ended; waits for the first of them, or until a signal comes, or `longest` has passed.
  std::vector<Ended> wait(std::chrono::milliseconds longest = std::chrono::milliseconds(500));

 private:
  using Clock = std::chrono::steady_clock;
  struct Child {
    int pid = -1;
    int out = -1;
    int error = -1;
    Clock::time_point began;
    bool killed_for_time = false;
    bool killed_for_output = false;
    Ended ended;
  };

  void kill_overdue();
  void read_from(Child& child);
  Ended bury(Child& child);

  std::size_t workers_;
  Limits limits_;
  std::vector<Child> running_;
};

}  // namespace zettasim::study
