// Pricing programs: phases to times, traffic and energy. See job_plan.hpp.
#include "engine/job_plan.hpp"

#include <algorithm>
#include <cmath>

#include "engine/phase_simulator.hpp"
#include "engine/power_meter.hpp"
#include "zettasim/base/contract.hpp"
#include "zettasim/cost/gemm.hpp"
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

PhaseShare& share_named(std::vector<PhaseShare>& shares, const std::string& name) {
  const auto it =
      std::find_if(shares.begin(), shares.end(), [&](const PhaseShare& share) { return share.name == name; });
  return it != shares.end() ? *it : shares.emplace_back(PhaseShare{name, {}, {}, {}, {}});
}

Saved saved_by(DeviceKind kind, Energy energy) {
  return kind == DeviceKind::gpu ? Saved{.cpu_j = 0.0, .gpu_j = energy.si()}
                                 : Saved{.cpu_j = energy.si(), .gpu_j = 0.0};
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

void Stage::add(const Stage& other, double times, double shown) {
  alone += other.alone * (times * shown);
  for (const Precision p : all_precisions) flops[p] += other.flops[p] * times;
  for (const Component c : all_components) energy[c] += other.energy[c] * times;
  std::vector<Traffic> scaled = other.traffic;
  for (Traffic& load : scaled) load.bytes *= times;
  merge_traffic(traffic, scaled);
  for (CommunicationSample sample : other.samples) {
    sample.count *= times;
    samples.push_back(sample);
  }
  for (const PhaseShare& share : other.shares) {
    PhaseShare& sum = share_named(shares, share.name);
    sum.time += share.time * (times * shown);
    sum.own += share.own * times;
    sum.flops += share.flops * times;
    sum.energy += share.energy * times;
  }
}

workload::NodeShape node_shape(const platform::Machine& machine) {
  const auto& devices = machine.main_devices();
  const auto& cpus = machine.node.cpus;
  return {.main_devices = devices.count,
          .main_memory = devices.device.memory.capacity * static_cast<double>(devices.count),
          .main_kind = devices.device.kind,
          .host_memory = machine.node.gpus ? cpus.device.memory.capacity * static_cast<double>(cpus.count) : DataSize{},
          .storage = !machine.storage.empty(),
          .lu_block = devices.device.lu_block};
}

const platform::StorageTier* find_tier(const platform::Machine& machine, const std::string& name) {
  for (const auto& tier : machine.storage) {
    if (name.empty() ? tier.scope == platform::StorageScope::shared : tier.name == name) return &tier;
  }
  return name.empty() && !machine.storage.empty() ? &machine.storage.front() : nullptr;
}

Planner::Planner(const platform::Machine& machine, const topology::Network& network, cost::Loads loads,
                 Resolution resolution)
    : machine_(machine), network_(network), loads_(loads), communication_(machine, network) {
  if (resolution == Resolution::messages) messages_ = std::make_unique<PhaseSimulator>(machine, network);
}
Planner::~Planner() = default;

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
  plan.once = program.once;
  plan.per_step = program.per_step;
  plan.device_memory = program.device_memory;
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
  plan.step_time = seconds(step_s);
  const std::size_t step_index = plan.stages.size();
  plan.step_stage = step_index;
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
  stage.iteration.shape = PhaseTree::Shape::loop;
  for (const workload::Phase& phase : phases) {
    Stage one = price(phase, nodes);
    stage.add(one, static_cast<double>(one.iteration.count));
    stage.iteration.children.push_back(std::move(one.iteration));
  }
  stage.iteration.close();
  return stage;
}

// One execution of a phase. Of a loop: one of its iterations, which the tree counts.
Stage Planner::price(const workload::Phase& phase, std::span<const NodeId> nodes) {
  struct Pricer {
    Planner& planner;
    std::span<const NodeId> nodes;
    Stage operator()(const workload::Kernel& kernel) const { return planner.price_kernel(kernel, nodes.size()); }
    Stage operator()(const workload::MatrixMultiply& product) const {
      return planner.price_product(product, nodes.size());
    }
    Stage operator()(const workload::Collective& collective) const {
      return planner.price_communication(planner.cost_of(collective, nodes), true);
    }
    Stage operator()(const workload::Shift& shift) const {
      return planner.price_communication(planner.cost_of(shift, nodes), false);
    }
    Stage operator()(const workload::Neighbours& halo) const {
      return planner.price_communication(planner.cost_of(halo, nodes), false);
    }
    Stage operator()(const workload::StorageAccess& access) const {
      return planner.price_storage(access, nodes.size());
    }
    Stage operator()(const workload::Busy& busy) const { return planner.price_busy(busy, nodes.size()); }
    Stage operator()(const workload::Loop& loop) const {
      Stage stage = planner.price(loop.body, nodes);
      stage.iteration.count = loop.count;
      return stage;
    }
    Stage operator()(const workload::Overlap& overlap) const { return planner.price_overlap(overlap, nodes); }
    Stage operator()(const workload::Idle& idle) const { return planner.price_idle(idle, nodes); }
  };
  Stage stage = std::visit(Pricer{*this, nodes}, phase.what);
  stage.iteration.energy_j = stage.energy.sum().si();
  stage.iteration.inside_j = inside_nodes(stage.energy).si();
  if (!stage.shares.empty()) return stage;
  FlopCount work;
  for (const Precision p : all_precisions) work += stage.flops[p];
  const Duration time = seconds(stage.iteration.once_s(1.0));
  stage.shares = {{phase.name, time, time, work, stage.energy.sum()}};
  return stage;
}

