// The checks between two files: does this trace fit this machine? See simulate.hpp.
#include <fmt/format.h>

#include <set>

#include "engine/job_plan.hpp"
#include "zettasim/base/suggest.hpp"
#include "zettasim/engine/simulate.hpp"

namespace zettasim::engine {
namespace {

void collect_tiers(const std::vector<workload::Phase>& phases, std::set<std::string>& tiers) {
  for (const workload::Phase& phase : phases) {
    if (const auto* access = std::get_if<workload::StorageAccess>(&phase.what)) tiers.insert(access->tier);
    if (const auto* loop = std::get_if<workload::Loop>(&phase.what)) collect_tiers(loop->body, tiers);
  }
}

void check_tiers(const platform::Machine& machine, const workload::Trace& trace, std::vector<Problem>& problems) {
  std::vector<std::string> names;
  for (const auto& tier : machine.storage) names.push_back(tier.name);
  for (const workload::Application& application : trace.applications) {
    const auto program = workload::build_program(application, 1, node_shape(machine));
    std::set<std::string> tiers;
    for (const auto* phases : {&program.setup, &program.step, &program.checkpoint, &program.finish})
      collect_tiers(*phases, tiers);
    for (const std::string& tier : tiers) {
      if (find_tier(machine, tier)) continue;
      problems.push_back(
          {trace.file,
           fmt::format("application \"{}\" uses the storage tier \"{}\", which machine \"{}\" does not have{}",
                       application.name, tier, machine.name, suggestion(tier, names))});
    }
  }
}

}  // namespace

std::vector<Problem> find_misfits(const platform::Machine& machine, const workload::Trace& trace) {
  std::vector<Problem> problems;
  check_tiers(machine, trace, problems);
  if (trace.recorded) return problems;
  for (const workload::Job& job : trace.jobs) {
    if (job.nodes <= machine.node_count) continue;
    problems.push_back({fmt::format("{}#/jobs/{}/nodes", trace.file, job.position),
                        fmt::format("found {}, expected at most {}, the nodes of machine \"{}\"", job.nodes,
                                    machine.node_count, machine.name)});
  }
  return problems;
}

}  // namespace zettasim::engine
