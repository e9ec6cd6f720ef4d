// Small sweeps for tests: only the members that a test is about.
#pragma once

#include <string>

#include "zettasim/study/sweep.hpp"

namespace zettasim::test {

// `parameters` is the inside of the list; `more` further members, each with a comma before it.
inline std::string sweep_text(const std::string& parameters, const std::string& more = "") {
  return R"({"format": "zettasim-sweep", "version": 1, "name": "small",
    "runs": {"day": ["run", "two-nodes", "two-jobs"]},
    "metrics": {"time": {"run": "day", "at": "/time_s", "unit": "s"}},
    "parameters": [)" +
         parameters + "]" + more + "}";
}

inline study::Sweep small_sweep(const std::string& parameters, const std::string& more = "") {
  return study::read_sweep(Document::parse("small.json", sweep_text(parameters, more)));
}

inline const std::string gpus = R"({"name": "gpus", "platform": "/node/gpus/count", "values": [1, 2, 4]})";
inline const std::string budget =
    R"({"name": "budget", "platform": "/facility/budget", "from": "20 MW", "to": "40 MW", "steps": 3})";

}  // namespace zettasim::test
