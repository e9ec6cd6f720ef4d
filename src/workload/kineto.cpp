// PyTorch's profiles (Kineto, in Chrome's trace format): what one rank's host threads called and its GPU ran, with
// times but without dependencies. Those that any replay needs are put in:
//
// - A host thread computes from one call that matters to the next: calls that launch GPU work, and calls that wait for
// it.
// - GPU work waits for the call that launched it (the same "correlation") and for the work before it on its stream.
// - A call that waits (cudaStreamSynchronize, cudaDeviceSynchronize, cudaEventSynchronize) waits for the work launched
//   before it that had ended when it returned.
// - Streams wait for each other through events, which the profile does not tell. Where work began later than its launch
// and
//   its stream explain, and other work ended in between, it is taken to have waited for that.
//
// Where steps are marked ("ProfilerStep#"), what lies outside of them is left out, and the thread that marks them
// computes until the last one ends.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "zettasim/base/problem.hpp"
#include "zettasim/workload/rank_trace_files.hpp"

namespace zettasim::workload {
namespace {

using json = nlohmann::json;

struct Event {
  std::string name;
  double begin_us = 0.0;
  double end_us = 0.0;
  std::int64_t place = 0;   // a thread of the host, or a stream
  std::int64_t number = 0;  // correlation: of a call and what it launched
  DataSize size;            // of an annotation: what its tensors hold
};

std::optional<double> number_in(const json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end() || !at->is_number()) return std::nullopt;
  const double value = at->get<double>();
  return value >= -9e15 && value <= 9e15 ? std::optional(value) : std::nullopt;
}

std::int64_t whole_in(const json& object, const char* key) {
  return static_cast<std::int64_t>(number_in(object, key).value_or(0.0));
}

std::string text_in(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

double element_bytes(const std::string& type) {
  if (type == "float" || type == "int") return 4.0;
  if (type == "double" || type == "long") return 8.0;
  if (type == "c10::Half" || type == "c10::BFloat16") return 2.0;
  return 1.0;
}

// [[2048, 4, 4096]] of ["c10::Half"].
DataSize tensor_size(const json& arguments) {
  const auto dims = arguments.find("Input Dims"), types = arguments.find("Input type");
  if (dims == arguments.end() || types == arguments.end() || !dims->is_array() || !types->is_array()) return {};
  double sum = 0.0;
  for (std::size_t i = 0; i < std::min(dims->size(), types->size()); ++i) {
    if (!(*dims)[i].is_array() || !(*types)[i].is_string() || (*dims)[i].empty()) continue;
    double elements = 1.0;
    for (const json& extent : (*dims)[i]) elements *= extent.is_number() ? std::max(0.0, extent.get<double>()) : 0.0;
    sum += elements * element_bytes((*types)[i].get<std::string>());
  }
  return sum < 1e18 ? bytes(sum) : DataSize{};
}

bool launches(const Event& call, const std::map<std::int64_t, std::size_t>& work) { return work.contains(call.number); }
bool waits(const Event& call) { return call.name.find("Synchronize") != std::string::npos; }

bool names_product(const std::string& name) {
  for (const char* word : {"gemm", "Gemm", "GEMM", "cutlass", "conv2d", "fmha", "flash_"}) {
    if (name.find(word) != std::string::npos) return true;
  }
  return false;
}

std::optional<RankOperation> collective_named(const std::string& name) {
  if (name.rfind("nccl", 0) != 0 && name.rfind("rccl", 0) != 0) return std::nullopt;
  for (const auto& [word, operation] :
       {std::pair{"AllReduce", RankOperation::all_reduce}, std::pair{"AllGather", RankOperation::all_gather},
        std::pair{"ReduceScatter", RankOperation::reduce_scatter}, std::pair{"Broadcast", RankOperation::broadcast},
        std::pair{"SendRecv", RankOperation::all_to_all}, std::pair{"Reduce", RankOperation::reduce}}) {
    if (name.find(word) != std::string::npos) return operation;
  }
  return std::nullopt;
}

class KinetoReader {
 public:
  explicit KinetoReader(const RankFile& file) : file_(file) {}

  RankTrace read() {
    const json root = json::parse(file_.text, nullptr, false);
    if (root.is_discarded()) throw InputError(file_.name, "rank 0: is no whole JSON; is the profile cut off?");
    const auto events = root.is_object() ? root.find("traceEvents") : root.end();
    if (!root.is_object() || events == root.end() || !events->is_array()) {
      throw InputError(file_.name + "#/traceEvents", "rank 0: expected the list of events of a PyTorch profile");
    }
    for (const json& event : *events) sort_in(event);
    choose_step();
    if (work_.empty()) throw InputError(file_.name, "rank 0: the profile holds no work of a GPU");
    return build();
  }

 private:
  void sort_in(const json& event) {
    if (!event.is_object() || text_in(event, "ph") != "X") return;
    const auto begin = number_in(event, "ts"), length = number_in(event, "dur");
    if (!begin || !length || *length < 0.0) return;
    const std::string kind = text_in(event, "cat");
    const auto arguments = event.find("args");
    const json& args = arguments != event.end() && arguments->is_object() ? *arguments : empty_;
    Event found{text_in(event, "name"),        *begin, *begin + *length, whole_in(event, "tid"),
                whole_in(args, "correlation"), {}};
    if (kind == "cuda_runtime" || kind == "cuda_driver") {
      calls_.push_back(std::move(found));
    } else if (kind == "kernel" || kind == "gpu_memcpy" || kind == "gpu_memset") {
      if (const auto stream = number_in(args, "stream")) found.place = static_cast<std::int64_t>(*stream);
      work_.push_back(std::move(found));
    } else if (kind == "user_annotation" && found.name.rfind("ProfilerStep", 0) == 0) {
      steps_.push_back(std::move(found));
    } else if (kind == "user_annotation" && found.name.rfind("nccl:", 0) == 0) {
      found.size = tensor_size(args);
      annotations_.push_back(std::move(found));
    }
  }

  static void by_time(std::vector<Event>& events) {
    std::stable_sort(events.begin(), events.end(),
                     [](const Event& a, const Event& b) { return a.begin_us < b.begin_us; });
  }

  void choose_step() {
    for (auto* events : {&calls_, &work_, &steps_, &annotations_}) by_time(*events);
    double end = HUGE_VAL;
    if (!steps_.empty()) {
      begin_us_ = steps_.front().begin_us;
      end = steps_.back().end_us;
      const auto outside = [&](const Event& event) { return event.begin_us < begin_us_ || event.begin_us > end; };
      left_out_ = static_cast<std::int64_t>(std::erase_if(calls_, outside) + std::erase_if(work_, outside));
    } else if (!calls_.empty() || !work_.empty()) {
      begin_us_ = HUGE_VAL;
      for (const auto* events : {&calls_, &work_}) {
        if (!events->empty()) begin_us_ = std::min(begin_us_, events->front().begin_us);
      }
    }
    for (std::size_t i = 0; i < work_.size(); ++i) launched_[work_[i].number] = i;
  }

  // Host calls and GPU work in the order of their times; what launches goes before what it launched.
  RankTrace build() {
    rank_.file = file_.name;
    std::stable_sort(calls_.begin(), calls_.end(),
                     [](const Event& a, const Event& b) { return key_us(a) < key_us(b); });
    action_of_work_.resize(work_.size());
    std::size_t next_call = 0;
    for (std::size_t i = 0; i < work_.size(); ++i) {
      while (next_call < calls_.size() && must_precede(calls_[next_call], i)) add_call(calls_[next_call++]);
      add_work(i);
    }
    while (next_call < calls_.size()) add_call(calls_[next_call++]);
    if (!steps_.empty()) compute_until(steps_.back(), thread_of(steps_.back().place), steps_.back().end_us);
    RankTrace trace;
    trace.name = file_.name;
    trace.format = RankFormat::kineto;
    trace.ranks.push_back(std::move(rank_));
    trace.groups.push_back({"all ranks", {0}});
    const auto note = [&](const char* what, std::int64_t count) {
      if (count > 0) trace.notes.push_back({what, count});
    };
    note("calls and kernels outside of the profiled step, left out", left_out_);
    note("kernels taken to have waited for another stream, from their times", inferred_);
    note("collectives, which take the time they took: the profile is of one rank", collectives_);
    return trace;
  }

  // A call that waits comes after what it waits for.
  static double key_us(const Event& call) { return waits(call) ? call.end_us : call.begin_us; }
  bool must_precede(const Event& call, std::size_t work) const { return key_us(call) <= work_[work].begin_us; }

  std::uint32_t add(const Event& event, RankWork work, const std::vector<Dependency>& after) {
    rank_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(event.number, 0)), std::move(work), after);
    return static_cast<std::uint32_t>(rank_.actions.size() - 1);
  }

