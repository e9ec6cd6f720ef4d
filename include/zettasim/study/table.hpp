// Rows for people and for other programs: the Pareto front, tables, CSV.
#pragma once

#include <string>
#include <vector>

#include "zettasim/study/store.hpp"
#include "zettasim/study/sweep.hpp"

namespace zettasim::study {

// "maximise:hpl" or "minimise:power". Throws InputError when it is neither, or the store has no such metric.
Objective parse_objective(const std::string& text, const About& about);

// Positions of the rows that no other row beats: as good in every objective and better in one. Best in the first
// objective first, then by point.
std::vector<std::size_t> pareto_front(const std::vector<std::vector<double>>& rows, const std::vector<Sense>& senses);

// The front of a store as a table, or without objectives all its rows; `most` lines at most.
std::string front_table(const Store& store, const Sweep& sweep, const std::vector<Objective>& objectives,
                        std::size_t most);

// Rows as a table for people: parameters and metrics.
std::string rows_table(const std::vector<Row>& rows, const Sweep& sweep);

// A line for each point in order: parameters, metrics, status, message, seed, platform, version. The same for every
// number of workers and however often the sweep was interrupted.
std::string rows_csv(const Store& store);

}  // namespace zettasim::study
