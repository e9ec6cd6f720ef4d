// Cooling as it is written: what each kind says, and what it leaves out.
#include "descriptions.hpp"
#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::platform;

namespace {

nlohmann::json cooled(nlohmann::json cooling) {
  auto description = test::small_machine();
  description["facility"].erase("pue");
  description["facility"]["cooling"] = std::move(cooling);
  return description;
}

nlohmann::json cold_plates() {
  return nlohmann::json::parse(R"({"kind": "cold-plate", "liquid_share": 0.9, "water": "32 degC",
    "chilled_water": "18 degC", "rise": "10 K", "approach": "4 K", "pumps": 0.02, "fans": 0.05, "towers": 0.03,
    "chiller_share": 0.5, "outside": ["20 degC", "295 K", "25.5 degC"]})");
}

}  // namespace

TEST_CASE("temperatures are read in degrees Celsius and in kelvins and differences in kelvins", "[platform]") {
  const Cooling cooling = test::parse(cooled(cold_plates())).facility.cooling.value();
  CHECK(cooling.kind == CoolingKind::cold_plate);
  CHECK(cooling.water.si() == Approx(305.15));
  CHECK(cooling.rise.si() == 10.0);
  CHECK(cooling.approach.si() == 4.0);
  REQUIRE(cooling.outside.size() == 3);
  CHECK(cooling.outside[0].si() == Approx(293.15));
  CHECK(cooling.outside[1].si() == 295.0);
  CHECK(in_celsius(cooling.outside[2]) == Approx(25.5));
}

TEST_CASE("air says nothing of water at the nodes and immersion nothing of air", "[platform]") {
  auto air = cold_plates();
  air["kind"] = "air";
  for (const char* not_there : {"liquid_share", "water"}) air.erase(not_there);
  CHECK(test::parse(cooled(air)).facility.cooling->liquid_share == 0.0);
  auto immersion = cold_plates();
  immersion["kind"] = "immersion";
  for (const char* not_there : {"liquid_share", "chilled_water", "fans"}) immersion.erase(not_there);
  CHECK(test::parse(cooled(immersion)).facility.cooling->liquid_share == 1.0);
}

// Of a sweep over the share, the last point is a machine of which no heat goes into air.
TEST_CASE("cold plates that take all of the heat may still say how air would be cooled and need not", "[platform]") {
  auto all = cold_plates();
  all["liquid_share"] = 1.0;
  CHECK(test::message_of(cooled(all)) == "nothing wrong");
  for (const char* not_needed : {"chilled_water", "fans"}) all.erase(not_needed);
  CHECK(test::message_of(cooled(all)) == "nothing wrong");
  all["liquid_share"] = 0.9;
  CHECK(test::message_of(cooled(all)).find("/cooling/fans: missing") != std::string::npos);
}

TEST_CASE("heat can be reused as far as it goes into water at the nodes", "[platform]") {
  auto description = cooled(cold_plates());
  description["facility"]["heat_reused"] = 0.9;
  CHECK(test::message_of(description) == "nothing wrong");
  description["facility"]["heat_reused"] = 0.91;
  CHECK(test::message_of(description).find("found 0.91, expected at most 0.9") != std::string::npos);
}

TEST_CASE("a temperature of the command line takes the place of a series", "[platform]") {
  const Machine machine = test::parse(cooled(cold_plates()), {.settings = {"/facility/cooling/outside=30 degC"}});
  REQUIRE(machine.facility.cooling->outside.size() == 1);
  CHECK(in_celsius(machine.facility.cooling->outside[0]) == Approx(30.0));
}
