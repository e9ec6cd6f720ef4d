// zettasim power, from the outside.
#include <nlohmann/json.hpp>

#include "program.hpp"
#include "support/catch.hpp"

using nlohmann::json;
using zettasim::test::call;
using zettasim::test::contains;

namespace {

json called(const std::string& arguments) {
  const auto outcome = call(arguments + " --json");
  INFO(outcome.error);
  REQUIRE(outcome.exit_code == 0);
  return json::parse(outcome.out);
}

double number(const json& bill, const char* name) { return bill[name].get<double>(); }

}  // namespace

// Each node 300 W, the disk 100 W: (2 x 300 + 100) x 1.25 = 875 W of a budget of 2 kW.
TEST_CASE("the bill of the smallest machine at rest is the one of its description") {
  const json bill = called("power two-nodes");
  CHECK(bill["load"] == "idle");
  CHECK(number(bill, "equipment_w") == Approx(700.0));
  CHECK(number(bill, "facility_w") == Approx(875.0));
  CHECK(number(bill, "headroom_w") == Approx(1125.0));
  CHECK(number(bill, "share_of_budget") == Approx(0.4375));
}

TEST_CASE("every machine of the library has a bill that sums to its facility at rest and more at its peak") {
  for (const auto& file : std::filesystem::directory_iterator(ZETTASIM_SOURCE_DIR "/platforms")) {
    if (file.path().extension() != ".json") continue;
    const std::string machine = file.path().stem().string();
    INFO(machine);
    double before = 0.0;
    for (const char* load : {"idle", "peak"}) {
      const json bill = called("power " + machine + " --load " + load);
      double sum = 0.0;
      for (const auto& part : bill["components_w"]) sum += part.get<double>();
      CHECK(sum == Approx(number(bill, "facility_w")).epsilon(1e-12));
      CHECK(number(bill, "facility_w") > before);
      before = number(bill, "facility_w");
    }
  }
}

TEST_CASE("the parts of every bill sum to the facility and rise from idle over an application to the peak") {
  for (const char* machine : {"frontier", "fugaku", "fugakunext"}) {
    double before = 0.0;
    for (const char* load : {"idle", "hpl", "peak"}) {
      INFO(machine << " " << load);
      const json bill = called(std::string("power ") + machine + " --load " + load);
      double sum = 0.0;
      for (const auto& part : bill["components_w"]) sum += part.get<double>();
      CHECK(sum == Approx(number(bill, "facility_w")).epsilon(1e-12));
      CHECK(number(bill, "facility_w") > before);
      before = number(bill, "facility_w");
    }
  }
}

TEST_CASE("the bill of an application is what its prediction says the facility draws") {
  const json bill = called("power frontier --load hpl"), prediction = called("predict frontier hpl");
  CHECK(number(bill, "facility_w") == Approx(number(prediction, "facility_power_w")).epsilon(1e-12));
  CHECK(number(bill, "time_s") == number(prediction, "time_s"));
}

// A published digital twin (github.com/ExaDigiT/RAPS) spans 7.28 to 28.2 MW. It has nodes with their losses, switches
// and 0.2 MW of cooling distribution units; the bill has the cooling plant, shared storage and links between devices
// too. Without these it is 1.2 % and 0.4 % below the twin; with them, and a measured PUE of 1.055, 9 % above it.
TEST_CASE("Frontier at rest and at its peak lies within 2 percent of its published digital twin in what both have") {
  const auto of_the_twin = [](const json& bill) {
    const json& parts = bill["components_w"];
    return number(bill, "facility_w") - number(parts, "cooling") - number(parts, "storage") -
           number(parts, "node_links");
  };
  CHECK(of_the_twin(called("power frontier")) == Approx(7.28e6).epsilon(0.02));
  CHECK(of_the_twin(called("power frontier --load peak")) == Approx(28.2e6).epsilon(0.02));
}

