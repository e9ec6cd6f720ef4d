// How far the work is and how long it will still take, on a terminal only.
#pragma once

#include <chrono>
#include <cstddef>

namespace zettasim::app {

class Progress {
 public:
  Progress();
  ~Progress();  // wipes the line
  void show(std::size_t done, std::size_t total);

 private:
  using Clock = std::chrono::steady_clock;
  bool on_terminal_;
  bool shown_ = false;
  Clock::time_point began_ = Clock::now();
  Clock::time_point last_ = began_;
};

}  // namespace zettasim::app