  struct Thread {
    double done_us = 0.0;  // up to here its time is accounted for
    std::optional<std::uint32_t> latest;
    std::uint32_t lane = 0;
  };
  Thread& thread_of(std::int64_t place) {
    const auto [at, added] = threads_.try_emplace(place);
    if (added) at->second = {begin_us_, std::nullopt, next_lane_++};
    return at->second;
  }

  void compute_until(const Event& call, Thread& thread, double until_us) {
    RankCompute compute;
    compute.time = seconds(std::max(0.0, until_us - thread.done_us) * 1e-6);
    compute.lane = thread.lane;
    std::vector<Dependency> after;
    if (thread.latest) after.push_back({*thread.latest, DependsOn::finish});
    thread.latest = add(call, compute, after);
    thread.done_us = std::max(thread.done_us, until_us);
  }

  void add_call(const Event& call) {
    Thread& thread = thread_of(call.place);
    if (launches(call, launched_)) {
      compute_until(call, thread, call.end_us);
      calls_of_[call.number] = {*thread.latest, call.end_us};
    } else if (waits(call)) {
      compute_until(call, thread, call.begin_us);
      const double released = add_wait(call, thread);
      thread.done_us = std::clamp(released, call.begin_us, call.end_us);
      compute_until(call, thread, call.end_us);
    }
  }