// 300 EFLOP/s of FP8 and 800 PB/s at once, each device allowed what it asks for: memory alone takes 17.7 MW of the 40.
// The arithmetic is that of the precision that draws most, which FP8 (0.75 x 20 PFLOP/s x 0.08 pJ = 1.2 kW) is not.
TEST_CASE("FugakuNEXT with arithmetic and memory at their rates together exceeds 40 MW even inside the device limits") {
  const json capped = called("power fugakunext --load peak");
  const json uncapped = called("power fugakunext --load peak --set '/node/gpus/device/limit=\"10 kW\"'");
  CHECK(number(capped, "facility_w") > 40e6);
  CHECK(number(uncapped, "facility_w") > number(capped, "facility_w"));
  // 15,360 GPUs x (1.2 kW of FP8 + 53.3 TB/s x 0.9 x 24 pJ/byte = 1,151 W) = 36.1 MW above their idle power, before
  // losses and cooling; with what the machine draws at rest that is beyond the budget by itself.
  const double fp8_and_memory = 15360 * (0.75 * 20e15 * 0.08e-12 + 53.3e12 * 0.9 * 24e-12);
  CHECK(fp8_and_memory + number(called("power fugakunext"), "facility_w") > 40e6);
  CHECK(number(uncapped, "facility_w") > fp8_and_memory);
}

TEST_CASE("a bill above its budget says by how much") {
  CHECK(contains(call("power two-nodes").out, "1.12 kW left"));
  CHECK(contains(call("power two-nodes --set '/facility/budget=\"800 W\"'").out, "75.0 W too much"));
}

TEST_CASE("loads that do not fit and loads that nobody knows are refused with the reason") {
  const auto idle = call("power two-nodes problem_size=1000");
  CHECK(idle.exit_code == 2);
  CHECK(contains(idle.error, "no application"));
  const auto too_large = call("power two-nodes --load llm");
  CHECK(too_large.exit_code == 2);
  CHECK(contains(too_large.error, "llm-training"));
  const auto unknown = call("power two-nodes --load hot");
  CHECK(unknown.exit_code != 0);
  CHECK(contains(unknown.error, "peak"));
}

// The day's iterations draw more than 22 MW at their highest, so 18 MW bite. Jobs take longer, nothing is above the
// budget, and at lower clocks the day takes less energy.
TEST_CASE("the mixed day under a proportional budget is never above it and its jobs take longer and less energy") {
  const std::string run = "run fugakunext mixed-day --set '/facility/budget/limit=\"18 MW\"'";
  const json reported = called(run), held = called(run + " --set '/facility/budget/policy=\"proportional\"'");
  CHECK(number(reported["power"], "time_above_budget_s") > 3600.0);
  CHECK(number(reported["power"], "slowdown_longest") == 1.0);
  CHECK(number(held["power"], "time_above_budget_s") == 0.0);
  CHECK(number(held["power"], "peak_w") <= 18e6);
  CHECK(number(held["power"], "slowdown_mean") > 1.005);
  CHECK(number(held["energy"], "facility_meter_j") < number(reported["energy"], "facility_meter_j"));
  CHECK(number(held["power"], "throttled_node_seconds") > 1000.0 * 3600.0);
  CHECK(held["power"]["policy"] == "proportional");
}

TEST_CASE("a policy with power to spare gives the jobs and watts of the machine without it byte for byte") {
  const zettasim::test::Scratch scratch;
  const std::string free = (scratch / "free").string(), held = (scratch / "held").string();
  CHECK(call("run fugakunext mixed-day --uncertainty 0 --out '" + free + "'").exit_code == 0);
  CHECK(
      call("run fugakunext mixed-day --uncertainty 0 --set '/facility/budget/policy=\"uniform\"' --out '" + held + "'")
          .exit_code == 0);
  for (const char* file : {"/jobs.csv", "/power.csv"}) {
    CHECK(zettasim::test::text_of(free + file) == zettasim::test::text_of(held + file));
  }
}

