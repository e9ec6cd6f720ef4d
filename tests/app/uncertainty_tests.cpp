// Intervals and searches from the outside.
#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "support/catch.hpp"

using namespace zettasim::test;

TEST_CASE("a prediction of FugakuNEXT carries its interval and what matters most unless a program reads it") {
  const Outcome screen = call("predict fugakunext hpl");
  CHECK(screen.exit_code == 0);
  CHECK(contains(screen.out, "how sure      16 draws of"));
  CHECK(contains(screen.out, "what matters most, alone"));
  CHECK(contains(screen.out, "/node/gpus/device/limit"));
  CHECK(!contains(call("predict fugakunext hpl --json").out, "uncertainty"));
  CHECK(!contains(call("predict fugakunext hpl --uncertainty 0").out, "how sure"));
  CHECK(!contains(call("predict frontier hpl --nodes 64").out, "how sure"));
}

// One job of 4 hours on FugakuNEXT: each draw takes milliseconds.
TEST_CASE("a run on FugakuNEXT carries its intervals on the screen and in its report unless it is told not to") {
  const Scratch scratch;
  const std::string run = "run fugakunext two-jobs --out '";
  const Outcome screen = call(run + (scratch / "a").string() + "'");
  INFO(screen.out << screen.error);
  CHECK(screen.exit_code == 0);
  CHECK(screen.error.empty());
  CHECK(contains(screen.out, "how sure      [ ] holds nine in ten of 16 draws of"));
  CHECK(contains(text_of(scratch / "a/report.html"), "How sure the figures are"));
  const auto report = nlohmann::json::parse(text_of(scratch / "a/report.json"));
  CHECK(report["uncertainty"]["failed_runs"] == 0);
  CHECK(report["uncertainty"]["seed"] == report["seed"]);
  const auto power = report["uncertainty"]["intervals"]["power.mean_w"];
  CHECK(power["described"] == report["summary"]["power"]["mean_w"]);
  CHECK(power["low_5_percent"].get<double>() < power["described"].get<double>());
  CHECK(power["described"].get<double>() < power["high_95_percent"].get<double>());
  const Outcome without = call("run fugakunext two-jobs --uncertainty 0");
  CHECK(!contains(without.out, "how sure"));
  CHECK(!contains(without.out, "["));
}

TEST_CASE("the report of a run with intervals has the same bytes for any number of jobs and others for other draws") {
  const Scratch scratch;
  const auto report = [&](const std::string& options, const std::string& name) {
    const auto folder = scratch / name;
    CHECK(call("run fugakunext two-jobs " + options + " --out '" + folder.string() + "'").exit_code == 0);
    return text_of(folder / "report.json");
  };
  const std::string one = report("--uncertainty 6 --jobs 1", "one");
  CHECK(report("--uncertainty 6 --jobs 3", "three") == one);
  CHECK(contains(one, "\"draws\": 6"));
  CHECK(report("--uncertainty 7 --jobs 3", "seven") != one);
}

TEST_CASE("a program that asks for JSON gets intervals of a run where it asks for them or for a report") {
  const Scratch scratch;
  CHECK(!contains(call("run fugakunext two-jobs --json").out, "uncertainty"));
  CHECK(contains(call("run fugakunext two-jobs --json --uncertainty 2").out, "\"draws\": 2"));
  call("run fugakunext two-jobs --json --out '" + (scratch / "out").string() + "'");
  CHECK(contains(text_of(scratch / "out/report.json"), "\"draws\": 16"));
}

TEST_CASE("a run that is slow to repeat says that it has no interval and how to get one") {
  const Outcome run = call("run fugakunext two-jobs --roles unfolded");
  CHECK(contains(run.out, "how sure      not drawn with --roles unfolded; --uncertainty 16 runs it 16 times more"));
  CHECK(!contains(call("run two-nodes two-jobs --roles unfolded").out, "how sure"));
}

