// Readers of traces: our JSON ("zettasim-workload"), and the Standard Workload Format of the Parallel Workloads
// Archive.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "zettasim/workload/mix.hpp"
#include "zettasim/workload/trace.hpp"

namespace zettasim::workload {

struct TraceOptions {
  std::optional<std::filesystem::path> mix;  // applications for the jobs of a log that records none
  std::optional<std::uint64_t> seed;         // instead of the file's
};

// Reads a trace by its extension: .swf (also .swf.gz, .swf.zst) as SWF, anything else as JSON (also compressed).
// Throws InputError with all problems. A mix given for a trace that names its applications is a problem too.
Trace read_trace(const std::filesystem::path& file, const TraceOptions& options = {});

Trace read_json_trace(Document document);
Trace read_swf(const std::string& name, const std::string& text);

// The trace as our JSON, one job per line; reading it back gives the same trace.
std::string write_json_trace(const Trace& trace);
// The trace as SWF: submit, run time, nodes and requested time; applications become executable numbers, named in the
// header.
std::string write_swf(const Trace& trace);

}  // namespace zettasim::workload
