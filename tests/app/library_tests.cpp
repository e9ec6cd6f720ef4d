// The library of machines and workloads, and the other commands, from the outside.
#include "app/program.hpp"
#include "support/catch.hpp"

using namespace zettasim::test;

TEST_CASE("every machine of the library is listed and checked") {
  const Outcome list = call("platform list");
  CHECK(list.exit_code == 0);
  for (const char* name :
       {"fugakunext", "fugaku", "frontier", "jupiter", "jedi", "lumi-g", "leonardo", "isambard-ai", "summit", "aurora",
        "edinburgh", "monaka-cloud", "ai-gigafactory", "cloudmatrix-384", "two-nodes"}) {
    CHECK(contains(list.out, name));
    const Outcome check = call(std::string("platform check ") + name);
    CHECK(check.exit_code == 0);
    CHECK(contains(check.out, ": fine; "));
  }
  CHECK(!contains(list.out, "cannot be read"));
}

// Bandwidths that no binary fraction meets, such as 98.2 % of 25 GB/s, in many cables: the search for the cut must not
// trip over rounding.
TEST_CASE("the networks of fat trees and groups in the library are measured to their least cut") {
  for (const char* name : {"selene-like", "edinburgh", "summit", "leonardo", "isambard-ai-1"}) {
    INFO(name);
    const Outcome measures = call(std::string("topology ") + name);
    CHECK(measures.exit_code == 0);
    CHECK(contains(measures.out, "by min-cut"));
    CHECK(!contains(measures.out, "not computed"));
  }
}

TEST_CASE("a machine is shown with the status and source of its numbers") {
  const Outcome show = call("platform show fugakunext --overlay thirty-megawatts");
  CHECK(show.exit_code == 0);
  CHECK(contains(show.out, "/facility/budget"));
  CHECK(contains(show.out, "30 MW"));
  for (const char* status : {"found", "derived", "assumed"}) CHECK(contains(show.out, status));
}

TEST_CASE("the mixed day of the library is what its command generates, byte for byte") {
  const Scratch scratch;
  const auto file = scratch / "day.json";
  const Outcome generate = call("workload generate '" + file.string() +
                                "' --platform fugakunext --jobs 599 --span '24 h' --seed 2030"
                                " --whole-machine whole-machine-hpl --whole-machine-time '2 h'");
  CHECK(generate.exit_code == 0);
  CHECK(text_of(file) == text_of(std::filesystem::path(ZETTASIM_SOURCE_DIR) / "workloads/mixed-day.json"));
}

// A log knows how long a job took, not what it did: the one job of the mixed day that does its work once has no run
// time to write, and cannot be read back.
TEST_CASE("a trace converted to the standard workload format and back keeps the jobs that have run times") {
  const Scratch scratch;
  const auto log = scratch / "day.swf", back = scratch / "day.json";
  CHECK(call("workload convert mixed-day '" + log.string() + "'").exit_code == 0);
  CHECK(call("workload convert '" + log.string() + "' '" + back.string() + "' --mix science").exit_code == 0);
  CHECK(contains(call("workload describe '" + log.string() + "'").out, "1 jobs without a run time, left out"));
  CHECK(contains(call("workload describe '" + back.string() + "'").out, "599 jobs"));
}

// Two nodes, fully connected: one link each way.
TEST_CASE("a network is exported for SimGrid and for graph tools") {
  CHECK(contains(call("platform export two-nodes").out, "<platform version"));
  const Outcome dot = call("platform export two-nodes --format dot");
  CHECK(contains(dot.out, "digraph"));
  CHECK(contains(dot.out, "0->1"));
  CHECK(contains(dot.out, "1->0"));
  const Outcome graphml = call("platform export frontier --format graphml");
  CHECK(graphml.exit_code == 0);
  CHECK(contains(graphml.out, "<graphml"));
  CHECK(contains(graphml.out, "switch 2367"));  // 74 groups of 32 switches, counted from 0
  const Outcome large = call("platform export fugaku");
  CHECK(large.exit_code == 2);
  CHECK(!large.error.empty());
}

TEST_CASE("a trace is described for people and for machines") {
  CHECK(contains(call("workload describe mixed-day --platform fugakunext").out, "600"));
  CHECK(contains(call("workload describe mixed-day --json").out, "\"jobs\": 600"));
}

TEST_CASE("help has examples and the version is told") {
  for (const char* command : {"--help", "run --help", "platform --help", "workload --help"}) {
    const Outcome help = call(command);
    CHECK(help.exit_code == 0);
    CHECK(contains(help.out, "Examples:"));
  }
  CHECK(call("--version").out == ZETTASIM_VERSION "\n");
}

TEST_CASE("the installed program finds its library from any folder") {
  const Scratch scratch;
  const auto prefix = scratch / "prefix";
  REQUIRE(std::system(
              ("cmake --install '" ZETTASIM_BINARY_DIR "' --prefix '" + prefix.string() + "' >/dev/null").c_str()) ==
          0);
  const Outcome run = call("run two-nodes two-jobs", (prefix / "bin/zettasim").string(), scratch.folder());
  CHECK(run.exit_code == 0);
  CHECK(contains(run.out, "2 finished"));
}
