// Pricing programs: phases to times, traffic and energy. See job_plan.hpp.
#include "engine/job_plan.hpp"

#include <algorithm>
#include <cmath>

#include "zettasim/base/contract.hpp"
#include "zettasim/cost/kernel.hpp"
#include "zettasim/cost/storage.hpp"

namespace zettasim::engine {
namespace {

// Adds `bytes` per resource of `more` to `traffic`, both in ascending order of resource.
void merge_traffic(std::vector<Traffic>& traffic, const std::vector<Traffic>& more) {
  std::vector<Traffic> sum;
  sum.reserve(traffic.size() + more.size());
  auto a = traffic.begin();
  auto b = more.begin();
  while (a != traffic.end() || b != more.end()) {
    if (b == more.end() || (a != traffic.end() && a->resource < b->resource)) {
      sum.push_back(*a++);
    } else if (a == traffic.end() || b->resource < a->resource) {
      sum.push_back(*b++);
    } else {
      sum.push_back({a->resource, a->bytes + b->bytes});
      ++a, ++b;
    }
  }
  traffic = std::move(sum);
}

bool only_busy(const std::vector<workload::Phase>& phases) {
  return !phases.empty() && std::all_of(phases.begin(), phases.end(), [](const workload::Phase& phase) {
    return std::holds_alternative<workload::Busy>(phase.what);
  });
}

double sum_alone_s(const JobPlan& plan) {
  double total = 0.0;
  for (const StageRun& run : plan.schedule) {
    total += static_cast<double>(run.iterations) * plan.stages[run.stage].iteration.once_s(1.0);
  }
  return total;
}

// How many steps of `step_s` fit into `time_s`, at least one, when every `interval` of them (0: never) bring a
// checkpoint.
std::int64_t steps_within(double time_s, double step_s, std::int64_t interval, double checkpoint_s) {
  const double time = std::max(0.0, time_s) * (1.0 + 1e-12);  // a quotient a rounding below a whole number is whole
  double steps = std::floor(time / step_s);
  if (interval > 0) {
    const double per_segment = static_cast<double>(interval);
    const double segments = std::floor(time / (per_segment * step_s + checkpoint_s));
    const double rest = std::floor((time - segments * (per_segment * step_s + checkpoint_s)) / step_s);
    steps = segments * per_segment + std::min(rest, per_segment - 1.0);
  }
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::min(1e15, steps)));
}

}  // namespace

workload::NodeShape node_shape(const platform::Machine& machine) {
  const auto& devices = machine.main_devices();
  return {.main_devices = devices.count,
          .main_memory = devices.device.memory.capacity * static_cast<double>(devices.count)};
}

const platform::StorageTier* find_tier(const platform::Machine& machine, const std::string& name) {
  for (const auto& tier : machine.storage) {
    if (name.empty() ? tier.scope == platform::StorageScope::shared : tier.name == name) return &tier;
  }
  return name.empty() && !machine.storage.empty() ? &machine.storage.front() : nullptr;
}

Planner::Planner(const platform::Machine& machine, const topology::Network& network)
    : machine_(machine), network_(network), communication_(machine, network) {}

std::vector<double> Planner::resource_capacities() const {
  std::vector<double> capacities;
  capacities.reserve(network_.link_count() + 2 * machine_.storage.size());
  for (std::size_t i = 0; i < network_.link_count(); ++i) capacities.push_back(network_.link(LinkId(i)).bandwidth.si());
  for (const auto& tier : machine_.storage) {
    capacities.push_back(tier.read.si());
    capacities.push_back(tier.write.si());
  }
  return capacities;
}

