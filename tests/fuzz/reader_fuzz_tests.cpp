// Damaged descriptions, traces and logs. Whatever the text, a reader ends in a value or in an InputError that says
// where and what; nothing crashes, hangs or throws anything else. The damage is drawn from fixed seeds: a failing text
// is the same in every run, and is shown.
#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/chakra_writer.hpp"
#include "support/kineto_sample.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/random.hpp"
#include "zettasim/platform/load.hpp"
#include "zettasim/workload/rank_trace_describe.hpp"
#include "zettasim/workload/rank_trace_files.hpp"
#include "zettasim/workload/read_trace.hpp"

using namespace zettasim;
namespace fs = std::filesystem;

namespace {

const fs::path source_folder = ZETTASIM_SOURCE_DIR;

struct Sample {
  std::string name;  // as the reader is told it: parts are looked up beside it
  std::string text;
};

std::vector<Sample> samples_in(const std::string& folder) {
  std::vector<Sample> samples;
  for (const auto& entry : fs::directory_iterator(source_folder / folder)) {
    if (entry.path().extension() == ".json") samples.push_back({entry.path().string(), read_text(entry.path())});
  }
  std::sort(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) { return a.name < b.name; });
  return samples;
}

constexpr std::string_view log_sample = R"(; Version: 2.2
; Computer: a sample
; MaxNodes: 128
; MaxProcs: 256
; UnixStartTime: 1000000000
    1        0     10    100     16   -1   -1   16    120   -1  1   3   1   1  1 -1 -1 -1
    2       30      0     -1      8   -1   -1    8    600   -1  0   4   1   2  1 -1 -1 -1
    3       31      5   3600     -1   -1   -1   64   3500   -1  1   3   1   1  1 -1 -1 -1
    4       31      5      0      4  1.5   -1    4     -1   -1  5  -1   1  -1  1 -1 -1 -1
    5       20      5     60    256   -1   -1  256     60   -1  1  12   1   3  1 -1 -1 -1
)";

constexpr std::array<std::string_view, 34> odd_words = {"",
                                                        "-1",
                                                        "0",
                                                        "-0",
                                                        "NaN",
                                                        "inf",
                                                        "null",
                                                        "true",
                                                        "{}",
                                                        "[]",
                                                        "\"\"",
                                                        "1e308",
                                                        "-1e308",
                                                        "1e-308",
                                                        "1e999",
                                                        "5e-324",
                                                        "0.5",
                                                        "1e12",
                                                        "1000000000000",
                                                        "1000000000001",
                                                        "2147483648",
                                                        "4294967296",
                                                        "9223372036854775807",
                                                        "18446744073709551615",
                                                        "18446744073709551616",
                                                        "\"1e30 s\"",
                                                        "\"1e-30 s\"",
                                                        "\"nan GB/s\"",
                                                        "\"-1 W\"",
                                                        "\"../platforms/two-nodes.json\"",
                                                        "{\"value\": 1}",
                                                        "{\"value\": {\"value\": 1}}",
                                                        "[[[[[[[[[[]]]]]]]]]]",
                                                        "\xff\xfe"};

class Damage {
 public:
  Damage(std::uint64_t seed, std::uint64_t index) : random_(seed, "damage", index) {}

  // One to three changes.
  std::string apply(std::string text) {
    for (std::size_t left = 1 + below(3); left > 0; --left) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t count) {
    return static_cast<std::size_t>(random_.uniform() * static_cast<double>(count));
  }

  void change(std::string& text) {
    if (text.empty()) return;
    const std::size_t at = below(text.size());
    const std::size_t length = 1 + below(std::min<std::size_t>(text.size() - at, below(8) == 0 ? 2000 : 20));
    switch (below(16)) {
      case 0:
        text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(below(text.size()), text.substr(at, length));
        break;
      case 3:
        text.resize(at);
        break;
      case 4:
        text.insert(at, odd_words[below(odd_words.size())]);
        break;
      default:
        replace_value(text, at);  // texts that are still JSON reach furthest
    }
  }

  // Puts an odd word in the place of the first number or quoted text after `at`.
  void replace_value(std::string& text, std::size_t at) {
    const std::string_view odd = odd_words[below(odd_words.size())];
    const bool quoted = below(2) == 0;
    const auto from = text.find_first_of(quoted ? "\"" : "0123456789", at);
    if (from == std::string::npos) return;
    auto to = quoted ? text.find('"', from + 1) : text.find_first_not_of("0123456789.eE+-", from);
    if (to == std::string::npos) to = text.size();
    text.replace(from, to - from + (quoted && to < text.size() ? 1 : 0), odd);
  }

