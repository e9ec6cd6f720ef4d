// A mix gives each job of a log that records no application one of ours, by stated shares and rules, repeatably from a
// seed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "zettasim/base/document.hpp"
#include "zettasim/workload/trace.hpp"

namespace zettasim::workload {

// An application and when it may be drawn; among the rules that fit a job, one is drawn in proportion to the shares.
struct MixRule {
  std::size_t application = 0;
  double share = 1.0;
  std::int64_t min_nodes = 1;
  std::int64_t max_nodes = std::numeric_limits<std::int64_t>::max();
  Duration min_run_time;
  Duration max_run_time = Duration::from_si(std::numeric_limits<double>::infinity());
};

struct Mix {
  std::string name;
  std::uint64_t seed = 1;
  std::vector<Application> applications;
  std::vector<MixRule> rules;
};

Mix read_mix(Document document);
Mix load_mix(const std::filesystem::path& file);

// Replaces the trace's applications by the mix's. The draw of a job depends on the seed and the job's number alone, so
// that leaving a job out changes no other. A job that no rule fits keeps the trace's "recorded" application and is
// noted.
void apply_mix(Trace& trace, const Mix& mix, std::uint64_t seed);

}  // namespace zettasim::workload
