// How far the work is and how long it will still take, on a terminal only.
#pragma once

#include <chrono>
#include <cstddef>

namespace zettasim::app {

class Progress {
 public:
  explicit Progress(const char* what = "jobs");
  ~Progress();  // wipes the line
  void show(std::size_t done, std::size_t total) { show(done, total, done); }
  // `fresh` of those done were done since this began: what is left takes as long as they did.
  void show(std::size_t done, std::size_t total, std::size_t fresh);

 private:
  using Clock = std::chrono::steady_clock;
  const char* what_;
  bool on_terminal_;
  bool shown_ = false;
  Clock::time_point began_ = Clock::now();
  Clock::time_point last_ = began_;
};

}  // namespace zettasim::app