  RandomStream random_;
};

struct Outcome {
  int read = 0;
  int refused = 0;
};

std::string complaint_about(const InputError& error) {
  if (error.problems().empty()) return "an InputError without a problem";
  for (const Problem& problem : error.problems()) {
    if (problem.place.empty() || problem.text.empty()) return "a problem without place or text";
    if (to_text(problem).find('\n') != std::string::npos) return "a problem of several lines: " + to_text(problem);
  }
  return {};
}

// Damages the sample `count` times and hands each result to `read`.
Outcome feed(const Sample& sample, std::uint64_t seed, int count, const std::function<void(const std::string&)>& read) {
  Outcome outcome;
  for (int i = 0; i < count; ++i) {
    const std::string text = Damage(seed, static_cast<std::uint64_t>(i)).apply(sample.text);
    std::string complaint;
    try {
      read(text);
      ++outcome.read;
    } catch (const InputError& error) {
      complaint = complaint_about(error);
      ++outcome.refused;
    } catch (const std::exception& error) {
      complaint = std::string("something else was thrown: ") + error.what();
    }
    if (!complaint.empty()) {
      INFO(sample.name << ", seed " << seed << ", damage " << i);
      INFO(text);
      FAIL_CHECK(complaint);
    }
  }
  return outcome;
}

// Some damage leaves a text that can be read, most does not; a run of which that is not so has tested nothing.
void check_both_ways(const Outcome& outcome) {
  CHECK(outcome.read > 0);
  CHECK(outcome.refused > outcome.read / 4);
}

// The systems of the library, and one whose cooling follows the weather, which none of them has.
std::vector<Sample> machine_samples() {
  auto samples = samples_in("platforms");
  const auto smallest = source_folder / "platforms/two-nodes.json";
  const auto overlays = source_folder / "platforms/overlays";
  const auto cooled = platform::load_machine(
      smallest, {.overlays = {overlays / "cooling-cold-plate.json", overlays / "kobe-august-day.json"}});
  samples.push_back({smallest.string(), cooled.resolved});
  return samples;
}

void feed_machines(std::uint64_t seed, int count) {
  Outcome all;
  for (Sample sample : machine_samples()) {
    const auto read = [&](const std::string& text) { platform::parse_machine(sample.name, text); };
    for (const bool whole : {false, true}) {
      // The second time with all parts in place, so that damage reaches them too.
      if (whole) sample.text = platform::parse_machine(sample.name, sample.text).resolved;
      const Outcome outcome = feed(sample, seed, count, read);
      all.read += outcome.read;
      all.refused += outcome.refused;
    }
  }
  check_both_ways(all);
}

// What was read can be written in both forms, and reads back as the same trace.
void read_and_write(const workload::Trace& trace) {
  const std::string once = workload::write_json_trace(trace);
  const auto again = workload::read_json_trace(Document::parse("again.json", once));
  if (workload::write_json_trace(again) != once)
    throw std::logic_error("a trace written and read is another:\n" + once);
  workload::write_swf(trace);
}

void feed_traces(std::uint64_t seed, int count) {
  Outcome all;
  for (const Sample& sample : samples_in("workloads")) {
    // A description of thousands of jobs takes as long as hundreds of short ones, and its jobs are all alike.
    const int tries = sample.text.size() > 20'000 ? std::max(1, count / 10) : count;
    const Outcome outcome = feed(sample, seed, tries, [&](const std::string& text) {
      read_and_write(workload::read_json_trace(Document::parse(sample.name, text)));
    });
    all.read += outcome.read;
    all.refused += outcome.refused;
  }
  check_both_ways(all);
}

void feed_logs(std::uint64_t seed, int count) {
  const Sample sample{"sample.swf", std::string(log_sample)};
  check_both_ways(feed(sample, seed, count,
                       [&](const std::string& text) { read_and_write(workload::read_swf("sample.swf", text)); }));
}

void feed_mixes(std::uint64_t seed, int count) {
  Outcome all;
  for (const Sample& sample : samples_in("workloads/mixes")) {
    const Outcome outcome = feed(sample, seed, count, [&](const std::string& text) {
      const auto mix = workload::read_mix(Document::parse(sample.name, text));
      auto trace = workload::read_swf("sample.swf", std::string(log_sample));
      workload::apply_mix(trace, mix, 1);
    });
    all.read += outcome.read;
    all.refused += outcome.refused;
  }
  check_both_ways(all);
}

