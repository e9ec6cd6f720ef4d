// Sweeps from the outside: points, failures, kills, refusals.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <random>
#include <thread>

#include "app/program.hpp"
#include "support/catch.hpp"

using namespace zettasim::test;

namespace {

void write(const std::filesystem::path& file, const std::string& text) { std::ofstream(file) << text; }

// 120 points of `run two-nodes two-jobs`, each a few milliseconds.
const std::string many_points = R"({"format": "zettasim-sweep", "version": 1, "name": "many",
  "runs": {"day": ["run", "two-nodes", "two-jobs"]},
  "parameters": [
    {"name": "pue", "platform": "/facility/pue", "from": 1.0, "to": 1.5, "steps": 12},
    {"name": "link", "platform": "/network/link/bandwidth", "from": "10 GB/s", "to": "100 GB/s", "steps": 10}],
  "metrics": {"time": {"run": "day", "at": "/time_s", "unit": "s"},
              "energy": {"run": "day", "at": "/energy/facility_meter_j", "unit": "J"}}})";

std::string in_quotes(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

std::string csv_of(const std::filesystem::path& store) { return call("sweep export " + in_quotes(store)).out; }

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// The program in the background, in the source folder, silent.
pid_t begin(const std::vector<std::string>& arguments) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  std::vector<char*> words = {const_cast<char*>(ZETTASIM_PROGRAM)};
  for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  if (::chdir(ZETTASIM_SOURCE_DIR) != 0 || !std::freopen("/dev/null", "w", stdout) ||
      !std::freopen("/dev/null", "w", stderr))
    ::_exit(1);
  ::execv(ZETTASIM_PROGRAM, words.data());
  ::_exit(1);
}

std::vector<pid_t> children_of(pid_t pid) {
  std::ifstream list("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  std::vector<pid_t> children;
  for (pid_t child; list >> child;) children.push_back(child);
  return children;
}

}  // namespace

// 3 x 3 x 2 points, less the 2 with 20 TFLOP/s behind 12.5 GB/s.
TEST_CASE("the sweep that comes with the program has 16 points and a front") {
  const Scratch scratch;
  const Outcome sweep = call("sweep small-machines --out " + in_quotes(scratch / "s"));
  CHECK(sweep.exit_code == 0);
  CHECK(contains(sweep.out, "16 of 16 points have a row"));
  CHECK(contains(sweep.out, "Pareto front (energy low, price low, time low)"));
  CHECK(lines_of(csv_of(scratch / "s")) == 17);
}

TEST_CASE("a sweep gives the same table with one worker and with four, and in three shards merged") {
  const Scratch scratch;
  write(scratch / "many.json", many_points);
  const auto sweep = "sweep " + in_quotes(scratch / "many.json");
  CHECK(call(sweep + " --jobs 1 --out " + in_quotes(scratch / "one")).exit_code == 0);
  CHECK(call(sweep + " --jobs 4 --out " + in_quotes(scratch / "four")).exit_code == 0);
  std::string parts;
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    const auto part = scratch / ("part" + std::string(1, shard[0]));
    CHECK(call(sweep + " --shard " + shard + " --out " + in_quotes(part)).exit_code == 0);
    parts += " " + in_quotes(part);
  }
  CHECK(call("sweep merge " + in_quotes(scratch / "whole") + parts).exit_code == 0);
  const std::string table = csv_of(scratch / "one");
  CHECK(lines_of(table) == 121);
  CHECK(csv_of(scratch / "four") == table);
  CHECK(csv_of(scratch / "whole") == table);
}

TEST_CASE("a point's metrics are those of the same command typed by hand") {
  const Scratch scratch;
  write(scratch / "many.json", many_points);
  CHECK(call("sweep " + in_quotes(scratch / "many.json") + " --out " + in_quotes(scratch / "s")).exit_code == 0);
  const std::string last = csv_of(scratch / "s");
  const std::string by_hand =
      call("run two-nodes two-jobs --set /facility/pue=1.5 --set '/network/link/bandwidth=100 GB/s' --json").out;
  const auto at = by_hand.find("\"facility_meter_j\": ") + 20;
  CHECK(contains(last, "119,1.5,100 GB/s,"));
  CHECK(contains(last.substr(last.find("119,1.5,100 GB/s,")), by_hand.substr(at, by_hand.find(',', at) - at)));
}

