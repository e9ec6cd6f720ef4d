// The checks between two files: does this trace fit this machine? See simulate.hpp.
#include <fmt/format.h>

#include <set>

#include "engine/job_plan.hpp"
#include "zettasim/base/suggest.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/engine/simulate.hpp"

namespace zettasim::engine {
namespace {

// What an application asks of a machine beyond nodes: storage tiers by name, and precisions of a kind of device.
struct Needs {
  std::set<std::string> tiers;
  std::set<std::pair<DeviceKind, Precision>> precisions;

  void collect(const std::vector<workload::Phase>& phases) {
    for (const workload::Phase& phase : phases) {
      if (const auto* access = std::get_if<workload::StorageAccess>(&phase.what)) tiers.insert(access->tier);
      if (const auto* loop = std::get_if<workload::Loop>(&phase.what)) collect(loop->body);
      if (const auto* idle = std::get_if<workload::Idle>(&phase.what)) collect(idle->body);
      if (const auto* overlap = std::get_if<workload::Overlap>(&phase.what)) {
        for (const auto& branch : overlap->branches) collect(branch);
      }
      if (const auto* product = std::get_if<workload::MatrixMultiply>(&phase.what))
        precisions.insert({product->device, product->precision});
      const auto* kernel = std::get_if<workload::Kernel>(&phase.what);
      if (!kernel) continue;
      for (const Precision p : all_precisions) {
        if (kernel->flops[p].si() > 0.0) precisions.insert({kernel->device, p});
      }
    }
  }
};

const platform::Device& device_for(const platform::Machine& machine, DeviceKind kind) {
  return kind == DeviceKind::gpu ? machine.main_devices().device : machine.node.cpus.device;
}

void check_applications(const platform::Machine& machine, const workload::Trace& trace,
                        std::vector<Problem>& problems) {
  std::vector<std::string> names;
  for (const auto& tier : machine.storage) names.push_back(tier.name);
  for (const workload::Application& application : trace.applications) {
    const auto program = workload::build_program(application, 1, node_shape(machine));
    Needs needs;
    for (const auto* phases : {&program.setup, &program.step, &program.checkpoint, &program.finish})
      needs.collect(*phases);
    for (const std::string& tier : needs.tiers) {
      if (find_tier(machine, tier)) continue;
      problems.push_back(
          {trace.file,
           fmt::format("application \"{}\" uses the storage tier \"{}\", which machine \"{}\" does not have{}",
                       application.name, tier, machine.name, suggestion(tier, names))});
    }
    for (const auto& [kind, precision] : needs.precisions) {
      const auto& device = device_for(machine, kind);
      if (platform::precision_used(device, precision)) continue;
      problems.push_back(
          {trace.file,
           fmt::format("application \"{}\" computes in {}, and device \"{}\" of machine \"{}\" has no rate for it "
                       "or for a wider precision",
                       application.name, name_of(precision), device.name, machine.name)});
    }
  }
}

// Programs that cannot be laid out on so many nodes, or hold more than their memory. Each size of an application once.
void check_programs(const platform::Machine& machine, const workload::Trace& trace, std::vector<Problem>& problems) {
  std::set<std::pair<std::size_t, std::int64_t>> seen;
  const auto& device = machine.main_devices().device;
  for (const workload::Job& job : trace.jobs) {
    if (job.nodes > machine.node_count || !seen.insert({job.application, job.nodes}).second) continue;
    const workload::Application& application = trace.applications[job.application];
    const auto program = workload::build_program(application, job.nodes, node_shape(machine));
    const auto problem = [&](std::string text) {
      problems.push_back(
          {trace.file, fmt::format("application \"{}\" on {} nodes: {}", application.name, job.nodes, text)});
    };
    if (!program.misfit.empty()) problem(program.misfit);
    if (program.device_memory <= device.memory.capacity) continue;
    problem(fmt::format("holds {} on each \"{}\", which has {}{}{}", to_text(program.device_memory), device.name,
                        to_text(device.memory.capacity), program.memory_advice.empty() ? "" : "; ",
                        program.memory_advice));
  }
}

}  // namespace

std::vector<Problem> find_misfits(const platform::Machine& machine, const workload::Trace& trace) {
  std::vector<Problem> problems;
  check_applications(machine, trace, problems);
  if (trace.recorded || !problems.empty()) return problems;
  check_programs(machine, trace, problems);
  for (const workload::Job& job : trace.jobs) {
    if (job.nodes <= machine.node_count) continue;
    problems.push_back({fmt::format("{}#/jobs/{}/nodes", trace.file, job.position),
                        fmt::format("found {}, expected at most {}, the nodes of machine \"{}\"", job.nodes,
                                    machine.node_count, machine.name)});
  }
  return problems;
}

}  // namespace zettasim::engine