TEST_CASE("a budget that the machine exceeds at rest is refused in words") {
  const auto refused = call(
      "run fugakunext mixed-day --uncertainty 0 --set '/facility/budget={\"limit\": \"5 MW\", \"policy\": "
      "\"job-fair\"}'");
  CHECK(refused.exit_code == 2);
  CHECK(contains(refused.error, "expected more than 7.55 MW, which the machine draws while nothing runs"));
}

// Two thirds of each bit's energy go with the pluggable transceivers; what is no link stays as it was.
TEST_CASE("co-packaged optics take less of the network than pluggable ones and nothing of the rest") {
  const json bills =
      called("power fugakunext --load peak --beside pluggable-optics --beside pec-2 --beside pec-3")["bills"];
  REQUIRE(bills.size() == 4);
  const json &plain = bills[0]["components_w"], &pluggable = bills[1]["components_w"],
             &engines = bills[2]["components_w"];
  CHECK(bills[0]["variant"] == "as it is");
  CHECK(bills[2]["variant"] == "pec-2");
  const double routers = 3840 * 40.0;  // at rest, whatever the links are
  CHECK((number(engines, "network") - routers) / (number(pluggable, "network") - routers) == Approx(5.6 / 18.8));
  CHECK(number(pluggable, "network") > number(plain, "network"));
  for (const char* same : {"gpu", "gpu_memory", "cpu", "nic", "node_links", "storage"}) {
    CHECK(number(engines, same) == number(pluggable, same));
  }
  CHECK(number(bills[3]["components_w"], "node_links") < number(engines, "node_links"));
  const auto screen = call("power fugakunext --beside pluggable-optics --beside pec-2");
  CHECK(contains(screen.out, "pluggable-optics"));
  CHECK(contains(screen.out, "pec-2"));
}

// Retimers are 40 ns of each hop; software and interfaces, 1.5 us of each message, stay.
TEST_CASE("light out of the package shortens the way by its retimers and no more") {
  const json rows = called("compare fugakunext+pluggable-optics fugakunext+pec-2 fugakunext+pec-3 --app fft3d")["rows"];
  REQUIRE(rows.size() == 3);
  CHECK(rows[1]["platform"] == "FugakuNEXT+pec-2");
  CHECK(number(rows[0], "time_s") == number(rows[1], "time_s"));
  CHECK(number(rows[1], "energy_j") < number(rows[0], "energy_j"));
  CHECK(number(rows[2], "time_s") < number(rows[1], "time_s"));
  CHECK(number(rows[2], "time_s") > 0.9 * number(rows[1], "time_s"));
  CHECK(call("compare fugakunext+pec-7").exit_code == 2);
}

TEST_CASE("a run tells its carbon and its cost where the machine has a grid") {
  const std::string grid =
      " --set '/facility/grid={\"carbon_g_per_kwh\": [400, 200], \"price_per_kwh\": 0.25, "
      "\"currency\": \"EUR\"}' --set /facility/heat_reused=0.5";
  const json energy = called("run fugakunext mixed-day" + grid)["energy"];
  const double kwh = number(energy, "facility_meter_j") / 3.6e6;
  CHECK(number(energy, "cost") == Approx(0.25 * kwh));
  CHECK(number(energy, "carbon_g") > 200.0 * kwh);
  CHECK(number(energy, "carbon_g") < 400.0 * kwh);
  CHECK(number(energy, "heat_reused_j") == Approx(0.5 * number(energy, "facility_meter_j")));
  CHECK(contains(call("run fugakunext mixed-day --uncertainty 0" + grid).out, "t of CO2"));
  CHECK(!called("run two-nodes two-jobs")["energy"].contains("cost"));
}

