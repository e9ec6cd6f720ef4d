// The Standard Workload Format of the Parallel Workloads Archive (Chapin et al. 1999, version 2.2): one job a line, 18
// numbers, -1 for what is not known; comments start with ";". Logs are taken as they are: what a line lacks is filled
// by the rules below, and each rule that was used leaves a note with its count. What is no log at all is an InputError.
//
//   field 1  job number             field 5  processors allocated      field 11 status (5: cancelled)
//   field 2  submit time, s         field 8  processors requested      field 12 user
//   field 4  run time, s            field 9  requested time, s
//
// A processor of the log is a node of ours.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "applications.hpp"
#include "zettasim/base/field.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/workload/read_trace.hpp"

namespace zettasim::workload {
namespace {

constexpr std::size_t field_count = 18;
constexpr std::size_t most_problems = 20;
constexpr double most_seconds = 1e12;  // 30,000 years; epoch seconds are 2e9
constexpr double cancelled_status = 5.0;

using Record = std::array<double, field_count>;

// What was met, counted; each becomes a TraceNote unless it is zero.
struct Counts {
  std::int64_t cancelled = 0;
  std::int64_t without_run_time = 0;
  std::int64_t without_nodes = 0;
  std::int64_t without_submit = 0;
  std::int64_t finished_at_once = 0;
  std::int64_t without_request = 0;
  std::int64_t over_request = 0;
  std::int64_t out_of_order = 0;
  std::int64_t extra_columns = 0;
  std::int64_t repeated_numbers = 0;
};

class SwfReader {
 public:
  SwfReader(const std::string& name, const std::string& text) : name_(name), text_(text) {}

  Trace read() {
    if (text_.find('\0') != std::string::npos) throw InputError(name_, "this is not a job log (it holds zero bytes)");
    std::string_view rest = text_;
    for (std::size_t line = 1; !rest.empty(); ++line) {
      const auto end = rest.find('\n');
      read_line(rest.substr(0, end), line);
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    if (problem_count_ > most_problems) {
      problems_.push_back(
          {name_, fmt::format("and {} more lines that are not of a job log", problem_count_ - most_problems)});
    }
    if (!problems_.empty()) throw InputError(std::move(problems_));
    if (trace_.jobs.empty()) throw InputError(name_, "holds no job that ran; there is nothing to run");
    return finish();
  }

 private:
  void read_line(std::string_view line, std::size_t number) {
    line = trim(line);
    if (line.empty()) return;
    if (line.front() == ';') return read_comment(line);
    Record record{};
    std::size_t fields = 0;
    for (std::string_view rest = line; !rest.empty() && fields < field_count; ++fields) {
      const auto end = std::min(rest.find_first_of(" \t"), rest.size());
      const auto written = rest.substr(0, end);
      if (const auto reason = read_number(written, fields, record[fields]); !reason.empty()) {
        return add_problem(number,
                           fmt::format("field {}: found \"{}\", expected {}", fields + 1, printable(written), reason));
      }
      rest = trim(rest.substr(end));
      if (fields + 1 == field_count && !rest.empty()) ++counts_.extra_columns;
    }
    if (fields < field_count) {
      return add_problem(number,
                         fmt::format("found {} fields, expected the 18 of the Standard Workload Format", fields));
    }
    add_job(record);
  }

  static std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
    return text;
  }

  static std::string printable(std::string_view text) {
    std::string result;
    for (const char c : text.substr(0, 40)) result += c > 0x20 && c < 0x7f ? c : '?';
    return result;
  }

  // The empty text, or what was expected instead.
  static std::string read_number(std::string_view text, std::size_t field, double& value) {
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || rest != text.data() + text.size() || !std::isfinite(value)) return "a number";
    if (std::abs(value) > most_seconds && (field == 1 || field == 3 || field == 8)) return "seconds, at most 1e12";
    const bool whole = field == 0 || field == 4 || field == 7;
    if (whole && std::abs(value) > static_cast<double>(most_count))
      return fmt::format("a count of at most {}", most_count);
    if (whole && value != std::floor(value)) return "a whole number";
    value += 0.0;  // "-0" is 0, and written as such
    return {};
  }

  void add_problem(std::size_t line, std::string text) {
    if (++problem_count_ <= most_problems) problems_.push_back({fmt::format("{}:{}", name_, line), std::move(text)});
  }

  void read_comment(std::string_view line) {
    line = trim(line.substr(1));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const auto value = trim(line.substr(colon + 1));
    const auto key = line.substr(0, colon);
    if (key == "Computer") trace_.description = "recorded on " + std::string(value);
    if (key != "MaxNodes" && key != "MaxProcs") return;
    std::int64_t count = 0;
    const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (error != std::errc{} || count < 1 || count > most_count) return;
    // A processor of the log is a node of ours, so that MaxProcs wins over MaxNodes.
    if (key == "MaxProcs" || !trace_.machine_nodes) trace_.machine_nodes = count;
  }

