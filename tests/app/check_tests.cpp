// The gate for CI from the outside: exit codes, files, and what it says.
#include <fstream>

#include "app/program.hpp"
#include "support/catch.hpp"

using namespace zettasim::test;

namespace {

const std::string baseline = R"({
  "format": "zettasim-baseline",
  "version": 1,
  "name": "small",
  "scenarios": {
    "day": {
      "run": ["run", "two-nodes", "two-jobs"],
      "metrics": {"time": {"at": "/time_s", "unit": "s", "relative": 0.001, "worse": "higher"},
                  "power": {"at": "/power/peak_w", "unit": "W", "absolute": 1, "worse": "either"}}
    },
    "sum": {
      "run": ["collective", "two-nodes", "--size", "1MiB"],
      "metrics": {"time": {"at": "/rows/0/time_s", "unit": "s", "relative": 0.001, "worse": "higher"}}
    }
  }
})";

void write(const std::filesystem::path& file, const std::string& text) { std::ofstream(file) << text; }

Outcome check(const std::filesystem::path& file, const std::string& options = "") {
  return call("check '" + file.string() + "' " + options);
}

}  // namespace

TEST_CASE("a baseline is filled by an update and then passes with any number of workers") {
  const Scratch scratch;
  const auto file = scratch / "b.json";
  write(file, baseline);
  CHECK(contains(check(file).out, "3 metrics of 2 scenarios: 3 not expected yet"));
  CHECK(check(file, "--update").exit_code == 0);
  const std::string filled = text_of(file);
  CHECK(contains(filled, "\"expected\""));
  const Outcome one = check(file, "--jobs 1"), four = check(file, "--jobs 4");
  CHECK(one.exit_code == 0);
  CHECK(contains(one.out, "3 metrics of 2 scenarios: 3 as expected"));
  CHECK(one.out == four.out);
  CHECK(check(file, "--update").exit_code == 0);
  CHECK(text_of(file) == filled);
}

// The GPU's bandwidth is 5 % lower in a copy of the library: a code bound by memory notices.
TEST_CASE("a GPU with five percent less bandwidth fails the gate with a readable reason") {
  const Scratch scratch;
  const auto file = scratch / "b.json", library = scratch / "library";
  write(file, R"({"format": "zettasim-baseline", "version": 1, "name": "hpcg",
    "scenarios": {"hpcg": {"run": ["predict", "fugakunext", "hpcg"],
      "metrics": {"rate": {"at": "/flops", "unit": "FLOP/s", "relative": 0.01, "worse": "lower"}}}}})");
  CHECK(check(file, "--update").exit_code == 0);
  for (const char* folder : {"platforms", "workloads"}) {
    std::filesystem::create_directories(library);
    std::filesystem::copy(std::filesystem::path(ZETTASIM_SOURCE_DIR) / folder, library / folder,
                          std::filesystem::copy_options::recursive);
  }
  const auto device = library / "platforms/devices/fugakunext-gpu.json";
  std::string text = text_of(device);
  const auto at = text.find("\"53.3 TB/s\"");
  REQUIRE(at != std::string::npos);
  write(device, text.replace(at, 11, "\"50.635 TB/s\""));
  const Outcome outcome =
      call("ZETTASIM_LIBRARY='" + library.string() + "' '" + ZETTASIM_PROGRAM + "' check '" + file.string() + "'",
           "env", library);
  CHECK(outcome.exit_code == 1);
  CHECK(contains(outcome.out, "hpcg, rate  REGRESSED"));
  CHECK(contains(outcome.out, "1 % is allowed (lower is worse)"));
}

TEST_CASE("a scenario that gives no number fails the gate and keeps the baseline from being updated") {
  const Scratch scratch;
  const auto file = scratch / "b.json";
  std::string text = baseline;
  text.replace(text.find("two-jobs"), 8, "no-jobs!");
  write(file, text);
  const Outcome outcome = check(file);
  CHECK(outcome.exit_code == 1);
  CHECK(contains(outcome.out, "day, time   FAILED"));
  CHECK(contains(outcome.out, "no such file"));
  const Outcome update = check(file, "--update");
  CHECK(update.exit_code == 2);
  CHECK(contains(update.error, "is left as it was"));
  CHECK(text_of(file) == text);
}

TEST_CASE("a check writes its reports for servers and for people") {
  const Scratch scratch;
  const auto file = scratch / "b.json";
  write(file, baseline);
  const auto in = [&](const char* name) { return "'" + (scratch / name).string() + "'"; };
  CHECK(check(file, "--junit " + in("j.xml") + " --markdown " + in("m.md") + " --bigger-is-better " + in("big.json") +
                        " --smaller-is-better " + in("small.json"))
            .exit_code == 0);
  CHECK(contains(text_of(scratch / "j.xml"), "<testsuite name=\"day\" tests=\"2\" failures=\"0\" errors=\"0\""));
  CHECK(contains(text_of(scratch / "m.md"), "### small: 3 metrics of 2 scenarios"));
  CHECK(text_of(scratch / "big.json") == "[]\n");
  CHECK(contains(text_of(scratch / "small.json"), "\"name\": \"sum, time\""));
}

TEST_CASE("a broken baseline exits with 2 and names every problem") {
  const Scratch scratch;
  const auto file = scratch / "b.json";
  write(file, R"({"format": "zettasim-baseline", "version": 1, "name": "x", "scenarioss": {},
    "scenarios": {"a": {"run": ["sweep", "x"], "metrics": {"m": {"at": "flops", "worse": "slower"}}}}})");
  const Outcome outcome = check(file);
  CHECK(outcome.exit_code == 2);
  for (const char* part : {"#/scenarios/a/run/0: found \"sweep\"", "#/scenarios/a/metrics/m/at: found \"flops\"",
                           "#/scenarios/a/metrics/m: has no tolerance",
                           "#/scenarios/a/metrics/m/worse: found \"slower\", expected one of lower, higher, either",
                           "unknown key \"scenarioss\""}) {
    INFO(part);
    CHECK(contains(outcome.error, part));
  }
  CHECK(check(scratch / "none.json").exit_code == 2);
}
