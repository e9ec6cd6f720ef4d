// Looking for the best point of a few continuous parameters instead of visiting a grid, with NLopt.
//
// First an even sample (Sobol) over the ranges, several points at a time; then COBYLA (Powell 1994) from the best of
// it, which needs no derivatives and keeps to conditions that are known by their violation only. For each combination
// of the lists in the file a search of its own. Every evaluation is a row of the store, in the order of the search,
// and the path depends on nothing but the file: a resumed search follows the rows that are there to where they end.
// Limits: COBYLA ends in a local optimum; `starts` of them are tried.
#pragma once

#include <functional>
#include <string>

#include "zettasim/study/run_sweep.hpp"
#include "zettasim/study/store.hpp"
#include "zettasim/study/sweep.hpp"

namespace zettasim::study {

// Evaluations at most, for all combinations of lists.
std::uint64_t most_evaluations(const Sweep& sweep);

// Throws InputError when the sweep has no search, or when the store holds rows and `resume` is not set.
SweepOutcome run_search(const Sweep& sweep, const Program& program, Store& store, const SweepOptions& options);

// The best row that keeps to all conditions, and how the search came to it: a line for each improvement.
std::string search_table(const Store& store, const Sweep& sweep);

}  // namespace zettasim::study
