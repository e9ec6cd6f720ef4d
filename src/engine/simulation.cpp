// One run, told by its actors. The batch system waits for submissions and ends, and starts jobs. A job's roles play its
// stages: sleep until the stage is over, unless other jobs' traffic changes its pace meanwhile. Simulated time moves
// only inside Alarm::sleep.
#include "engine/simulation.hpp"

#include <algorithm>

#include "zettasim/base/problem.hpp"

namespace zettasim::engine {
namespace {

constexpr double grace_s = 1e-3;  // a job that needs its requested time to the last digit is not ended for rounding

}  // namespace

Simulation::Simulation(const platform::Machine& machine, const topology::Network& network, const workload::Trace& trace,
                       const RunOptions& options)
    : machine_(machine),
      network_(network),
      trace_(trace),
      options_(options),
      planner_(machine, network, cost::Loads::counted, options.network),
      world_(static_cast<std::size_t>(machine.node_count),
             machine.peak(Precision::fp64).si() / static_cast<double>(machine.node_count)),
      power_model_(machine, network.switch_count()),
      ramp_(ramp_of(machine.facility, rest_w())),
      meter_(power_model_, machine.node_count, ramp_ ? &*ramp_ : nullptr),
      sharing_(planner_.resource_capacities()),
      node_limits_(machine, power_model_),
      pool_(machine.node_count),
      placer_(make_placer(options.placement, machine, trace.seed)),
      limit_(machine.facility.budget),
      resource_bytes_(planner_.resource_capacities().size(), 0.0) {
  record_.jobs.resize(trace.jobs.size());
  available_w_ = above_rest_w(limit_);
}

RunRecord Simulation::run() {
  batch_alarm_ = std::make_unique<Alarm>();
  world_.start_actor("batch system", 0, [this] { run_batch_system(); });
  start_power_actors();
  world_.run();
  if (failure_) std::rethrow_exception(failure_);
  for (const JobRecord& job : record_.jobs) record_.end = std::max(record_.end, job.end);
  meter_.finish(record_.end, record_);
  for (const auto& [key, count] : latencies_) {
    (key.first ? record_.collectives : record_.messages).push_back({seconds(key.second), count});
  }
  record_.settings = SimGridWorld::settings();
  if (options_.network == Resolution::messages) record_.settings.emplace_back("network", "messages");
  rank_links();
  return std::move(record_);
}

// The links between nodes that carried most of what they could have carried.
void Simulation::rank_links() {
  const auto capacities = planner_.resource_capacities();
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < network_.link_count(); ++i) {
    if (resource_bytes_[i] > 0.0 && network_.link(LinkId(i)).role == topology::LinkRole::fabric) order.push_back(i);
  }
  const auto use = [&](std::size_t i) { return resource_bytes_[i] / capacities[i]; };
  const std::size_t shown = std::min<std::size_t>(10, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
                    [&](std::size_t a, std::size_t b) { return use(a) != use(b) ? use(a) > use(b) : a < b; });
  for (std::size_t i = 0; i < shown; ++i) {
    record_.busiest_links.push_back({network_.link_name(LinkId(order[i])), bytes(resource_bytes_[order[i]]),
                                     record_.end.si() > 0.0 ? use(order[i]) / record_.end.si() : 0.0});
  }
}

// --- The batch system
// -------------------------------------------------------------------------------------------------

// An exception must not leave its actor: SimGrid would end the process.
void Simulation::run_batch_system() {
  try {
    batch_system();
  } catch (const InputError&) {
    failure_ = std::current_exception();
    simgrid::s4u::Actor::kill_all();
  }
}

void Simulation::batch_system() {
  while (jobs_done_ < trace_.jobs.size()) {
    submit_due_jobs();
    simgrid::s4u::this_actor::yield();  // jobs that end at this very time hand their nodes back before anybody is
                                        // chosen
    start_what_may_start();
    if (jobs_done_ == trace_.jobs.size()) break;
    if (next_submit_ < trace_.jobs.size()) {
      batch_alarm_->sleep(std::max(0.0, trace_.jobs[next_submit_].submit.si() - now_s()));
    } else {
      batch_alarm_->sleep();
    }
  }
  if (ramp_alarm_) ramp_alarm_->ring();
}