  // For the latest work of each stream that had ended when the call returned; when the last of it had.
  double add_wait(const Event& call, Thread& thread) {
    std::map<std::int64_t, std::size_t> latest;
    for (std::size_t i = 0; i < added_work_; ++i) {
      if (work_[i].end_us <= call.end_us) latest[work_[i].place] = i;
    }
    std::vector<Dependency> after{{*thread.latest, DependsOn::finish}};
    double released = call.begin_us;
    for (const auto& [stream, work] : latest) {
      after.push_back({action_of_work_[work], DependsOn::finish});
      released = std::max(released, work_[work].end_us);
    }
    thread.latest = add(call, RankWait{}, after);
    return released;
  }

  void add_work(std::size_t index) {
    const Event& event = work_[index];
    std::vector<Dependency> after;
    double explained_us = begin_us_;
    if (const auto call = calls_of_.find(event.number); call != calls_of_.end()) {
      after.push_back({call->second.action, DependsOn::finish});
      explained_us = std::max(explained_us, call->second.end_us);
    }
    const auto before = latest_on_.find(event.place);
    if (before != latest_on_.end()) {
      after.push_back({action_of_work_[before->second], DependsOn::finish});
      explained_us = std::max(explained_us, work_[before->second].end_us);
    }
    if (const auto other = held_by(event, explained_us)) {
      after.push_back({action_of_work_[*other], DependsOn::finish});
      ++inferred_;
    }
    action_of_work_[index] = add(event, work_of(event), after);
    latest_on_[event.place] = index;
    added_work_ = index + 1;
  }

  // Work of another stream that ended after what is known explains, and before this began.
  std::optional<std::size_t> held_by(const Event& event, double explained_us) const {
    std::optional<std::size_t> found;
    for (const auto& [stream, index] : latest_on_) {
      const double end = work_[index].end_us;
      if (stream == event.place || end <= explained_us || end > event.begin_us) continue;
      if (!found || end > work_[*found].end_us) found = index;
    }
    return found;
  }

  RankWork work_of(const Event& event) {
    const Duration time = seconds((event.end_us - event.begin_us) * 1e-6);
    if (const auto operation = collective_named(event.name)) {
      ++collectives_;
      RankCollective collective;
      collective.operation = *operation;
      collective.time = time;
      collective.size = announced_size(event);
      return collective;
    }
    RankCompute compute;
    compute.time = time;
    compute.device = DeviceKind::gpu;
    compute.multiplies = names_product(event.name);
    const auto [lane, added] = lanes_.try_emplace(event.place, next_lane_);
    if (added) ++next_lane_;
    compute.lane = lane->second;
    return compute;
  }

  // Of the annotation during which the kernel was launched.
  DataSize announced_size(const Event& event) const {
    const auto call = calls_of_.find(event.number);
    if (call == calls_of_.end()) return {};
    const double at = call->second.end_us;
    const auto after = std::partition_point(annotations_.begin(), annotations_.end(),
                                            [&](const Event& annotation) { return annotation.begin_us <= at; });
    return after == annotations_.begin() ? DataSize{} : std::prev(after)->size;
  }

  struct Call {
    std::uint32_t action = 0;
    double end_us = 0.0;
  };

  const RankFile& file_;
  const json empty_ = json::object();
  std::vector<Event> calls_, work_, steps_, annotations_;
  double begin_us_ = 0.0;
  std::map<std::int64_t, std::size_t> launched_;  // work by correlation
  std::map<std::int64_t, Call> calls_of_;         // by correlation
  std::map<std::int64_t, Thread> threads_;
  std::map<std::int64_t, std::uint32_t> lanes_;    // of streams
  std::map<std::int64_t, std::size_t> latest_on_;  // work added last, by stream
  std::vector<std::uint32_t> action_of_work_;
  std::size_t added_work_ = 0;
  std::uint32_t next_lane_ = 0;
  std::int64_t left_out_ = 0, inferred_ = 0, collectives_ = 0;
  Rank rank_;
};

}  // namespace

bool is_kineto(const std::string& text) {
  return std::string_view(text).substr(0, 1 << 16).find("\"traceEvents\"") != std::string_view::npos;
}

RankTrace read_kineto(const RankFile& file) { return KinetoReader(file).read(); }

}  // namespace zettasim::workload
