// Which points a sweep has, and what each is called with.
#include "zettasim/study/points.hpp"

#include <set>

#include "study/sweeps.hpp"
#include "support/catch.hpp"
#include "zettasim/base/problem.hpp"

using namespace zettasim;
using namespace zettasim::study;
using namespace zettasim::test;

namespace {

std::vector<std::string> all_of(const Sweep& sweep) {
  const Points points(sweep);
  std::vector<std::string> result;
  for (std::size_t i = 0; i < points.size(); ++i) result.push_back(parameters_json(sweep, points[i]));
  return result;
}

}  // namespace

// 3 x 3, the last parameter fastest.
TEST_CASE("two parameters are multiplied into a grid", "[study]") {
  const auto points = all_of(small_sweep(gpus + "," + budget));
  REQUIRE(points.size() == 9);
  CHECK(points[0] == R"({"gpus":1,"budget":"20 MW"})");
  CHECK(points[1] == R"({"gpus":1,"budget":"30 MW"})");
  CHECK(points[8] == R"({"gpus":4,"budget":"40 MW"})");
}

TEST_CASE("zipped parameters move together", "[study]") {
  const auto points = all_of(small_sweep("{\"zip\": [" + gpus + "," + budget + "]}"));
  CHECK(points == std::vector<std::string>{R"({"gpus":1,"budget":"20 MW"})", R"({"gpus":2,"budget":"30 MW"})",
                                           R"({"gpus":4,"budget":"40 MW"})"});
}

// 1, 10, 100, 1000: three decades in three steps.
TEST_CASE("a logarithmic range has equal ratios between its steps", "[study]") {
  const auto points = all_of(small_sweep(
      R"({"name": "n", "platform": "/nodes", "from": 1, "to": 1000, "steps": 4, "scale": "logarithmic", "whole": true})"));
  CHECK(points == std::vector<std::string>{R"({"n":1})", R"({"n":10})", R"({"n":100})", R"({"n":1000})"});
}

// gpus x budget: 1 x 20, 1 x 30, 1 x 40, 2 x 20, 2 x 30 and 2 x 40 are at most 80 MW, and so is 4 x 20.
TEST_CASE("a constraint takes points out", "[study]") {
  CHECK(all_of(small_sweep(gpus + "," + budget, R"(, "constraints": ["gpus * budget <= '80 MW'"])")).size() == 7);
}

TEST_CASE("a sweep whose constraints leave nothing is refused", "[study]") {
  CHECK_THROWS_AS(all_of(small_sweep(gpus, R"(, "constraints": ["gpus > 4"])")), InputError);
}

TEST_CASE("repeats give each point one seed after the other", "[study]") {
  const auto sweep = small_sweep(gpus, R"(, "repeats": 2, "seed": 5)");
  const Points points(sweep);
  REQUIRE(points.size() == 6);
  CHECK(points[0].seed == 5);
  CHECK(points[1].seed == 6);
  CHECK(points[1].values[0].text == "1");
  CHECK(points[2].values[0].text == "2");
  CHECK(
      invocation_of(sweep, sweep.runs[0], points[1]).arguments ==
      std::vector<std::string>{"run", "two-nodes", "two-jobs", "--set", "/node/gpus/count=1", "--seed", "6", "--json"});
}

// A hundred points fill a list of four values evenly: 25 each.
TEST_CASE("a latin hypercube over a list takes each value equally often", "[study]") {
  const auto sweep = small_sweep(
      R"({"latin_hypercube": [{"name": "gpus", "platform": "/node/gpus/count", "values": [1, 2, 3, 4]},
                              {"name": "pue", "platform": "/facility/pue", "from": 1.0, "to": 1.5}], "points": 100})");
  const Points points(sweep);
  REQUIRE(points.size() == 100);
  std::map<std::string, int> times;
  for (std::size_t i = 0; i < points.size(); ++i) ++times[points[i].values[0].text];
  CHECK(times == std::map<std::string, int>{{"1", 25}, {"2", 25}, {"3", 25}, {"4", 25}});
}

TEST_CASE("each kind of parameter goes to its place on the command line", "[study]") {
  const auto sweep =
      read_sweep(Document::parse("small.json", R"({"format": "zettasim-sweep", "version": 1, "name": "kinds",
    "runs": {"day": ["run", "two-nodes", "two-jobs"], "hpl": ["predict", "fugakunext", "hpl", "--overlay", "x"]},
    "metrics": {"time": {"run": "day", "at": "/time_s"}},
    "parameters": [
      {"name": "placement", "option": "--placement", "values": ["linear"], "runs": ["day"]},
      {"name": "jobs", "workload": "/jobs/0/nodes", "values": [2], "runs": ["day"]},
      {"name": "block", "argument": "block", "values": [512], "runs": ["hpl"]},
      {"name": "network", "overlay": true, "values": ["none", "fat-tree-quad-rail"]}]})"));
  const Points points(sweep);
  const auto day = invocation_of(sweep, sweep.runs[0], points[0]);
  CHECK(day.arguments == std::vector<std::string>{"run", "two-nodes", "two-jobs", "--placement", "linear", "--json"});
  CHECK(day.workload_settings == std::vector<std::pair<std::string, std::string>>{{"/jobs/0/nodes", "2"}});
  const auto hpl = invocation_of(sweep, sweep.runs[1], points[1]);
  CHECK(hpl.arguments == std::vector<std::string>{"predict", "fugakunext", "hpl", "--overlay", "x", "block=512",
                                                  "--overlay", "fat-tree-quad-rail", "--json"});
  CHECK(hpl.overlays == std::vector<std::string>{"x", "fat-tree-quad-rail"});
}