TEST_CASE("a point that the program refuses is a row with its message and the sweep goes on") {
  const Scratch scratch;
  write(scratch / "s.json", R"({"format": "zettasim-sweep", "version": 1, "name": "some fail",
    "runs": {"day": ["run", "two-nodes", "two-jobs"]},
    "parameters": [{"name": "pue", "platform": "/facility/pue", "values": [0.5, 1.2]}],
    "metrics": {"time": {"run": "day", "at": "/time_s"}}})");
  const auto sweep = "sweep " + in_quotes(scratch / "s.json") + " --out " + in_quotes(scratch / "s");
  const Outcome outcome = call(sweep);
  CHECK(outcome.exit_code == 0);
  CHECK(contains(outcome.out, "2 of 2 points have a row"));
  CHECK(contains(outcome.out, "1 without a result; the first, point 0 {\"pue\":0.5}: --set /facility/pue: found 0.5"));
  CHECK(call(sweep + " --resume --strict").exit_code == 3);
}

TEST_CASE("a metric that the result does not have names what is there") {
  const Scratch scratch;
  write(scratch / "s.json", R"({"format": "zettasim-sweep", "version": 1, "name": "typo",
    "runs": {"day": ["run", "two-nodes", "two-jobs"]},
    "parameters": [{"name": "pue", "platform": "/facility/pue", "values": [1.2]}],
    "metrics": {"time": {"run": "day", "at": "/power/maen_w"}}})");
  const Outcome outcome = call("sweep " + in_quotes(scratch / "s.json") + " --out " + in_quotes(scratch / "s"));
  CHECK(contains(outcome.out,
                 "the result has no /power/maen_w; there is budget_w, mean_w, peak_w, policy, slowdown_longest, "
                 "slowdown_mean, throttled_node_seconds, time_above_budget_s; did you mean \"mean_w\"?"));
}

// Ten million steps, an event each: minutes, were they not ended after 50 ms.
TEST_CASE("a point that takes too long is ended and told") {
  const Scratch scratch;
  write(scratch / "long.json", R"({"format": "zettasim-workload", "version": 1, "name": "long", "seed": 1,
    "applications": {"a": {"program": {"steps": 10000000, "step": [{"busy": {"time": "1 s", "utilisation": 0}}]}}},
    "jobs": [{"id": 1, "submit": "0 s", "nodes": 1, "requested_time": "9999 days", "user": "u", "application": "a"}]})");
  write(scratch / "s.json", R"({"format": "zettasim-sweep", "version": 1, "name": "slow",
    "runs": {"day": ["run", "two-nodes", ")" +
                                (scratch / "long.json").string() + R"(", "--strides", "unstrided"]},
    "parameters": [{"name": "pue", "platform": "/facility/pue", "values": [1.2]}],
    "limits": {"time": "50 ms"},
    "metrics": {"time": {"run": "day", "at": "/time_s"}}})");
  const Outcome outcome = call("sweep " + in_quotes(scratch / "s.json") + " --out " + in_quotes(scratch / "s"));
  INFO(outcome.out);
  CHECK(contains(outcome.out, "did not end within 50.0 ms"));
}

TEST_CASE("rows are not overwritten without being asked for") {
  const Scratch scratch;
  const auto sweep = "sweep small-machines --out " + in_quotes(scratch / "s");
  CHECK(call(sweep).exit_code == 0);
  const Outcome again = call(sweep);
  CHECK(again.exit_code == 2);
  CHECK(contains(again.error, "its store holds 16 of 16 points already; go on with --resume"));
  CHECK(contains(call(sweep + " --resume").out, "16 of 16 points have a row; in"));
}

TEST_CASE("a folder that cannot be written and a wrong shard are clear messages of a sweep") {
  CHECK(contains(call("sweep small-machines --out /dev/null/s").error, "/dev/null/s: the folder cannot be made"));
  CHECK(contains(call("sweep small-machines --out /proc").error, "/proc: cannot be written to"));
  for (const char* shard : {"0/2", "3/2", "2", "a/b", "1/"}) {
    const Outcome run = call("sweep small-machines --dry-run --shard " + std::string(shard));
    CHECK(run.exit_code == 2);
    CHECK(contains(run.error, "expected I/N such as 2/8"));
  }
  CHECK(contains(call("sweep show /nowhere").error, "/nowhere: holds no sweep"));
}