const platform::DeviceGroup& Planner::devices_for(DeviceKind kind) const {
  return kind == DeviceKind::gpu ? machine_.main_devices() : machine_.node.cpus;
}

Stage Planner::price_kernel(const workload::Kernel& kernel, std::size_t nodes) const {
  const platform::DeviceGroup& group = devices_for(kernel.device);
  const auto devices = static_cast<double>(group.count);
  PerPrecision<FlopCount> per_device;
  for (const Precision p : all_precisions) per_device[p] = kernel.flops[p] / devices;
  Stage stage = price_work(
      group,
      cost::kernel_cost(group.device, per_device, kernel.memory_traffic / devices, kernel.launches, kernel.working_set),
      nodes);
  for (const Precision p : all_precisions) stage.flops[p] = kernel.flops[p] * static_cast<double>(nodes);
  add_host_traffic(kernel.host_traffic, nodes, stage);
  return stage;
}

// Both ways at once: over each GPU's link, and in and out of the CPUs' memory. The kernel goes on meanwhile.
void Planner::add_host_traffic(DataSize each_way, std::size_t nodes, Stage& stage) const {
  const platform::Node& node = machine_.node;
  if (each_way == DataSize{} || !node.gpus) return;
  const platform::Memory& memory = node.cpus.device.memory;
  const auto gpus = static_cast<double>(node.gpus->count);
  const auto cpus = static_cast<double>(node.cpus.count);
  const Duration time = std::max(node.cpu_gpu->latency + each_way / (node.cpu_gpu->bandwidth * gpus),
                                 each_way * 2.0 / (memory.bandwidth * (memory.efficiency * cpus)));
  const DataSize moved = each_way * (2.0 * static_cast<double>(nodes));
  stage.iteration.fixed_s = std::max(stage.iteration.fixed_s, time.si());
  for (PhaseTree::Slower& at : stage.iteration.slower) at.fixed_s = std::max(at.fixed_s, time.si());
  stage.alone.kernel = seconds(stage.iteration.fixed_s);
  stage.energy[Component::node_links] += moved * node.cpu_gpu->energy;
  stage.energy[Component::cpu_memory] += moved * memory.energy;
  stage.energy[Component::gpu_memory] += moved * node.gpus->device.memory.energy;
}

Stage Planner::price_product(const workload::MatrixMultiply& product, std::size_t nodes) const {
  const platform::DeviceGroup& group = devices_for(product.device);
  Stage stage = price_work(group,
                           cost::matrix_multiply_cost(group.device, {.precision = product.precision,
                                                                     .m = product.m,
                                                                     .n = product.n,
                                                                     .k = product.k,
                                                                     .count = product.count,
                                                                     .result = product.result,
                                                                     .adds = product.adds}),
                           nodes);
  stage.flops[product.precision] =
      product.flops_per_device() * (static_cast<double>(group.count) * static_cast<double>(nodes));
  return stage;
}

Stage Planner::price_work(const platform::DeviceGroup& group, const cost::KernelCost& alone, std::size_t nodes) const {
  const double devices = static_cast<double>(group.count) * static_cast<double>(nodes);
  const cost::KernelCost cost = cost::among_devices(group.device, alone, devices);
  const bool on_gpu = group.device.kind == DeviceKind::gpu;
  Stage stage;
  stage.iteration.fixed_s = cost.time.si();
  stage.alone.kernel = cost.time;
  stage.energy[on_gpu ? Component::gpu : Component::cpu] = cost.compute_energy * devices;
  stage.energy[on_gpu ? Component::gpu_memory : Component::cpu_memory] = cost.memory_energy * devices;
  for (const cost::KernelCost& at : cost.slower) {
    const Energy saved = (cost.compute_energy - at.compute_energy) * devices;
    stage.iteration.slower.push_back({at.time.si(), saved_by(group.device.kind, saved)});
  }
  return stage;
}

cost::CommunicationCost Planner::cost_of(const workload::Collective& collective, std::span<const NodeId> nodes) {
  cost::CollectiveChoice choice;
  choice.groups = collective.groups;
  choice.loads = loads_;
  if (!messages_) return communication_.collective(collective.operation, collective.size, nodes, choice);
  return messages_->simulated(
      collective_phase(machine_, communication_, collective.operation, collective.size, nodes, choice));
}

cost::CommunicationCost Planner::cost_of(const workload::Shift& shift, std::span<const NodeId> nodes) {
  if (!messages_) return communication_.shift(shift.distance, shift.size, nodes, loads_);
  return messages_->simulated(shift_phase(machine_, communication_, shift, nodes, loads_));
}

