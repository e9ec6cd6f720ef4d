// Chooses the reader of a trace by the name of its file, and gives a log without applications those of a mix.
#include "zettasim/workload/read_trace.hpp"

#include <algorithm>

#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"

namespace zettasim::workload {
namespace {

bool is_swf(const std::filesystem::path& file) {
  const auto extension = file.extension();
  if (extension == ".gz" || extension == ".zst") return file.stem().extension() == ".swf";
  return extension == ".swf";
}

}  // namespace

Trace read_trace(const std::filesystem::path& file, const TraceOptions& options) {
  Trace trace = is_swf(file) ? read_swf(file.string(), read_text(file)) : read_json_trace(Document::load(file));
  trace.file = file.string();
  if (options.seed) trace.seed = *options.seed;
  if (!options.mix) return trace;
  const bool recorded = std::all_of(trace.applications.begin(), trace.applications.end(),
                                    [](const Application& a) { return a.model == "recorded"; });
  if (!recorded) {
    throw InputError(file.string(),
                     "names the applications of its jobs, so that a mix has nothing to give; leave the mix out");
  }
  const Mix mix = load_mix(*options.mix);
  apply_mix(trace, mix, options.seed.value_or(mix.seed));
  return trace;
}

}  // namespace zettasim::workload
