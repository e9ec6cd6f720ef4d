// The workload model of Lublin and Feitelson, "The workload on parallel supercomputers: modeling the characteristics of
// rigid jobs", Journal of Parallel and Distributed Computing 63(11), 2003: sizes, run times and arrivals of rigid jobs,
// fitted to logs of four machines of the 1990s. The parameters are those of the paper for jobs of all types together.
//
//   size      one node, or 2^u nodes with u from two uniform stages (generate.hpp)
//   run time  e^g seconds, g from one of two gamma distributions; larger jobs take the longer one more often
//   arrival   gaps of e^g seconds, g gamma distributed, spent on the half-hours of a day by how busy each is
//
// Of our own are the scaling to a wanted span and load, the requested times and the users; each is explained where it
// is. Limits: a rigid-job model without weekly cycle, without repeated submissions and without users' think times.
#include "zettasim/workload/generate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>

#include "applications.hpp"
#include "zettasim/base/contract.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/base/random.hpp"
#include "zettasim/base/suggest.hpp"
#include "zettasim/base/text.hpp"

namespace zettasim::workload {
namespace {

// Natural logarithms of the longest run time and the longest gap that the model draws: 45 hours and 5 days.
constexpr double longest_run_time_log = 12.0;
constexpr double longest_gap_log = 13.0;

constexpr double day_s = 86400.0;
constexpr std::size_t bucket_count = 48;  // half-hours
constexpr double bucket_s = day_s / bucket_count;
constexpr std::int64_t most_jobs = 10'000'000;

void check(const GenerateOptions& options) {
  std::vector<Problem> problems;
  const auto require = [&](bool holds, const char* place, std::string text) {
    if (!holds) problems.push_back({place, std::move(text)});
  };
  require(options.machine_nodes >= 1 && options.machine_nodes <= 1'000'000'000, "--nodes",
          fmt::format("found {}, expected a machine of 1 to 1000000000 nodes", options.machine_nodes));
  require(options.jobs >= 1 && options.jobs <= most_jobs, "--jobs",
          fmt::format("found {}, expected 1 to {} jobs", options.jobs, most_jobs));
  require(options.span.si() >= 1.0 && options.span.si() <= 100.0 * 366.0 * day_s, "--span",
          fmt::format("found {} s, expected a time from 1 s to 100 years", options.span.si()));
  require(!options.load || (*options.load > 0.0 && *options.load <= 1000.0), "--load",
          fmt::format("found {}, expected a load above 0 and at most 1000", options.load.value_or(0.0)));
  require(!options.whole_machine || options.whole_machine->requested_time.si() >= 1.0, "--whole-machine-time",
          "expected a second or more");
  const SizeModel& s = options.sizes;
  const bool shares = s.serial >= 0.0 && s.power_of_two >= 0.0 && s.serial + s.power_of_two <= 1.0 &&
                      s.first_stage >= 0.0 && s.first_stage <= 1.0;
  require(shares && s.low >= 0.0 && s.low <= 30.0 && s.middle_below_top >= 0.0 && s.middle_below_top <= 30.0, "sizes",
          "expected shares from 0 to 1, serial and power_of_two together at most 1, exponents from 0 to 30");
  if (!problems.empty()) throw InputError(std::move(problems));
}

std::int64_t draw_nodes(const SizeModel& model, std::int64_t machine_nodes, RandomStream& random) {
  const double kind = random.uniform();
  const double stage = random.uniform();
  const double place = random.uniform();  // drawn always, so that one job's kind does not shift the draws of the next
  if (kind < model.serial) return 1;
  const double top = std::log2(static_cast<double>(machine_nodes));
  const double low = std::min(model.low, top);
  const double middle = std::clamp(top - model.middle_below_top, low, top);
  double exponent = stage < model.first_stage ? low + place * (middle - low) : middle + place * (top - middle);
  if (kind < model.serial + model.power_of_two) exponent = std::round(exponent);
  return std::clamp<std::int64_t>(std::llround(std::exp2(exponent)), 1, machine_nodes);
}

// e^g s, g from gamma(4.2, 0.94) with probability p and from gamma(312, 0.03) otherwise, p = 0.78 - 0.0054 nodes.
double draw_run_time(std::int64_t nodes, RandomStream& random) {
  const double p = std::clamp(0.78 - 0.0054 * static_cast<double>(nodes), 0.0, 1.0);
  const bool first = random.uniform() < p;
  for (;;) {
    const double logarithm = first ? random.gamma(4.2, 0.94) : random.gamma(312.0, 0.03);
    if (logarithm <= longest_run_time_log) return std::max(1.0, std::exp(logarithm));
  }
}

// How busy each half-hour of a day is, 1 on average: the mass of gamma(8.1737, 3.9631) around the half-hour's number.
// The distribution begins at 5:00 (number 11), the quietest time, and runs through the night into the next morning.
std::array<double, bucket_count> make_daily_cycle() {
  constexpr std::size_t day_start = 11;
  const auto below = [](double x) { return boost::math::gamma_p(8.1737, x / 3.9631); };
  std::array<double, bucket_count> weights{};
  double sum = 0.0;
  for (std::size_t i = day_start; i < day_start + bucket_count; ++i) {
    const auto middle = static_cast<double>(i);
    sum += weights[(i - 1) % bucket_count] = below(middle + 0.5) - below(middle - 0.5);
  }
  for (double& weight : weights) weight *= bucket_count / sum;
  return weights;
}

// The submissions that pass by `time`, were there one a second on average; and the time by which `passed` have.
double passed_by(double time, const std::array<double, bucket_count>& weights) {
  const double days = std::floor(time / day_s);
  double left = time - days * day_s, passed = days * day_s;
  for (const double weight : weights) {
    const double part = std::clamp(left, 0.0, bucket_s);
    passed += part * weight;
    left -= part;
  }
  return passed;
}
double time_of(double passed, const std::array<double, bucket_count>& weights) {
  const double days = std::floor(passed / day_s);
  double left = passed - days * day_s, time = days * day_s;
  for (const double weight : weights) {
    if (left < weight * bucket_s) return time + left / weight;
    left -= weight * bucket_s;
    time += bucket_s;
  }
  return time;
}

// Gaps of e^g s with g from gamma(10.2303 * 1.0225, 0.4871). They are multiplied by one factor before the daily cycle
// is laid over them, so that the last job comes half a mean gap before the end of `span` and the cycle keeps its
// length.
std::vector<Duration> draw_arrivals(const GenerateOptions& options, RandomStream& random) {
  const auto weights = make_daily_cycle();
  std::vector<double> sums;
  double sum = 0.0;
  for (std::int64_t i = 0; i < options.jobs; ++i) {
    sums.push_back(sum);
    double logarithm = longest_gap_log;
    do {
      logarithm = random.gamma(10.2303 * 1.0225, 0.4871);
    } while (logarithm > longest_gap_log);
    sum += std::exp(logarithm);
  }
  const double end = passed_by(options.span.si(), weights);
  const double factor = sums.back() > 0.0 ? end * (1.0 - 0.5 / static_cast<double>(options.jobs)) / sums.back() : 0.0;
  std::vector<Duration> arrivals;
  for (const double passed : sums) {
    const double time = std::floor(time_of(passed * factor, weights));
    arrivals.push_back(seconds(std::min(time, std::ceil(options.span.si()) - 1.0)));
  }
  // The first job comes at once; the model would leave the machine idle until the morning.
  arrivals.front() = Duration{};
  return arrivals;
}

// Multiplies all run times so that the jobs offer `load`, and rounds them to whole seconds.
void scale_run_times(std::vector<Job>& jobs, const GenerateOptions& options) {
  double node_seconds = 0.0;
  for (const Job& job : jobs) node_seconds += static_cast<double>(job.nodes) * job.run_time->si();
  const double offered = node_seconds / (static_cast<double>(options.machine_nodes) * options.span.si());
  const double factor = options.load ? *options.load / offered : 1.0;
  const double longest = std::floor(std::exp(longest_run_time_log));
  for (Job& job : jobs) {
    job.run_time = seconds(std::clamp(std::round(job.run_time->si() * factor), 1.0, longest));
  }
}

// Users ask for a round time that is longer than needed: the accuracy is uniform from 0.2 to 1 (assumed, after the flat
// histograms of Mu'alem and Feitelson 2001), then raised to the next of the few values people write (after Tsafrir,
// Etsion, Feitelson 2005, who find about 20 values to cover most jobs).
Duration draw_request(Duration run_time, RandomStream& random) {
  const double needed = run_time.si() / random.uniform(0.2, 1.0);
  for (const double minutes :
       {5., 10., 15., 20., 30., 60., 90., 120., 180., 240., 360., 480., 720., 1080., 1440., 2160., 2880.}) {
    if (needed <= minutes * 60.0) return seconds(minutes * 60.0);
  }
  return seconds(day_s * std::ceil(needed / day_s));
}

// One of 40 users, the k-th with a share of 1/k: few users submit most jobs (assumed).
std::string draw_user(RandomStream& random) {
  constexpr int users = 40;
  double shares = 0.0;
  for (int k = 1; k <= users; ++k) shares += 1.0 / k;
  double left = random.uniform() * shares;
  int user = 1;
  while (user < users && left >= 1.0 / user) left -= 1.0 / user++;
  return fmt::format("u{}", user);
}

std::string describe_arguments(const GenerateOptions& options, const Mix& mix) {
  std::string text =
      fmt::format("Lublin-Feitelson 2003: --nodes {} --jobs {} --span \"{}\" --seed {} --mix {}", options.machine_nodes,
                  options.jobs, exact_text(options.span.si(), "s"), options.seed, mix.name);
  if (options.load) text += fmt::format(" --load {}", *options.load);
  if (const auto& whole = options.whole_machine) {
    text += fmt::format(" --whole-machine {} --whole-machine-time \"{}\"", whole->application,
                        exact_text(whole->requested_time.si(), "s"));
  }
  const SizeModel& s = options.sizes;
  if (!(s == SizeModel{})) {
    text += fmt::format("; sizes: serial {}, power of two {}, low {}, middle below top {}, first stage {}", s.serial,
                        s.power_of_two, s.low, s.middle_below_top, s.first_stage);
  }
  return text;
}

// Comes first, so that an empty machine starts it at once; its number comes after those of the jobs that are drawn, so
// that these are the same without it.
void begin_with_whole_machine(const WholeMachineJob& whole, const Mix& mix, std::int64_t nodes, Trace& trace) {
  const auto named = [&](const Application& application) { return application.name == whole.application; };
  const auto it = std::find_if(mix.applications.begin(), mix.applications.end(), named);
  if (it == mix.applications.end()) {
    std::vector<std::string> names;
    for (const Application& application : mix.applications) names.push_back(application.name);
    throw InputError("--whole-machine", fmt::format("found \"{}\", expected one of the applications of mix \"{}\"{}",
                                                    whole.application, mix.name, suggestion(whole.application, names)));
  }
  Job job;
  job.number = static_cast<std::int64_t>(trace.jobs.size()) + 1;
  job.nodes = nodes;
  job.requested_time = whole.requested_time;
  job.application = static_cast<std::size_t>(it - mix.applications.begin());
  job.user = "operations";
  trace.jobs.insert(trace.jobs.begin(), std::move(job));
}

}  // namespace

Trace generate(const GenerateOptions& options, const Mix& mix) {
  check(options);
  Trace trace;
  trace.name = fmt::format("{}-{}-nodes", mix.name, options.machine_nodes);
  trace.description = describe_arguments(options, mix);
  trace.seed = options.seed;
  trace.machine_nodes = options.machine_nodes;
  trace.applications = {recorded_application()};
  // A stream for each aspect: a change of one leaves the draws of the others as they are.
  RandomStream sizes(options.seed, "sizes"), run_times(options.seed, "run times"), gaps(options.seed, "arrivals");
  RandomStream requests(options.seed, "requests"), users(options.seed, "users");
  const auto arrivals = draw_arrivals(options, gaps);
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    Job job;
    job.number = static_cast<std::int64_t>(i) + 1;
    job.submit = arrivals[i];
    job.nodes = draw_nodes(options.sizes, options.machine_nodes, sizes);
    job.run_time = seconds(draw_run_time(job.nodes, run_times));
    job.user = draw_user(users);
    trace.jobs.push_back(std::move(job));
  }
  scale_run_times(trace.jobs, options);
  for (Job& job : trace.jobs) job.requested_time = draw_request(*job.run_time, requests);
  apply_mix(trace, mix, options.seed);
  if (options.whole_machine) begin_with_whole_machine(*options.whole_machine, mix, options.machine_nodes, trace);
  return trace;
}

}  // namespace zettasim::workload
