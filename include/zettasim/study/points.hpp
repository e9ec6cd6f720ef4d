// The points of a sweep: the product of its axes, without what its constraints exclude, each seed in turn.
// A point's number alone says what it is, so that workers, shards and resumed sweeps agree without talking.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "zettasim/study/sweep.hpp"

namespace zettasim::study {

struct Point {
  std::uint64_t id = 0;
  std::vector<Value> values;  // in the order of Sweep::parameters
  std::uint64_t seed = 0;
};

class Points {
 public:
  // Throws InputError when nothing is left, when there are too many, or when a constraint makes no sense.
  explicit Points(const Sweep& sweep);
  std::size_t size() const { return kept_.size() * repeats_; }
  Point operator[](std::size_t id) const;

 private:
  std::vector<Value> values_at(std::uint64_t product_index) const;

  const Sweep& sweep_;
  std::size_t repeats_;
  std::vector<std::uint64_t> kept_;  // positions in the product of the axes
};

// {"hbm": "40 TB/s", "gpus": 4}: the parameters by name, as JSON.
std::string parameters_json(const Sweep& sweep, const Point& point);

// The values as expressions see them.
std::optional<Value> value_of(const Sweep& sweep, const Point& point, const std::string& name);

// What a run of a point is called with, and which settings its workload gets first.
struct Invocation {
  std::vector<std::string> arguments;
  std::string platform;
  std::vector<std::string> overlays;
  std::vector<std::string> settings;                                   // "pointer=value" of the machine
  std::vector<std::pair<std::string, std::string>> workload_settings;  // pointer and JSON
};
Invocation invocation_of(const Sweep& sweep, const Run& run, const Point& point);

// A digest of a text that two different texts do not share: a name-based UUID (RFC 4122, SHA-1).
std::string digest(const std::string& text);

}  // namespace zettasim::study
