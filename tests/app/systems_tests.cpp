// Every system of the library answers the questions that people bring.
#include <map>
#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "support/catch.hpp"

using namespace zettasim::test;

namespace {

std::string systems() {
  std::string names;
  for (const auto& entry : std::filesystem::directory_iterator(ZETTASIM_SOURCE_DIR "/platforms")) {
    if (entry.path().extension() == ".json") names += entry.path().stem().string() + " ";
  }
  return names;
}

}  // namespace

// From two GPUs to a hundred thousand: between 0.1 TFLOP/s and a thousand EFLOP/s, HPCG a fraction of HPL, and no
// machine gives more than 200 GFLOP/s for a watt in FP64.
TEST_CASE("every system is predicted to do HPL faster than HPCG and both inside what is sensible", "[slow]") {
  const Outcome run = call("compare " + systems() + "--app hpl,hpcg --json");
  REQUIRE(run.exit_code == 0);
  std::map<std::string, double> hpl;
  const auto result = nlohmann::json::parse(run.out);
  for (const auto& row : result["rows"]) {
    const std::string name = row["platform"];
    INFO(name << " " << row.dump());
    CHECK(row.contains("misfit") == (name == "CloudMatrix 384"));  // its devices know no FP64
    if (!row.contains("flops")) continue;
    const double flops = row["flops"], per_watt = row["flops_per_w"];
    CHECK(flops > 1e11);
    CHECK(flops < 1e21);
    CHECK(per_watt > 1e6);
    CHECK(per_watt < 200e9);
    if (row["application"] == "hpl") hpl[name] = flops;
    if (row["application"] == "hpcg") CHECK(flops < 0.2 * hpl.at(name));
  }
  CHECK(hpl.size() >= 18);
}