JobPlan Planner::plan(const workload::Application& application, const workload::Job& job,
                      std::span<const NodeId> nodes) {
  const workload::Program program = workload::build_program(application, job.nodes, node_shape(machine_));
  JobPlan plan;
  const auto add_in_order = [&](const std::vector<workload::Phase>& phases) {
    for (const workload::Phase& phase : phases) {
      const auto* loop = std::get_if<workload::Loop>(&phase.what);
      plan.stages.push_back(loop ? price(loop->body, nodes) : price({phase}, nodes));
      plan.schedule.push_back({plan.stages.size() - 1, loop ? loop->count : 1});
    }
  };
  add_in_order(program.setup);
  JobPlan last = std::move(plan);
  plan = {};
  add_in_order(program.finish);
  JobPlan finish = std::move(plan);
  plan = std::move(last);

  workload::Job main = job;
  if (main.run_time) main.run_time = *main.run_time - seconds(sum_alone_s(plan) + sum_alone_s(finish));
  add_main_loop(program, main, nodes, plan);
  for (StageRun run : finish.schedule) plan.schedule.push_back({run.stage + plan.stages.size(), run.iterations});
  for (Stage& stage : finish.stages) plan.stages.push_back(std::move(stage));
  return plan;
}

// The steps, in segments that a checkpoint follows. With a run time, as many as fit into it.
void Planner::add_main_loop(const workload::Program& program, const workload::Job& job, std::span<const NodeId> nodes,
                            JobPlan& plan) {
  if (program.step.empty()) return;
  Stage step = price(program.step, nodes);
  double step_s = step.iteration.once_s(1.0);
  if (job.run_time && only_busy(program.step)) {
    // Time that a log recorded takes exactly as long as it was recorded, however the model cut it into steps.
    auto busy = std::get<workload::Busy>(program.step.front().what);
    busy.time = std::max(*job.run_time, Duration());
    step = price({{.name = program.step.front().name, .what = busy}}, nodes);
    step_s = busy.time.si();
  }
  std::int64_t interval = 0;
  double checkpoint_s = 0.0;
  std::optional<Stage> checkpoint;
  if (!program.checkpoint.empty() && program.checkpoint_interval && step_s > 0.0) {
    interval = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(std::min(1e15, program.checkpoint_interval->si() / step_s)));
    checkpoint = price(program.checkpoint, nodes);
    checkpoint_s = checkpoint->iteration.once_s(1.0);
  }
  const std::int64_t steps =
      job.run_time && step_s > 0.0 ? steps_within(job.run_time->si(), step_s, interval, checkpoint_s) : program.steps;
  plan.steps = steps;
  const std::size_t step_index = plan.stages.size();
  plan.stages.push_back(std::move(step));
  if (checkpoint) plan.stages.push_back(std::move(*checkpoint));
  if (steps == 0) return;
  if (!checkpoint) interval = steps;
  for (std::int64_t done = 0; done < steps; done += interval) {
    plan.schedule.push_back({step_index, std::min(interval, steps - done)});
    if (checkpoint && done + interval <= steps) plan.schedule.push_back({step_index + 1, 1});
  }
}

Stage Planner::price(const std::vector<workload::Phase>& phases, std::span<const NodeId> nodes) {
  Stage stage;
  for (const workload::Phase& phase : phases) add_phase(phase, 1.0, nodes, stage.iteration, stage);
  for (const PhaseTree& child : stage.iteration.children) {
    stage.iteration.fixed_s += static_cast<double>(child.count) * child.fixed_s;
    stage.iteration.shared_s += static_cast<double>(child.count) * child.shared_s;
  }
  return stage;
}

// Adds a phase that happens `times` times per iteration of the stage to the stage's sums, and once to its tree.
void Planner::add_phase(const workload::Phase& phase, double times, std::span<const NodeId> nodes, PhaseTree& parent,
                        Stage& stage) {
  PhaseTree tree;
  if (const auto* loop = std::get_if<workload::Loop>(&phase.what)) {
    for (const auto& inner : loop->body) add_phase(inner, times * static_cast<double>(loop->count), nodes, tree, stage);
    for (const PhaseTree& child : tree.children) {
      tree.fixed_s += static_cast<double>(child.count) * child.fixed_s;
      tree.shared_s += static_cast<double>(child.count) * child.shared_s;
    }
    tree.count = loop->count;
  } else if (const auto* kernel = std::get_if<workload::Kernel>(&phase.what)) {
    add_kernel(*kernel, times, nodes.size(), tree, stage);
  } else if (const auto* collective = std::get_if<workload::Collective>(&phase.what)) {
    add_communication(communication_.collective(collective->operation, collective->size, nodes), true, times, tree,
                      stage);
  } else if (const auto* halo = std::get_if<workload::Neighbours>(&phase.what)) {
    add_communication(communication_.neighbours(halo->dimensions, halo->size, nodes), false, times, tree, stage);
  } else if (const auto* access = std::get_if<workload::StorageAccess>(&phase.what)) {
    add_storage(*access, times, nodes.size(), tree, stage);
  } else {
    add_busy(std::get<workload::Busy>(phase.what), times, nodes.size(), tree, stage);
  }
  parent.children.push_back(std::move(tree));
}