TEST_CASE("a run on a machine whose numbers carry no range is told as ever and cannot be drawn") {
  CHECK(!contains(call("run two-nodes two-jobs").out, "how sure"));
  const Outcome run = call("run two-nodes two-jobs --uncertainty 4");
  CHECK(run.exit_code == 2);
  CHECK(contains(run.error, "write \"range\": [lower, higher] beside its \"value\""));
  const Outcome many = call("run fugakunext two-jobs --uncertainty 1000000");
  CHECK(many.exit_code == 2);
  CHECK(contains(many.error, "expected at most 100000 draws"));
  CHECK(call("run fugakunext two-jobs --uncertainty -1").exit_code == 2);
}

TEST_CASE("a run that is refused is refused in the same words with and without intervals") {
  const std::string run =
      "run fugakunext two-jobs --set '/facility/budget={\"limit\": \"1 MW\", \"policy\": \"wait\"}'";
  const Outcome drawn = call(run), plain = call(run + " --uncertainty 0");
  CHECK(drawn.exit_code == 2);
  CHECK(contains(drawn.error, "expected more than"));
  CHECK(drawn.error == plain.error);
}

// The numbers as described lie inside the interval of what is drawn around them.
TEST_CASE("the interval in JSON is the same for any number of jobs and another for another seed") {
  const std::string command = "predict fugakunext hpl --nodes 384 --json --uncertainty 12 ";
  const Outcome one = call(command + "--jobs 1");
  CHECK(call(command + "--jobs 3").out == one.out);
  CHECK(call(command + "--seed 2").out != one.out);
  const auto result = nlohmann::json::parse(one.out)["uncertainty"];
  CHECK(result["failed_runs"] == 0);
  const auto flops = result["intervals"]["flops"];
  CHECK(flops["low_5_percent"].get<double>() < flops["median"].get<double>());
  CHECK(flops["median"].get<double>() < flops["high_95_percent"].get<double>());
  // Products at the lower end of their efficiency, 0.8 instead of 0.89, do about a tenth less.
  double change = 0.0;
  for (const auto& number : result["sensitivities"]) {
    if (number["pointer"] != "/node/gpus/device/rates/fp64_matrix/efficiency") continue;
    change = number["flops_change"][0].get<double>();
  }
  CHECK(change == Approx(-0.104).epsilon(0.05));
}

TEST_CASE("a machine whose numbers carry no range has no interval to tell and says how to give it one") {
  const Outcome run = call("predict two-nodes hpl --uncertainty 4");
  CHECK(run.exit_code == 2);
  CHECK(contains(run.error, "write \"range\": [lower, higher] beside its \"value\""));
}

// Twelve evaluations of HPL on two nodes, whose links may carry 50 GB/s at most.
TEST_CASE("a search keeps its path in the store and shows what improved") {
  const Scratch scratch;
  std::ofstream(scratch / "s.json") << R"({"format": "zettasim-sweep", "version": 1, "name": "links",
    "runs": {"p": ["predict", "two-nodes", "hpl"]},
    "parameters": [{"name": "link", "platform": "/network/link/bandwidth", "from": "1 GB/s", "to": "100 GB/s"}],
    "metrics": {"flops": {"run": "p", "at": "/flops", "unit": "FLOP/s"}},
    "search": {"maximise": "flops", "subject_to": ["link <= '50 GB/s'"], "evaluations": 12, "starts": 1}})";
  const std::string file = "'" + (scratch / "s.json").string() + "'", out = "'" + (scratch / "s").string() + "'";
  const Outcome run = call("sweep " + file + " --optimize --out " + out);
  INFO(run.out << run.error);
  CHECK(run.exit_code == 0);
  CHECK(contains(run.out, "highest flops with link <= '50 GB/s'"));
  CHECK(contains(call("sweep show " + out).out, "highest flops with link <= '50 GB/s'"));
  const Outcome again = call("sweep " + file + " --optimize --resume --out " + out);
  CHECK(contains(again.out, "points have a row; in"));  // none of them new
  const Outcome plain = call("sweep " + file + " --out " + out);
  CHECK(plain.exit_code == 2);
  CHECK(contains(plain.error, "describes a search; run it with --optimize"));
}