constexpr std::string_view two_ranks = R"(0 init
0 irecv 1 7 100 1
0 compute 1e9
0 isend 1 7 500 1
0 wait 1 0 7
0 waitall
0 allReduce 1000 1e6
0 alltoallv 30 10 20 30 10 20
0 finalize
1 init 1
1 isend 0 7 100 1
1 recv 0 7 500 1
1 waitall
1 sleep 0.5
1 allReduce 1000 1e6
1 alltoallv 30 10 20 30 10 20
1 finalize
)";

constexpr std::string_view two_blocks = R"(num_ranks 2
rank 0 {
  a: calc 1000 cpu 0
  b: send 8b to 1 tag 5 nic 0
  c: recv 16b from -1 tag 6 // the answer
  b requires a
  c irequires b
}
rank 1 {
  a: recv 8b from 0 tag 5;
  b: send 16b to 0 tag 6;
  b requires a /* and not before */
}
)";

// What can be read is checked between ranks too, described, and written as far as the other formats can say it.
void read_ranks(const workload::RankTrace& trace) {
  workload::check(trace);
  workload::to_text(workload::describe(trace));
  try {
    workload::read_time_independent("again", {{"again", workload::write_time_independent(trace).text}});
    workload::read_goal("again", workload::write_goal(trace, flops_per_second(1e9)).text);
  } catch (const InputError& error) {
    if (error.problems().empty() || error.problems()[0].place.rfind("again", 0) == 0) {
      throw std::logic_error(std::string("what was written cannot be read: ") + error.what());
    }
  }
}

void feed_rank_traces(std::uint64_t seed, int count) {
  using workload::RankFile;
  check_both_ways(feed({"two.txt", std::string(two_ranks)}, seed, count, [](const std::string& text) {
    read_ranks(workload::read_time_independent("two.txt", {{"two.txt", text}}));
  }));
  check_both_ways(feed({"two.goal", std::string(two_blocks)}, seed, count,
                       [](const std::string& text) { read_ranks(workload::read_goal("two.goal", text)); }));
  check_both_ways(feed({"p.json", test::kineto_sample()}, seed, count, [](const std::string& text) {
    read_ranks(workload::read_kineto({"p.json", text}));
  }));
  const std::string good = test::small_training_rank();
  check_both_ways(feed({"two.1.et", good}, seed, count, [&](const std::string& text) {
    read_ranks(workload::read_chakra("two", {RankFile{"two.0.et", good}, RankFile{"two.1.et", text}}));
  }));
}

// Words of JSON and of our formats in any order: little of it is JSON, none of it a description.
std::string rubble(RandomStream& random) {
  constexpr std::array<std::string_view, 20> words = {
      "{",           "}",  "[",        "]",           ":", ",",  "\"format\"", "\"zettasim-platform\"",
      "\"version\"", "1",  "\"node\"", "\"extends\"", "-", "\"", "\\",         "\\u",
      "\xe2\x82",    "1e", " ",        "\n"};
  std::string text;
  for (int left = static_cast<int>(random.uniform() * 60.0); left > 0; --left) {
    text += words[static_cast<std::size_t>(random.uniform() * static_cast<double>(words.size()))];
  }
  return text;
}

}  // namespace

TEST_CASE("a damaged machine description is read or refused with reasons", "[fuzz]") { feed_machines(1, 2000); }

TEST_CASE("a damaged workload is read or refused with reasons", "[fuzz]") { feed_traces(2, 3000); }

TEST_CASE("a damaged job log is read or refused with reasons", "[fuzz]") { feed_logs(3, 20'000); }

TEST_CASE("a damaged mix is read or refused with reasons", "[fuzz]") { feed_mixes(4, 3000); }

TEST_CASE("a damaged trace of ranks is read or refused with reasons", "[fuzz]") { feed_rank_traces(7, 10'000); }

TEST_CASE("words of JSON in any order are refused with reasons", "[fuzz]") {
  RandomStream random(5, "rubble");
  for (int i = 0; i < 20'000; ++i) {
    feed({"rubble.json", rubble(random)}, 6, 1,
         [](const std::string& text) { platform::parse_machine("rubble.json", text); });
  }
}

TEST_CASE("many more damaged texts are read or refused with reasons", "[fuzz][slow]") {
  for (std::uint64_t seed = 100; seed < 110; ++seed) {
    feed_machines(seed, 1000);  // each loads up to a dozen files
    feed_traces(seed, 10'000);
    feed_logs(seed, 50'000);
    feed_mixes(seed, 10'000);
    feed_rank_traces(seed, 50'000);
  }
}