void Planner::add_kernel(const workload::Kernel& kernel, double times, std::size_t nodes, PhaseTree& leaf,
                         Stage& stage) {
  const bool on_gpu = kernel.device == DeviceKind::gpu && machine_.node.gpus;
  const platform::DeviceGroup& group = on_gpu ? *machine_.node.gpus : machine_.node.cpus;
  const double devices = static_cast<double>(group.count);
  PerPrecision<FlopCount> per_device;
  for (const Precision p : all_precisions) per_device[p] = kernel.flops[p] / devices;
  const auto cost = cost::kernel_cost(group.device, per_device, kernel.memory_traffic / devices);
  const double all_devices = times * devices * static_cast<double>(nodes);
  leaf.fixed_s = cost.time.si();
  stage.alone.kernel += cost.time * times;
  stage.energy[on_gpu ? Component::gpu : Component::cpu] += cost.compute_energy * all_devices;
  stage.energy[on_gpu ? Component::gpu_memory : Component::cpu_memory] += cost.memory_energy * all_devices;
  for (const Precision p : all_precisions) stage.flops[p] += kernel.flops[p] * (times * static_cast<double>(nodes));
}

void Planner::add_communication(const cost::CommunicationCost& cost, bool collective, double times, PhaseTree& leaf,
                                Stage& stage) {
  leaf.shared_s = cost.time.si();
  (collective ? stage.alone.collective : stage.alone.neighbours) += cost.time * times;
  stage.energy[Component::network] += cost.network_energy * times;
  stage.energy[Component::nic] += cost.nic_energy * times;
  stage.energy[Component::node_links] += cost.node_link_energy * times;
  std::vector<Traffic> traffic;
  traffic.reserve(cost.loads.size());
  for (const auto& load : cost.loads) traffic.push_back({load.link.index(), load.bytes * times});
  merge_traffic(stage.traffic, traffic);
  // A job on a single node exchanges nothing between nodes; its zeros would say nothing about the network.
  if (cost.messages > 0.0)
    stage.samples.push_back({.collective = collective, .latency_s = cost.time.si(), .count = times});
}

void Planner::add_storage(const workload::StorageAccess& access, double times, std::size_t nodes, PhaseTree& leaf,
                          Stage& stage) {
  const platform::StorageTier* tier = find_tier(machine_, access.tier);
  ZETTASIM_EXPECT(tier != nullptr, "storage tier \"{}\" was checked before the run", access.tier);
  const bool write = access.direction == workload::Direction::write;
  const auto cost = cost::storage_cost(machine_, *tier, write ? cost::Access::write : cost::Access::read, access.size,
                                       static_cast<std::int64_t>(nodes));
  stage.alone.storage += cost.time * times;
  stage.energy[Component::storage] += cost.energy * times;
  if (tier->scope == platform::StorageScope::node) {
    leaf.fixed_s = cost.time.si();
    return;
  }
  leaf.shared_s = cost.time.si();
  const auto index = static_cast<std::size_t>(tier - machine_.storage.data());
  const auto resource = static_cast<std::uint32_t>(network_.link_count() + 2 * index + (write ? 1 : 0));
  merge_traffic(stage.traffic, {{resource, cost.total.si() * times}});
}

void Planner::add_busy(const workload::Busy& busy, double times, std::size_t nodes, PhaseTree& leaf, Stage& stage) {
  const auto& group = machine_.main_devices();
  leaf.fixed_s = busy.time.si();
  stage.alone.busy += busy.time * times;
  const Power above_idle =
      (group.device.limit - group.device.idle) * (busy.utilisation * static_cast<double>(group.count));
  stage.energy[group.device.kind == DeviceKind::gpu ? Component::gpu : Component::cpu] +=
      above_idle * busy.time * (times * static_cast<double>(nodes));
}

}  // namespace zettasim::engine