void Simulation::submit_due_jobs() {
  for (; next_submit_ < trace_.jobs.size() && trace_.jobs[next_submit_].submit.si() <= now_s(); ++next_submit_) {
    const workload::Job& job = trace_.jobs[next_submit_];
    if (job.nodes > machine_.node_count) {
      JobRecord& record = record_.jobs[next_submit_];
      record.status = JobStatus::refused;
      record.start = record.end = job.submit;
      ++jobs_done_;
      continue;
    }
    queue_.push_back({JobId(next_submit_), job.nodes, job.requested_time.si()});
  }
}

void Simulation::start_what_may_start() {
  ask_for_power();
  const auto starts = choose_starts(options_.policy, now_s(), queue_, running_, free_share());
  for (std::size_t k = 0; k < starts.size(); ++k) {
    record_.jobs[queue_[starts[k]].id.index()].backfilled = starts[k] != k;
    start(queue_[starts[k]]);
  }
  std::size_t kept = starts.empty() ? queue_.size() : starts.front(), next_start = 0;
  for (std::size_t i = kept; i < queue_.size(); ++i) {
    if (next_start < starts.size() && starts[next_start] == i) {
      ++next_start;
    } else {
      queue_[kept++] = queue_[i];
    }
  }
  queue_.resize(kept);
  if (options_.explain) note_wait_reason();
}

void Simulation::start(const WaitingJob& waiting) {
  const JobId id = waiting.id;
  const workload::Job& job = trace_.jobs[id.index()];
  JobRecord& record = record_.jobs[id.index()];
  auto nodes = placer_->choose(pool_, job.nodes);
  pool_.take(nodes);
  node_limits_.add(id, nodes);
  record.start = seconds(now_s());
  record.first_node = nodes.front();
  record.pieces = count_pieces(machine_.network.topology, nodes);
  auto plan = planner_.plan(trace_.applications[job.application], job, nodes);
  record.steps_planned = plan.steps;
  running_.insert({now_s() + waiting.requested_s, id, job.nodes, waiting.power_w});
  meter_.change_busy_nodes(record.start, job.nodes);

  const std::size_t first = nodes.front().index();
  auto play = std::make_unique<Play>(RunningJob(id, std::move(nodes), std::move(plan), power_model_, record),
                                     now_s() + waiting.requested_s);
  play->predicted_w = waiting.power_w;
  const std::size_t roles = options_.roles == Roles::folded ? 1 : static_cast<std::size_t>(job.nodes);
  for (std::size_t r = 0; r < roles; ++r) play->roles.push_back(std::make_unique<Alarm>());
  Play& reference = *(plays_[id] = std::move(play));
  for (std::size_t r = 0; r < roles; ++r) {
    world_.start_actor("job " + std::to_string(id.index()), first, [this, &reference, r] { play_role(reference, r); });
  }
}

void Simulation::end(Play& play) {
  const JobId id = play.job.id();
  JobRecord& record = record_.jobs[id.index()];
  record.end = seconds(now_s());
  record.status = play.timed_out ? JobStatus::timed_out : JobStatus::finished;
  running_.erase({play.latest_end_s, id, trace_.jobs[id.index()].nodes, play.predicted_w});
  meter_.change_busy_nodes(record.end, -trace_.jobs[id.index()].nodes);
  pool_.give_back(play.job.nodes());
  node_limits_.remove(id, play.job.nodes());
  play.job.release();
  ++jobs_done_;
  const auto it = plays_.find(id);
  ended_.push_back(std::move(it->second));
  plays_.erase(it);
  Alarms to_ring;
  settle_power(to_ring);
  ring(to_ring);
  if (options_.on_progress) options_.on_progress(jobs_done_, trace_.jobs.size());
  batch_alarm_->ring();
}

