// The tables of published runs that come with the program.
#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "support/catch.hpp"

using namespace zettasim::test;

TEST_CASE("validate prints a table of published and predicted and exits with 0 within its bounds") {
  const Outcome run = call("validate --table collectives,batch");
  CHECK(run.exit_code == 0);
  CHECK(contains(run.out, "all-reduce of 1 MiB, 8 H100"));
  CHECK(contains(run.out, "left out: needs swf/pyss-easy"));
  CHECK(contains(run.out, "2 of 2 tables within their bounds"));
}

TEST_CASE("validate says as JSON how far each prediction is and from which source the measurement comes") {
  const Outcome run = call("validate --table collectives --json");
  const auto table = nlohmann::json::parse(run.out)["tables"][0];
  CHECK(table["rows"].size() == 51);
  CHECK(table["mean"]["error"].get<double>() < table["mean"]["bound"].get<double>());
  const auto row = table["rows"][0];
  const double error = row["predicted"].get<double>() / row["published"].get<double>() - 1.0;
  CHECK(row["error"].get<double>() == Approx(error).epsilon(1e-12));
  CHECK(!row["source"].get<std::string>().empty());
}

// One FLOP per second is far below what HPL does anywhere.
TEST_CASE("validate exits with 1 when a table is worse than its bound and with 2 when there is no such table") {
  const Scratch scratch;
  std::ofstream(scratch / "mine.json")
      << R"({"format": "zettasim-published", "version": 1, "title": "t", "at": "/flops", "unit": "FLOP/s",
    "mean_error": {"bound": 0.1}, "worst_error": {"bound": 0.1}, "runs": [{"name": "r", "measured": "1 FLOP/s",
    "status": "found", "source": "s", "run": ["predict", "two-nodes", "hpl"]}]})";
  const Outcome worse = call("validate --table '" + (scratch / "mine.json").string() + "'");
  CHECK(worse.exit_code == 1);
  CHECK(contains(worse.out, "not within its bounds, or without a prediction: mine"));
  const Outcome unknown = call("validate --table hplx");
  CHECK(unknown.exit_code == 2);
  CHECK(contains(unknown.error, "did you mean \"hpl\"?"));
}

TEST_CASE("every table of published runs is met within its recorded bounds", "[slow]") {
  const Outcome run = call("validate");
  INFO(run.out);
  CHECK(run.exit_code == 0);
}
