// What differs between SimGrid 3.32 (Debian 12) and 4.x, and the settings under which we use either.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <simgrid/s4u.hpp>

#include <simgrid/version.h>  // only after s4u.hpp: alone it does not compile in 3.32
#include <string>
#include <utility>
#include <vector>

namespace zettasim::engine {

using SimGridSettings = std::vector<std::pair<std::string, std::string>>;

// The engine of this process under our settings (design D5): no TCP-like factors, raw contexts, small stacks without
// guard pages. `more` comes on top. Once per process.
std::unique_ptr<simgrid::s4u::Engine> make_engine(const SimGridSettings& more = {});

void start_actor(simgrid::s4u::Host* host, const std::string& name, const std::function<void()>& body);

// Waits for one of `messages` (not empty) to be done, at most `seconds` (negative: for ever); its position, or nothing
// when the time ran out.
std::optional<std::size_t> wait_for_one(const std::vector<simgrid::s4u::CommPtr>& messages, double seconds);

class SimGridWorld {
 public:
  // Loads the machine: a flat zone with one host per node (one zone per node would be quadratic to build), whose speed
  // is `flops_per_s`.
  SimGridWorld(std::size_t nodes, double flops_per_s);

  void start_actor(const std::string& name, std::size_t node, const std::function<void()>& body);
  void run();
  double now_s() const;

  // What was set, for the report.
  static SimGridSettings settings();

 private:
  std::unique_ptr<simgrid::s4u::Engine> engine_;
  std::vector<simgrid::s4u::Host*> hosts_;
};

// A sleep that others can end. One per actor; only its owner sleeps.
class Alarm {
 public:
  Alarm() : semaphore_(simgrid::s4u::Semaphore::create(0)) {}
  // Sleeps for `seconds`, or until `ring`; tells whether the time ran out.
  bool sleep(double seconds) { return rung_ ? semaphore_->acquire(), rung_ = false, false : wait(seconds); }
  // Sleeps until `ring`.
  void sleep() { semaphore_->acquire(), rung_ = false; }
  void ring() {
    if (rung_) return;
    rung_ = true;
    semaphore_->release();
  }

 private:
  bool wait(double seconds) {
    const bool ran_out = semaphore_->acquire_timeout(seconds);
    if (!ran_out) rung_ = false;
    return ran_out;
  }
  simgrid::s4u::SemaphorePtr semaphore_;
  bool rung_ = false;
};

}  // namespace zettasim::engine
