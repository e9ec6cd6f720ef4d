#include "zettasim/study/evaluate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "zettasim/base/contract.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/suggest.hpp"
#include "zettasim/base/text.hpp"
#include "zettasim/platform/load.hpp"

namespace zettasim::study {
namespace {

using nlohmann::json;

constexpr std::size_t most_attempts = 3;  // of a point whose process is killed from outside
constexpr std::size_t longest_message = 2000;

// The file is this child's own, and gone when it ends in order; the folder of temporary files is cleared by others.
class PatchedWorkload {
 public:
  PatchedWorkload(const std::filesystem::path& workload,
                  const std::vector<std::pair<std::string, std::string>>& settings) {
    Document document = Document::load(workload);
    for (const auto& [pointer, value] : settings) document.set(pointer, value);
    file_ = std::filesystem::temp_directory_path() /
            fmt::format("zettasim-{}-{}", ::getpid(), workload.filename().string());
    write_whole(file_, document.value().dump());
  }
  ~PatchedWorkload() {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
  }
  PatchedWorkload(const PatchedWorkload&) = delete;
  PatchedWorkload& operator=(const PatchedWorkload&) = delete;
  std::string name() const { return file_.string(); }

 private:
  std::filesystem::path file_;
};

std::string digest_of_machine(const Program& program, const Invocation& invocation) {
  platform::Changes changes{.overlays = {}, .settings = invocation.settings};
  for (const auto& overlay : invocation.overlays)
    changes.overlays.push_back(program.find(overlay, "platforms/overlays"));
  return digest(platform::load_machine(program.find(invocation.platform, "platforms"), changes).resolved);
}

std::string last_words(const std::string& error) {
  std::string text = error.size() > longest_message ? "..." + error.substr(error.size() - longest_message) : error;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

Lookup look_up(std::string_view text, const std::string& pointer) {
  const json result = json::parse(text, nullptr, false);
  if (result.is_discarded()) return {std::nullopt, "the command printed no JSON"};
  const json* at = &result;
  std::string reached;
  for (std::size_t begin = 1; begin <= pointer.size();) {
    const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
    const std::string key = pointer.substr(begin, end - begin);
    const json::json_pointer step("/" + key);
    if (!(at->is_object() || at->is_array()) || !at->contains(step)) {
      std::vector<std::string> keys;
      if (at->is_object()) {
        for (const auto& [name, value] : at->items()) keys.push_back(name);
      }
      return {std::nullopt, fmt::format("the result has no {}/{}{}{}", reached, key,
                                        keys.empty() ? "" : fmt::format("; there is {}", fmt::join(keys, ", ")),
                                        suggestion(key, keys))};
    }
    at = &at->at(step);
    reached += "/" + key;
    begin = end + 1;
  }
  if (at->is_boolean()) return {at->get<bool>() ? 1.0 : 0.0, {}};
  if (at->is_number() && std::isfinite(at->get<double>())) return {at->get<double>(), {}};
  return {std::nullopt, fmt::format("the result has no finite number at {}", pointer)};
}

int carry_out(const Program& program, const Invocation& invocation) {
  try {
    fmt::print("{}\n", digest_of_machine(program, invocation));
    if (invocation.workload_settings.empty()) return program.run(invocation.arguments);
    const PatchedWorkload workload(program.find(invocation.arguments[2], "workloads"), invocation.workload_settings);
    auto arguments = invocation.arguments;
    arguments[2] = workload.name();
    return program.run(arguments);
  } catch (const InputError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}

std::optional<Result> split_result(const std::string& out) {
  const auto line = out.find('\n');
  if (line == std::string::npos) return std::nullopt;
  return Result{out.substr(0, line), out.substr(line + 1)};
}

Status status_of(const Ended& ended) {
  switch (ended.how) {
    case Ended::How::returned:
      return ended.code == 0 ? Status::done : Status::failed;
    case Ended::How::crashed:
      return Status::crashed;
    case Ended::How::killed:
      return Status::killed;
    case Ended::How::out_of_time:
      return Status::timed_out;
    case Ended::How::out_of_memory:
      return Status::out_of_memory;
    case Ended::How::talked_too_much:
      return Status::failed;
  }
  return Status::failed;
}

std::string describe_failure(const Ended& ended, const Limits& limits) {
  const std::string words = last_words(ended.error);
  const std::string said = words.empty() ? std::string() : ": " + words;
  switch (ended.how) {
    case Ended::How::returned:
      return ended.code == 0 ? std::string() : words.empty() ? fmt::format("ended with code {}", ended.code) : words;
    case Ended::How::crashed:
      return fmt::format("crashed ({}){}", ::strsignal(ended.code), said);
    case Ended::How::killed:
      return fmt::format("was killed from outside {} times; the kernel does that too when memory runs out",
                         most_attempts);
    case Ended::How::out_of_time:
      return fmt::format("did not end within {}", to_text(limits.time));
    case Ended::How::out_of_memory:
      return fmt::format("needed more than {} of memory", to_text(limits.memory));
    case Ended::How::talked_too_much:
      return "printed more than any result is long";
  }
  return {};
}

Evaluator::Evaluator(const Sweep& sweep, const Program& program, std::size_t workers)
    : sweep_(sweep), program_(program), pool_(workers, sweep.limits) {}

void Evaluator::start(const Point& point) {
  Open& open = open_[point.id];
  open.point = point;
  launch(point.id, open);
}

void Evaluator::launch(std::uint64_t id, Open& open) {
  const Invocation invocation = invocation_of(sweep_, sweep_.runs[open.run], open.point);
  pool_.start(static_cast<std::size_t>(id), [this, &invocation] { return carry_out(program_, invocation); });
}

std::vector<Row> Evaluator::wait() {
  while (pool_.has_room() && !again_.empty()) {
    const auto id = again_.back();
    again_.pop_back();
    launch(id, open_.at(id));
  }
  std::vector<Row> rows;
  for (const Ended& ended : pool_.wait()) {
    if (auto row = take(ended)) {
      open_.erase(row->id);
      rows.push_back(std::move(*row));
    }
  }
  return rows;
}

// A point's next step after one of its children ended: its next run, the same once more, or its row.
std::optional<Row> Evaluator::take(const Ended& ended) {
  Open& open = open_.at(ended.ticket);
  open.wall_s += ended.wall_s;
  if (ended.how == Ended::How::killed && ++open.attempts < most_attempts) {
    again_.push_back(ended.ticket);
    return std::nullopt;
  }
  const auto result = split_result(ended.out);
  if (result) open.platforms.push_back(result->platform);
  if (ended.how != Ended::How::returned || ended.code != 0)
    return row_of(open, status_of(ended), describe_failure(ended, sweep_.limits));
  if (!result) return row_of(open, Status::failed, "the command printed nothing");
  if (auto problem = keep_metrics(open, *result); !problem.empty())
    return row_of(open, Status::failed, std::move(problem));
  if (++open.run < sweep_.runs.size()) {
    again_.push_back(ended.ticket);
    return std::nullopt;
  }
  if (auto problem = add_formulas(sweep_, open.point, open.metrics); !problem.empty())
    return row_of(open, Status::failed, std::move(problem));
  return row_of(open, Status::done, {});
}

std::string Evaluator::keep_metrics(Open& open, const Result& result) const {
  const std::string& run = sweep_.runs[open.run].name;
  for (const Metric& metric : sweep_.metrics) {
    if (metric.formula || metric.run != run) continue;
    const Lookup found = look_up(result.json, metric.pointer);
    if (!found.number) return fmt::format("metric \"{}\" of run \"{}\": {}", metric.name, run, found.problem);
    open.metrics[metric.name] = *found.number;
  }
  return {};
}

Row Evaluator::row_of(const Open& open, Status status, std::string message) const {
  const auto& platforms = open.platforms;
  const bool same = std::ranges::all_of(platforms, [&](const std::string& one) { return one == platforms.front(); });
  return {.id = open.point.id,
          .status = status,
          .message = std::move(message),
          .parameters = parameters_json(sweep_, open.point),
          .metrics = status == Status::done ? metrics_json(sweep_, open.metrics) : "{}",
          .seed = open.point.seed,
          .platform = platforms.empty() ? ""
                      : same            ? platforms.front()
                                        : digest(fmt::format("{}", fmt::join(platforms, " "))),
          .version = program_.version,
          .wall_s = open.wall_s};
}

std::string add_formulas(const Sweep& sweep, const Point& point, std::map<std::string, double>& metrics) {
  const auto lookup = [&](const std::string& name) -> std::optional<Value> {
    for (const Metric& metric : sweep.metrics) {
      if (metric.name == name && metrics.contains(name))
        return Value{{}, {}, Measure{metrics.at(name), metric.dimension}};
    }
    return value_of(sweep, point, name);
  };
  std::map<std::string, double> computed;
  for (const Metric& metric : sweep.metrics) {
    if (!metric.formula) continue;
    try {
      const Measure result = metric.formula->number(lookup);
      if (!metric.unit.empty() && result.dimension != metric.dimension)
        return fmt::format("the formula of \"{}\" gives no quantity in {}", metric.name, metric.unit);
      computed[metric.name] = result.si;
    } catch (const ExpressionError& error) {
      return fmt::format("the formula of \"{}\": {}", metric.name, error.what());
    }
  }
  metrics.insert(computed.begin(), computed.end());
  return {};
}

std::string metrics_json(const Sweep& sweep, const std::map<std::string, double>& metrics) {
  nlohmann::ordered_json result = nlohmann::ordered_json::object();
  for (const Metric& metric : sweep.metrics) {
    if (const auto found = metrics.find(metric.name); found != metrics.end()) result[metric.name] = found->second;
  }
  return result.dump();
}

std::map<std::string, double> read_metrics(const std::string& text) {
  std::map<std::string, double> result;
  const json value = json::parse(text, nullptr, false);
  if (!value.is_object()) return result;
  for (const auto& [name, number] : value.items()) {
    if (number.is_number()) result[name] = number.get<double>();
  }
  return result;
}

}  // namespace zettasim::study
