// The forms a run's result takes: one screen, JSON for machines, tables, a page to open. All are texts; files.hpp
// writes them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "zettasim/base/interval.hpp"
#include "zettasim/engine/run_record.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/report/summary.hpp"
#include "zettasim/workload/trace.hpp"

namespace zettasim::report {

// All a report is made from. References only; they must outlive it.
struct Run {
  const platform::Machine& machine;
  const workload::Trace& trace;
  const engine::RunRecord& record;
  const Summary& summary;
  std::string version;                     // of zettasim
  std::vector<std::string> command;        // options that shaped the run, as typed: enough to run again
  std::optional<Intervals> sureness = {};  // of the headlines, where they were drawn
};

// The figures that a report tells with an interval, as summary_json names them.
const std::vector<Figure>& headlines();

std::string screen(const Run& run);        // at most 40 lines of at most 110 columns
std::string summary_json(const Run& run);  // the summary under stable names (docs/formats.md)
std::string report_json(const Run& run);   // the summary, the resolved input, versions, seed and settings
std::string jobs_csv(const Run& run);      // one line per job
std::string power_csv(const Run& run);     // power over time, at most 1,440 lines
std::string report_html(const Run& run);   // self-contained, with charts

// What one job waited for, and where its time and energy went.
std::string explain(const Run& run, JobId job);

}  // namespace zettasim::report
