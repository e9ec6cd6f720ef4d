#include "read_cooling.hpp"

#include <fmt/format.h>

#include <cmath>

namespace zettasim::platform {
namespace {

constexpr double most_degrees = 100.0;    // Celsius, either way: beyond it lies a typing error
constexpr double most_difference = 50.0;  // kelvins
constexpr double least_chiller_share = 0.05;

double read_liquid_share(const Field& cooling, CoolingKind kind) {
  const auto share = cooling.optional("liquid_share");
  if (kind == CoolingKind::cold_plate) return cooling["liquid_share"].positive_share();
  const double implied = kind == CoolingKind::air ? 0.0 : 1.0;
  if (share && share->number(0.0, 1.0) != implied) {
    share->problem(fmt::format("found {}, but with \"{}\" it is {}; leave it out, or let the kind be \"cold-plate\"",
                               share->found(), name_of(kind), implied));
  }
  return implied;
}

// A member that is needed where some heat goes into what it cools, and else says something that nothing acts on.
std::optional<Field> member_for(const Field& cooling, const char* name, bool needed, bool allowed, const char* why) {
  if (needed) return cooling[name];
  const auto member = cooling.optional(name);
  if (member && !allowed) member->problem(fmt::format("{}; leave it out", why));
  return allowed ? member : std::nullopt;
}

std::vector<Temperature> read_outside(const Field& outside) {
  if (!outside.is_array()) return {outside.positive<Temperature>()};
  std::vector<Temperature> result;
  for (const Field& hour : outside.items()) result.push_back(hour.positive<Temperature>());
  if (result.empty()) outside.problem("found no hours, expected one temperature or one for each hour");
  return result;
}

void check_temperature(const Field& field, Temperature read) {
  if (std::abs(in_celsius(read)) <= most_degrees) return;
  field.problem(fmt::format("found {}, expected {} to {} degC", field.found(), -most_degrees, most_degrees));
}

void check_difference(const Field& field, Temperature read) {
  if (read.si() <= most_difference) return;
  field.problem(
      fmt::format("found {}, which is {} K, expected at most {} K: a difference of temperatures, written in K",
                  field.found(), read.si(), most_difference));
}

}  // namespace

Cooling read_cooling(const Field& cooling) {
  static const Choices<CoolingKind> kinds = {
      {"air", CoolingKind::air}, {"cold-plate", CoolingKind::cold_plate}, {"immersion", CoolingKind::immersion}};
  Cooling result;
  result.kind = cooling["kind"].choice(kinds);
  if (!cooling.is_object()) return result;
  result.liquid_share = read_liquid_share(cooling, result.kind);
  const bool some_in_air = result.liquid_share < 1.0;
  const bool has_air = result.kind != CoolingKind::immersion, has_water = result.kind != CoolingKind::air;
  constexpr const char* no_water = "with \"air\" no water goes to the nodes";
  constexpr const char* no_air = "with \"immersion\" no air cools the nodes";
  if (const auto water = member_for(cooling, "water", has_water, has_water, no_water)) {
    result.water = water->positive<Temperature>();
  }
  if (const auto chilled = member_for(cooling, "chilled_water", some_in_air, has_air, no_air)) {
    result.chilled_water = chilled->positive<Temperature>();
  }
  if (const auto fans = member_for(cooling, "fans", some_in_air, has_air, no_air)) result.fans = fans->fraction();
  result.rise = cooling["rise"].positive<Temperature>();
  result.approach = cooling["approach"].nonnegative<Temperature>();
  result.pumps = cooling["pumps"].fraction();
  result.towers = cooling["towers"].fraction();
  result.chiller_share = cooling["chiller_share"].number(least_chiller_share, 1.0);
  result.outside = read_outside(cooling["outside"]);
  return result;
}

void check_cooling(const Field& facility, const Facility& read) {
  if (!read.cooling) return;
  const Cooling& cooling = *read.cooling;
  const Field field = facility["cooling"];
  const bool has_water = cooling.liquid_share > 0.0, has_chilled = cooling.chilled_water > Temperature();
  if (has_water) check_temperature(field["water"], cooling.water);
  if (has_chilled) check_temperature(field["chilled_water"], cooling.chilled_water);
  check_difference(field["rise"], cooling.rise);
  check_difference(field["approach"], cooling.approach);
  const auto outside = field["outside"];
  for (std::size_t i = 0; i < cooling.outside.size(); ++i) {
    check_temperature(outside.is_array() ? outside.items()[i] : outside, cooling.outside[i]);
  }
  if (has_water && has_chilled && cooling.water < cooling.chilled_water) {
    field["water"].problem(fmt::format(
        "found {}, expected at least the {} of \"chilled_water\": cold plates need no colder water than air",
        field["water"].found(), field["chilled_water"].found()));
  }
  if (read.heat_reused > cooling.liquid_share) {
    facility["heat_reused"].problem(
        fmt::format("found {}, expected at most {}, the share of the heat that goes into water at the nodes: what air "
                    "takes is too cool to be used",
                    read.heat_reused, cooling.liquid_share));
  }
}

}  // namespace zettasim::platform
