#include "zettasim/base/interval.hpp"

#include <nlohmann/json.hpp>

namespace zettasim {

const Interval* Intervals::find(std::string_view metric) const {
  for (const Interval& interval : intervals) {
    if (interval.figure.metric == metric) return &interval;
  }
  return nullptr;
}

std::string intervals_json(const Intervals& drawn) {
  nlohmann::ordered_json result = {{"draws", drawn.draws}, {"seed", drawn.seed}, {"failed_runs", drawn.failed}};
  for (const Interval& i : drawn.intervals) {
    result["intervals"][i.figure.metric] = {
        {"described", i.described}, {"low_5_percent", i.low}, {"median", i.median}, {"high_95_percent", i.high}};
  }
  return result.dump();
}

}  // namespace zettasim