TEST_CASE("a dry run counts points and writes nothing") {
  const Scratch scratch;
  const Outcome run = call("sweep small-machines --dry-run --out " + in_quotes(scratch / "s"));
  CHECK(contains(run.out, "small machines: 16 points of 1 runs each"));
  CHECK(!std::filesystem::exists(scratch / "s"));
}

// A limit on the size of files stands for a disk that takes no more, in the middle of the sweep.
TEST_CASE("a disk that takes no more ends the sweep with its rows kept and resume completes it") {
  const Scratch scratch;
  write(scratch / "many.json", many_points);
  const auto sweep = "sweep " + in_quotes(scratch / "many.json") + " --out ";
  const auto program = std::string(ZETTASIM_PROGRAM);
  const Outcome full =
      call("-c 'ulimit -f 128; exec \"$0\" \"$@\"' " + program + " " + sweep + in_quotes(scratch / "s"), "/bin/bash");
  CHECK(full.exit_code == 2);
  CHECK(contains(full.error, "all rows until here are kept"));
  CHECK(call(sweep + in_quotes(scratch / "s") + " --resume").exit_code == 0);
  CHECK(call(sweep + in_quotes(scratch / "t")).exit_code == 0);
  CHECK(csv_of(scratch / "s") == csv_of(scratch / "t"));
}

// Sixty kills at random moments, every second one of the sweep itself, the others of a worker. Whatever is lost was
// running, so that the table ends as if nothing had happened.
TEST_CASE("a sweep whose processes are killed sixty times completes to the table of an undisturbed one") {
  const Scratch scratch;
  write(scratch / "many.json", many_points);
  const std::string file = (scratch / "many.json").string(), store = (scratch / "s").string();
  CHECK(call("sweep " + in_quotes(file) + " --out " + in_quotes(scratch / "calm")).exit_code == 0);
  std::mt19937 random(1);
  std::size_t kills = 0;
  std::size_t rows = 0;
  while (kills < 60) {
    const pid_t sweep = begin({"sweep", file, "--out", store, "--jobs", "2", "--resume"});
    REQUIRE(sweep > 0);
    const auto pause = [&](unsigned most) { std::this_thread::sleep_for(std::chrono::milliseconds(random() % most)); };
    pause(120);
    for (const pid_t worker : children_of(sweep)) kills += ::kill(worker, SIGKILL) == 0 ? 1 : 0;
    pause(20);
    kills += ::kill(sweep, SIGKILL) == 0 ? 1 : 0;
    ::waitpid(sweep, nullptr, 0);
    if (!std::filesystem::exists(store + "/sweep.sqlite")) continue;
    const std::size_t now = lines_of(csv_of(store));
    CHECK(now >= rows);
    rows = now;
  }
  CHECK(call("sweep " + in_quotes(file) + " --out " + in_quotes(store) + " --resume").exit_code == 0);
  CHECK(csv_of(store) == csv_of(scratch / "calm"));
}

TEST_CASE("a second sweep on one store is refused while the first one runs and harms nothing") {
  const Scratch scratch;
  write(scratch / "many.json", many_points);
  const std::string file = (scratch / "many.json").string(), store = (scratch / "s").string();
  const pid_t first = begin({"sweep", file, "--out", store, "--jobs", "1"});
  while (!std::filesystem::exists(store + "/sweep.sqlite")) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  const Outcome second = call("sweep " + in_quotes(file) + " --out " + in_quotes(store) + " --resume");
  CHECK(second.exit_code == 2);
  CHECK(contains(second.error, "another sweep (process " + std::to_string(first) + ") is writing to it"));
  int status = 0;
  ::waitpid(first, &status, 0);
  CHECK(status == 0);
  CHECK(lines_of(csv_of(store)) == 121);
}

TEST_CASE("broken sweeps exit with 2 and leave no folder") {
  const Scratch scratch;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(ZETTASIM_SOURCE_DIR) / "tests/rejects/sweeps")) {
    if (entry.path().extension() != ".json") continue;
    INFO(entry.path());
    const Outcome run = call("sweep " + in_quotes(entry.path()) + " --out " + in_quotes(scratch / "s"));
    CHECK(run.exit_code == 2);
    CHECK(run.out.empty());
    CHECK(!std::filesystem::exists(scratch / "s"));
  }
}