cost::CommunicationCost Planner::cost_of(const workload::Neighbours& halo, std::span<const NodeId> nodes) {
  if (!messages_) return communication_.neighbours(halo.dimensions, halo.size, nodes);
  return messages_->simulated(neighbours_phase(communication_, halo, nodes));
}

Stage Planner::price_communication(const cost::CommunicationCost& cost, bool collective) const {
  Stage stage;
  stage.iteration.shared_s = cost.time.si();
  (collective ? stage.alone.collective : stage.alone.neighbours) = cost.time;
  stage.energy[Component::network] = cost.network_energy;
  stage.energy[Component::nic] = cost.nic_energy;
  stage.energy[Component::node_links] = cost.node_link_energy;
  if (loads_ == cost::Loads::counted) {
    stage.traffic.reserve(cost.loads.size());
    for (const auto& load : cost.loads) stage.traffic.push_back({load.link.index(), load.bytes});
  }
  // A job on a single node exchanges nothing between nodes; its zeros would say nothing about the network.
  if (cost.messages > 0.0)
    stage.samples.push_back({.collective = collective, .latency_s = cost.time.si(), .count = 1.0});
  return stage;
}

Stage Planner::price_storage(const workload::StorageAccess& access, std::size_t nodes) const {
  const platform::StorageTier* tier = find_tier(machine_, access.tier);
  ZETTASIM_EXPECT(tier != nullptr, "storage tier \"{}\" was checked before the run", access.tier);
  const bool write = access.direction == workload::Direction::write;
  const auto cost = cost::storage_cost(machine_, *tier, write ? cost::Access::write : cost::Access::read, access.size,
                                       static_cast<std::int64_t>(nodes));
  Stage stage;
  stage.alone.storage = cost.time;
  stage.energy[Component::storage] = cost.energy;
  if (tier->scope == platform::StorageScope::node) {
    stage.iteration.fixed_s = cost.time.si();
    return stage;
  }
  stage.iteration.shared_s = cost.time.si();
  const auto index = static_cast<std::size_t>(tier - machine_.storage.data());
  const auto resource = static_cast<std::uint32_t>(network_.link_count() + 2 * index + (write ? 1 : 0));
  stage.traffic = {{resource, cost.total.si()}};
  return stage;
}

// What was recorded counts as arithmetic at the highest clock: a log does not say what a job waited for.
Stage Planner::price_busy(const workload::Busy& busy, std::size_t nodes) const {
  const auto& group = machine_.main_devices();
  const double devices = static_cast<double>(group.count) * static_cast<double>(nodes);
  Stage stage;
  stage.iteration.fixed_s = busy.time.si();
  stage.alone.busy = busy.time;
  const Power above_idle = (group.device.limit - group.device.idle) * (busy.utilisation * devices);
  const Energy energy = above_idle * busy.time;
  stage.energy[group.device.kind == DeviceKind::gpu ? Component::gpu : Component::cpu] = energy;
  if (!group.device.clocks) return stage;
  const auto& states = group.device.clocks->states;
  for (auto state = states.begin() + 1; state != states.end(); ++state) {
    const double voltage = state->voltage / states.front().voltage;
    stage.iteration.slower.push_back({(busy.time * (states.front().clock / state->clock)).si(),
                                      saved_by(group.device.kind, energy * (1.0 - voltage * voltage))});
  }
  return stage;
}

// The first branch is what one sees; of the others only what the longest of them adds to it.
Stage Planner::price_overlap(const workload::Overlap& overlap, std::span<const NodeId> nodes) {
  std::vector<Stage> branches;
  for (const auto& branch : overlap.branches) branches.push_back(price(branch, nodes));
  const auto time_s = [](const Stage& stage) { return stage.iteration.once_s(1.0); };
  const auto longest = std::max_element(branches.begin(), branches.end(),
                                        [&](const Stage& a, const Stage& b) { return time_s(a) < time_s(b); });
  const double first_s = time_s(branches.front());  // now: iterations are moved away below
  Stage stage;
  stage.iteration.shape = PhaseTree::Shape::overlap;
  for (auto branch = branches.begin(); branch != branches.end(); ++branch) {
    double shown = branch == branches.begin() ? 1.0 : 0.0;
    if (branch == longest && shown == 0.0) shown = 1.0 - first_s / time_s(*branch);
    stage.add(*branch, 1.0, shown);
    stage.iteration.children.push_back(std::move(branch->iteration));
  }
  stage.iteration.close();
  return stage;
}

Stage Planner::price_idle(const workload::Idle& idle, std::span<const NodeId> nodes) {
  Stage body = price(idle.body, nodes);
  Stage stage;
  stage.iteration.shape = PhaseTree::Shape::idle;
  stage.iteration.times = idle.times;
  stage.iteration.children = std::move(body.iteration.children);
  stage.iteration.close();
  stage.alone.idle = seconds(stage.iteration.once_s(1.0));
  return stage;
}

}  // namespace zettasim::engine