// The first hour of the overlays is the mean August of Kobe. Air is chilled then, and takes 14 % of the IT power for
// that; cold plates send 5 % of the heat that way; immersion none. In winter the towers do it all.
TEST_CASE("FugakuNEXT under water stays below its target PUE of 1.1 in summer and winter and under air it does not") {
  const std::string kinds =
      "power fugakunext --load hpl --beside cooling-air --beside cooling-cold-plate --beside "
      "cooling-immersion";
  const json summer = called(kinds)["bills"], winter = called(kinds + " --outside '2.7 degC'")["bills"];
  REQUIRE(summer.size() == 4);
  CHECK(summer[0].count("pue") == 0);
  CHECK(summer[0]["components_w"] == winter[0]["components_w"]);  // a fixed PUE knows no weather
  CHECK(number(summer[1], "pue") > 1.2);
  CHECK(number(winter[1], "pue") < 1.1);
  for (const std::size_t water : {2, 3}) {
    CHECK(number(summer[water], "pue") < 1.06);
    CHECK(number(winter[water], "pue") <= number(summer[water], "pue"));
    CHECK(number(summer[water], "facility_w") < number(summer[1], "facility_w"));
  }
  CHECK(number(summer[3], "pue") < number(summer[2], "pue"));
  for (const auto& bill : summer)
    CHECK(bill["equipment_w"].get<double>() == Approx(summer[0]["equipment_w"].get<double>()));
  CHECK(summer[2]["cooling"]["kind"] == "cold-plate");
  CHECK(summer[2]["cooling"]["outside_degc"].get<double>() == Approx(24.4));
  CHECK(winter[2]["cooling"]["outside_degc"].get<double>() == Approx(2.7));
}

TEST_CASE("a bill names the kind of cooling and the temperature and the PUE that follow from it") {
  const auto alone = call("power fugakunext --overlay cooling-air --outside '30 degC'");
  CHECK(contains(alone.out, "air at 30 degC outside"));
  CHECK(contains(alone.out, "  PUE"));
  const auto beside = call("power fugakunext --beside cooling-immersion --outside '30 degC'");
  CHECK(contains(beside.out, "immersion"));
  CHECK(contains(beside.out, "fixed"));
  CHECK(contains(beside.out, "30 degC"));
  CHECK_FALSE(contains(call("power fugakunext").out, "PUE"));
}

TEST_CASE("an outside temperature is refused where nothing depends on it and where it is none") {
  const auto fixed = call("power fugakunext --outside '30 degC'");
  CHECK(fixed.exit_code == 2);
  CHECK(contains(fixed.error, "\"FugakuNEXT\" has a fixed PUE of 1.1, whatever the weather"));
  CHECK(contains(fixed.error, "--overlay cooling-cold-plate"));
  const auto bare = call("power fugakunext --overlay cooling-air --outside 30");
  CHECK(bare.exit_code == 2);
  CHECK(contains(bare.error, "--outside: found \"30\", expected a temperature such as \"25 degC\" (it has no unit)"));
  const auto absurd = call("power fugakunext --overlay cooling-air --outside '300 degC'");
  CHECK(absurd.exit_code == 2);
  CHECK(contains(absurd.error, "expected -100 to 100 degC"));
}

// 700 W of IT power, of which the cooling of each hour takes its share.
TEST_CASE("a run says what its PUE was by the weather and its power follows hour by hour") {
  const zettasim::test::Scratch scratch;
  const std::string run = "run two-nodes two-jobs --overlay cooling-air --overlay kobe-august-day";
  const json summary = called(run);
  const json& pue = summary["power"]["pue"];
  CHECK(pue["lowest"].get<double>() > 1.2);
  CHECK(pue["lowest"].get<double>() <= pue["mean"].get<double>());
  CHECK(pue["mean"].get<double>() <= pue["highest"].get<double>());
  CHECK(contains(call(run + " --uncertainty 0").out, "air, 23.7 to 25.6 degC outside"));
  CHECK(called("run two-nodes two-jobs")["power"].count("pue") == 0);
}

TEST_CASE("the same machine is compared under several kinds of cooling by what its facility draws") {
  const json rows = called("compare fugakunext+cooling-air fugakunext+cooling-cold-plate")["rows"];
  const json &air = rows[0], &plates = rows[1];
  CHECK(number(air, "power_mean_w") == number(plates, "power_mean_w"));  // of nodes and switches, without cooling
  CHECK(number(air, "facility_power_w") > 1.1 * number(plates, "facility_power_w"));
}
