#include "zettasim/engine/run_record.hpp"

namespace zettasim::engine {

GridCost& GridCost::operator+=(const GridCost& other) {
  carbon_g += other.carbon_g;
  money += other.money;
  return *this;
}

ThrottledBy& ThrottledBy::operator+=(const ThrottledBy& other) {
  budget += other.budget;
  ramp += other.ramp;
  rack += other.rack;
  node += other.node;
  return *this;
}

ThrottledBy operator*(const ThrottledBy& throttled, double factor) {
  return {throttled.budget * factor, throttled.ramp * factor, throttled.rack * factor, throttled.node * factor};
}

TimeByActivity& TimeByActivity::operator+=(const TimeByActivity& other) {
  kernel += other.kernel;
  collective += other.collective;
  neighbours += other.neighbours;
  storage += other.storage;
  busy += other.busy;
  idle += other.idle;
  sharing += other.sharing;
  power += other.power;
  return *this;
}

TimeByActivity operator*(const TimeByActivity& time, double factor) {
  return {time.kernel * factor, time.collective * factor, time.neighbours * factor, time.storage * factor,
          time.busy * factor,   time.idle * factor,       time.sharing * factor,    time.power * factor};
}

}  // namespace zettasim::engine