  void add_job(const Record& record) {
    const double submit = record[1];
    double run_time = record[3];
    if (record[10] == cancelled_status && run_time <= 0.0) return void(++counts_.cancelled);
    if (run_time < 0.0) return void(++counts_.without_run_time);
    const double nodes = record[7] > 0.0 ? record[7] : record[4];
    if (nodes <= 0.0) return void(++counts_.without_nodes);
    if (submit < 0.0) return void(++counts_.without_submit);
    if (run_time == 0.0) {
      ++counts_.finished_at_once;
      run_time = 1.0;
    }
    double requested = record[8];
    if (requested <= 0.0) {
      ++counts_.without_request;
      requested = run_time;
    } else if (run_time > requested) {
      ++counts_.over_request;
      requested = run_time;
    }
    if (submit < latest_submit_) ++counts_.out_of_order;
    latest_submit_ = submit;
    trace_.jobs.push_back({.number = static_cast<std::int64_t>(record[0]),
                           .position = trace_.jobs.size(),
                           .submit = seconds(submit),
                           .nodes = static_cast<std::int64_t>(nodes),
                           .requested_time = seconds(requested),
                           .user = record[11] >= 0.0 ? fmt::format("u{}", record[11]) : std::string(),
                           .application = 0,
                           .run_time = seconds(run_time)});
  }

  Trace finish() {
    auto& jobs = trace_.jobs;
    std::stable_sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.submit < b.submit; });
    const Duration first = jobs.front().submit;
    for (Job& job : jobs) job.submit -= first;
    count_repeated_numbers();
    trace_.name = name_.substr(name_.find_last_of('/') + 1);
    trace_.name = trace_.name.substr(0, trace_.name.find(".swf"));
    if (trace_.name.empty()) trace_.name = "log";
    trace_.recorded = true;
    trace_.applications = {recorded_application()};
    note("jobs cancelled before they ran, left out", counts_.cancelled);
    note("jobs without a run time, left out", counts_.without_run_time);
    note("jobs without a number of processors, left out", counts_.without_nodes);
    note("jobs without a submit time, left out", counts_.without_submit);
    note("jobs that ran for 0 s, which run for 1 s here", counts_.finished_at_once);
    note("jobs without a requested time, whose run time stands for it", counts_.without_request);
    note("jobs that ran longer than requested, whose request is raised to the run time", counts_.over_request);
    note("jobs submitted earlier than the line before, sorted", counts_.out_of_order);
    note("lines with more than 18 columns, the rest not read", counts_.extra_columns);
    note("jobs whose number another job has too", counts_.repeated_numbers);
    note("seconds taken off every submit time, so that the first is 0", static_cast<std::int64_t>(first.si()));
    return std::move(trace_);
  }

  void count_repeated_numbers() {
    std::vector<std::int64_t> numbers;
    numbers.reserve(trace_.jobs.size());
    for (const Job& job : trace_.jobs) numbers.push_back(job.number);
    std::sort(numbers.begin(), numbers.end());
    for (std::size_t i = 1; i < numbers.size(); ++i) counts_.repeated_numbers += numbers[i] == numbers[i - 1] ? 1 : 0;
  }

  void note(const char* what, std::int64_t count) {
    if (count > 0) trace_.notes.push_back({what, count});
  }

  const std::string& name_;
  const std::string& text_;
  Trace trace_;
  Counts counts_;
  double latest_submit_ = 0.0;
  std::size_t problem_count_ = 0;
  std::vector<Problem> problems_;
};

// The number in "u12", as this reader names users; nothing for any other name.
std::optional<std::int64_t> user_number(const std::string& user) {
  if (user.size() < 2 || user.size() > 12 || user.front() != 'u') return std::nullopt;
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(user.data() + 1, user.data() + user.size(), number);
  const bool plain = error == std::errc{} && rest == user.data() + user.size() && number >= 0;
  return plain && fmt::format("u{}", number) == user ? std::optional(number) : std::nullopt;
}

// Users "u12" keep their number; the others get the numbers after the largest of those, in order of appearance.
std::map<std::string, std::int64_t> number_users(const std::vector<Job>& jobs) {
  std::map<std::string, std::int64_t> numbers;
  std::int64_t largest = 0;
  for (const Job& job : jobs) {
    if (const auto number = user_number(job.user)) largest = std::max(largest, numbers[job.user] = *number);
  }
  for (const Job& job : jobs) {
    if (!job.user.empty() && numbers.emplace(job.user, largest + 1).second) ++largest;
  }
  return numbers;
}

// A text that cannot end the comment line it stands in.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  return text;
}

}  // namespace

Trace read_swf(const std::string& name, const std::string& text) { return SwfReader(name, text).read(); }

std::string write_swf(const Trace& trace) {
  std::string text =
      fmt::format("; Version: 2.2\n; Computer: {}\n; MaxJobs: {}\n", one_line(trace.name), trace.jobs.size());
  if (trace.machine_nodes) text += fmt::format("; MaxNodes: {0}\n; MaxProcs: {0}\n", *trace.machine_nodes);
  for (std::size_t i = 0; i < trace.applications.size(); ++i) {
    text += fmt::format("; Note: executable {} is {}\n", i + 1, one_line(trace.applications[i].name));
  }
  const auto users = number_users(trace.jobs);
  for (const auto& [user, number] : users) {
    if (!user_number(user)) text += fmt::format("; Note: user {} is {}\n", number, one_line(user));
  }
  for (const Job& job : trace.jobs) {
    const auto user = users.find(job.user);
    text += fmt::format("{} {} -1 {} {} -1 -1 {} {} -1 {} {} -1 {} -1 -1 -1 -1\n", job.number, job.submit.si(),
                        job.run_time ? job.run_time->si() : -1.0, job.nodes, job.nodes, job.requested_time.si(),
                        job.run_time ? 1 : -1, user == users.end() ? -1 : user->second, job.application + 1);
  }
  return text;
}

}  // namespace zettasim::workload
