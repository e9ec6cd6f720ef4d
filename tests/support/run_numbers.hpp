// A run in a child process, handed back as numbers that a test can ask and compare.
#pragma once

#include <string>
#include <vector>

#include "support/child.hpp"
#include "zettasim/engine/simulate.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::test {

struct JobNumbers {
  engine::JobStatus status;
  double start_s, end_s, kernel_s, collective_s, neighbours_s, storage_s, busy_s, sharing_s, flops, energy_j, steps,
      power_s, throttled_s;
};

class Numbers {
 public:
  static constexpr std::size_t per_run = 10, per_job = 14;

  explicit Numbers(std::vector<double> values) : values_(std::move(values)) {}
  const std::vector<double>& values() const { return values_; }
  double end_s() const { return values_.at(0); }
  double meter_j() const { return values_.at(1); }
  double accounts_j() const { return values_.at(2); }
  double components_j() const { return values_.at(3); }
  double jobs_energy_j() const { return values_.at(4); }
  double peak_w() const { return values_.at(9); }  // at the facility meter
  JobNumbers job(std::size_t i) const {
    const double* v = &values_.at(per_run + i * per_job);
    return {static_cast<engine::JobStatus>(static_cast<int>(v[0])),
            v[1],
            v[2],
            v[3],
            v[4],
            v[5],
            v[6],
            v[7],
            v[8],
            v[9],
            v[10],
            v[11],
            v[12],
            v[13]};
  }

 private:
  std::vector<double> values_;
};

inline std::vector<double> to_numbers(const engine::RunRecord& record) {
  double jobs_energy = 0.0, collectives = 0.0, messages = 0.0;
  for (const auto& job : record.jobs) jobs_energy += job.energy.sum().si();
  for (const auto& sample : record.collectives) collectives += sample.count;
  for (const auto& sample : record.messages) messages += sample.count;
  Power peak;
  for (const auto& step : record.power) peak = std::max(peak, step.power.sum());
  std::vector<double> v = {
      record.end.si(), record.meter.si(), record.accounts.sum().si(), record.components.sum().si(),    jobs_energy,
      collectives,     messages,          record.node_time.si(),      record.accounts.idle_nodes.si(), peak.si()};
  for (const auto& job : record.jobs) {
    double flops = 0.0;
    for (const Precision p : all_precisions) flops += job.flops[p].si();
    v.insert(v.end(), {static_cast<double>(job.status), job.start.si(), job.end.si(), job.time.kernel.si(),
                       job.time.collective.si(), job.time.neighbours.si(), job.time.storage.si(),
                       (job.time.busy + job.time.idle).si(), job.time.sharing.si(), flops, job.energy.sum().si(),
                       static_cast<double>(job.steps_planned), job.time.power.si(), job.throttled.si()});
  }
  return v;
}

inline Numbers simulate_in_child(const platform::Machine& machine, const workload::Trace& trace,
                                 const engine::RunOptions& options = {}) {
  return Numbers(run_in_child([&] {
    const auto network = topology::build_network(machine);
    return to_numbers(engine::simulate(machine, *network, trace, options));
  }));
}

}  // namespace zettasim::test