// Between two looks at the queue the explained job waits for one reason, the one that the look before found.
void Simulation::note_wait_reason() {
  const JobId id = *options_.explain;
  WaitReasons& reasons = record_.jobs[id.index()].wait_reasons;
  if (wait_reason_) reasons.*wait_reason_ += seconds(now_s() - wait_reason_since_s_);
  wait_reason_since_s_ = now_s();
  wait_reason_ = nullptr;
  const auto it = std::find_if(queue_.begin(), queue_.end(), [&](const WaitingJob& job) { return job.id == id; });
  if (it == queue_.end()) return;
  if (it->nodes <= pool_.free() && !free_share().holds(*it)) {
    wait_reason_ = &WaitReasons::too_little_power;
  } else if (it == queue_.begin()) {
    wait_reason_ = &WaitReasons::head_of_queue;
  } else if (options_.policy == QueuePolicy::first_come) {
    wait_reason_ = &WaitReasons::in_order;
  } else {
    wait_reason_ = it->nodes > pool_.free() ? &WaitReasons::too_few_free : &WaitReasons::would_delay_head;
  }
}

// Power is something to wait for only where the policy says so.
FreeShare Simulation::free_share() const {
  if (machine_.facility.budget_policy != platform::BudgetPolicy::wait) return pool_.free();
  double taken_w = 0.0;
  for (const RunningUntil& job : running_) taken_w += job.power_w;
  return {pool_.free(), available_w_ - taken_w};
}

// A job that would take more than there is takes all there is, and is held back: it shall not wait for ever.
void Simulation::ask_for_power() {
  if (machine_.facility.budget_policy != platform::BudgetPolicy::wait) return;
  for (WaitingJob& waiting : queue_) {
    waiting.power_w = std::min(predicted_w(trace_.jobs[waiting.id.index()]), available_w_);
  }
}

// What the stage that draws most draws at the facility, on any nodes: where they lie changes little.
double Simulation::predicted_w(const workload::Job& job) {
  const auto [entry, is_new] = predicted_w_.try_emplace({job.application, job.nodes}, 0.0);
  if (!is_new) return entry->second;
  std::vector<NodeId> nodes;
  for (std::int64_t i = 0; i < job.nodes; ++i) nodes.emplace_back(static_cast<std::size_t>(i));
  const JobPlan plan = planner_.plan(trace_.applications[job.application], job, nodes);
  for (const Stage& stage : plan.stages) {
    const double once_s = stage.iteration.once_s({});
    if (once_s > 0.0) entry->second = std::max(entry->second, facility_energy(power_model_, stage).si() / once_s);
  }
  return entry->second;
}

// --- A job's roles
// ----------------------------------------------------------------------------------------------------

void Simulation::play_role(Play& play, std::size_t role) {
  for (const StageRun& run : play.job.plan().schedule) {
    meet(play, role);
    if (role == 0) begin_stage(play, run);
    meet(play, role);
    const bool complete = play_stage(play, role);
    meet(play, role);
    if (role == 0) {
      play.timed_out = !complete;
      end_stage(play, complete);
    }
    if (!complete) break;
  }
  meet(play, role);
  if (role == 0) end(play);
}

void Simulation::begin_stage(Play& play, const StageRun& run) {
  const PerComponent<Power> before = play.job.power();
  play.job.begin_stage(run, now_s());
  meter_.change_job_power(seconds(now_s()), before, play.job.power());
  const Stage& stage = play.job.stage();
  Alarms to_ring;
  if (!stage.traffic.empty() && stage.iteration.once_s(1.0) > 0.0) {
    play.job.sharing_key = sharing_.begin(stage.traffic, stage.iteration.once_s(1.0));
    sharers_[*play.job.sharing_key] = &play;
    settle_sharing(to_ring);
  }
  settle_power(to_ring);
  ring(to_ring);
}

