// Traces built in code: `trace({job(steps(10, kernel(1_TFLOP)), 2)})` is one job of two nodes that computes ten times.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "zettasim/workload/trace.hpp"

namespace zettasim::test {

inline workload::Phase kernel(FlopCount flops_per_node, DataSize traffic = {}) {
  workload::Kernel kernel;
  kernel.memory_traffic = traffic;
  kernel.flops[Precision::fp64] = flops_per_node;
  return {.name = "kernel", .what = kernel};
}
inline workload::Phase all_reduce(DataSize size) {
  return {.name = "all-reduce",
          .what = workload::Collective{.operation = CollectiveOperation::all_reduce, .size = size, .groups = {}}};
}
inline workload::Phase halo(int dimensions, DataSize size) {
  return {.name = "halo", .what = workload::Neighbours{.dimensions = dimensions, .size = size}};
}
inline workload::Phase write_to(const std::string& tier, DataSize size_per_node) {
  return {
      .name = "write",
      .what = workload::StorageAccess{.direction = workload::Direction::write, .size = size_per_node, .tier = tier}};
}
inline workload::Phase busy(Duration time, double utilisation = 0.0) {
  return {.name = "busy", .what = workload::Busy{.time = time, .utilisation = utilisation}};
}
inline workload::Phase loop(std::int64_t count, std::vector<workload::Phase> body) {
  return {.name = "loop", .what = workload::Loop{.count = count, .body = std::move(body)}};
}

inline workload::Program steps(std::int64_t count, std::vector<workload::Phase> step) {
  workload::Program program;
  program.step = std::move(step);
  program.steps = count;
  return program;
}

struct TestJob {
  workload::Program program;
  std::int64_t nodes = 1;
  Duration submit;
  Duration requested_time = seconds(1e9);
  std::optional<Duration> run_time;
};

inline TestJob job(workload::Program program, std::int64_t nodes, Duration submit = {},
                   Duration requested = seconds(1e9)) {
  return {.program = std::move(program), .nodes = nodes, .submit = submit, .requested_time = requested, .run_time = {}};
}

// Each job has an application of its own, named for its position.
inline workload::Trace trace(const std::vector<TestJob>& jobs) {
  workload::Trace result;
  result.name = "test trace";
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    workload::Application application;
    application.name = "job " + std::to_string(i);
    application.model = "program";
    application.program = jobs[i].program;
    result.applications.push_back(application);
    workload::Job job;
    job.number = static_cast<std::int64_t>(i + 1);
    job.position = i;
    job.submit = jobs[i].submit;
    job.nodes = jobs[i].nodes;
    job.requested_time = jobs[i].requested_time;
    job.application = i;
    job.run_time = jobs[i].run_time;
    result.jobs.push_back(job);
  }
  return result;
}

}  // namespace zettasim::test