// What it leaves of the power budget is given away when its next stage begins, or the job ends: at this same instant.
void Simulation::end_stage(Play& play, bool complete) {
  const PerComponent<Power> before = play.job.power();
  const double stretch = play.job.speed().stretch;
  const double iterations = play.job.end_stage(complete, now_s());
  meter_.change_job_power(seconds(now_s()), before, play.job.power());
  const Stage& stage = play.job.stage();
  for (const Traffic& traffic : stage.traffic) resource_bytes_[traffic.resource] += traffic.bytes * iterations;
  for (const CommunicationSample& sample : stage.samples) {
    latencies_[{sample.collective, sample.latency_s * stretch}] += sample.count * iterations;
  }
  if (!play.job.sharing_key) return;
  sharing_.end(*play.job.sharing_key);
  sharers_.erase(*play.job.sharing_key);
  play.job.sharing_key.reset();
  Alarms to_ring;
  settle_sharing(to_ring);
  ring(to_ring);
}

void Simulation::settle_sharing(Alarms& to_ring) {
  for (const Sharing::Key key : sharing_.settle()) {
    Play& play = *sharers_.at(key);
    const PerComponent<Power> before = play.job.power();
    play.job.change_pace(sharing_.pace(key), now_s());
    meter_.change_job_power(seconds(now_s()), before, play.job.power());
    for (const auto& alarm : play.roles) to_ring.push_back(alarm.get());
  }
}

// Ringing an alarm lets other actors run, so everything is up to date before the first one rings.
void Simulation::ring(const Alarms& alarms) {
  for (Alarm* alarm : alarms) alarm->ring();
}

bool Simulation::play_stage(Play& play, std::size_t role) {
  if (options_.strides == Strides::unstrided) return play_tree(play, role, play.job.tree());
  for (;;) {
    const double remaining_s = play.job.remaining_s(now_s());
    const double allowed_s = play.latest_end_s - now_s();
    const bool out_of_time = remaining_s > allowed_s + grace_s;
    if (remaining_s <= 0.0) return true;
    if (play.roles[role]->sleep(std::max(0.0, out_of_time ? allowed_s : remaining_s))) return !out_of_time;
  }
}

bool Simulation::play_tree(Play& play, std::size_t role, const PhaseTree& tree) {
  if (tree.shape != PhaseTree::Shape::loop) return play_phase(play, role, tree);
  for (std::int64_t i = 0; i < tree.count; ++i) {
    for (const PhaseTree& child : tree.children) {
      if (!play_tree(play, role, child)) return false;
    }
  }
  return true;
}

bool Simulation::play_phase(Play& play, std::size_t role, const PhaseTree& phase) {
  if (phase.stretches()) meet(play, role);
  double left = 1.0;  // of the phase
  while (left > 0.0) {
    const double began_s = now_s();
    const double whole_s = phase.once_s(play.job.speed());
    const double allowed_s = play.latest_end_s - began_s;
    const bool out_of_time = left * whole_s > allowed_s + grace_s;
    if (whole_s <= 0.0) break;
    if (play.roles[role]->sleep(std::max(0.0, out_of_time ? allowed_s : left * whole_s))) {
      if (out_of_time) return false;
      break;
    }
    left = std::max(0.0, left - (now_s() - began_s) / whole_s);
  }
  return true;
}

// All roles of a job wait until each has arrived.
void Simulation::meet(Play& play, std::size_t role) {
  if (play.roles.size() == 1) return;
  const std::size_t generation = play.meetings;
  if (++play.waiting == play.roles.size()) {
    play.waiting = 0;
    ++play.meetings;
    for (std::size_t r = 0; r < play.roles.size(); ++r) {
      if (r != role) play.roles[r]->ring();
    }
    return;
  }
  while (play.meetings == generation) play.roles[role]->sleep();
}

// --- The door
// ---------------------------------------------------------------------------------------------------------

RunRecord simulate(const platform::Machine& machine, const topology::Network& network, const workload::Trace& trace,
                   const RunOptions& options) {
  expect_budget_above_rest(machine, network);
  return Simulation(machine, network, trace, options).run();
}

}  // namespace zettasim::engine
