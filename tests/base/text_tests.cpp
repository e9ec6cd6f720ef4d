#include "zettasim/base/text.hpp"

#include <cstdlib>
#include <limits>

#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::literals;

TEST_CASE("a duration is told in the unit people use for it", "[base]") {
  CHECK(to_text(Duration{}) == "0 s");
  CHECK(to_text(1_ns) == "1.00 ns");
  CHECK(to_text(999.4_ns) == "999 ns");
  CHECK(to_text(999.6_ns) == "1.00 us");
  CHECK(to_text(1.7_us) == "1.70 us");
  CHECK(to_text(42_ms) == "42.0 ms");
  CHECK(to_text(999.6_ms) == "1.00 s");
  CHECK(to_text(59_s) == "59.0 s");
  CHECK(to_text(119_s) == "119 s");
  CHECK(to_text(200_s) == "3 min 20 s");
  CHECK(to_text(3599.6_s) == "1 h 00 min");
  CHECK(to_text(7500_s) == "2 h 05 min");
  CHECK(to_text(86400_s) == "1 d 00 h");
  CHECK(to_text(76_h) == "3 d 04 h");
}

TEST_CASE("a negative duration carries one sign in front", "[base]") {
  CHECK(to_text(-1.7_us) == "-1.70 us");
  CHECK(to_text(-200_s) == "-3 min 20 s");
  CHECK(to_text(-76_h) == "-3 d 04 h");
}

// 1e30 s are 1.157e25 days, beyond what whole days can count.
TEST_CASE("durations beyond reason are told and break nothing", "[base]") {
  CHECK(to_text(seconds(1e30)) == "1.16e+25 d");
  CHECK(to_text(seconds(std::numeric_limits<double>::infinity())) == "inf d");
  CHECK_FALSE(to_text(seconds(std::numeric_limits<double>::quiet_NaN())).empty());
}

TEST_CASE("amounts get the prefix that suits and three digits", "[base]") {
  CHECK(to_text(64_GB) == "64.0 GB");
  CHECK(to_text(bytes(0)) == "0 B");
  CHECK(to_text(bytes(999)) == "999 B");
  CHECK(to_text(bytes(999.6)) == "1.00 kB");
  CHECK(to_text(bytes(9.996)) == "10.0 B");
  CHECK(to_text(25_GB_per_s) == "25.0 GB/s");
  CHECK(to_text(flops(1.2e18)) == "1.20 EFLOP");
  CHECK(to_text(flops(1.2e21)) == "1.20 ZFLOP");
  CHECK(to_text(flops(1.2e25)) == "12000 ZFLOP");
  CHECK(to_text(47.9_TFLOP_per_s) == "47.9 TFLOP/s");
  CHECK(to_text(31.4_MW) == "31.4 MW");
  CHECK(to_text(-31.4_MW) == "-31.4 MW");
}

// 3.6 MJ are 1 kWh; from there on energy is told in watt-hours.
TEST_CASE("energy is told in joules up to one kilowatt-hour", "[base]") {
  CHECK(to_text(joules(3.59e6)) == "3.59 MJ");
  CHECK(to_text(joules(3.6e6)) == "1.00 kWh");
  CHECK(to_text(joules(812.0 * 3.6e9)) == "812 MWh");
}

TEST_CASE("a share is told in percent and nothing is never negative", "[base]") {
  CHECK(percent(0.4271) == "42.7 %");
  CHECK(percent(1.0) == "100 %");
  CHECK(percent(0.0) == "0 %");
  CHECK(percent(-0.0) == "0 %");
  CHECK(percent(-1e-9) == "0 %");
  CHECK(percent(-4.9e-5) == "0 %");
  CHECK(percent(0.0015) == "0.15 %");
  CHECK(percent(1.5) == "150 %");
  CHECK(percent(-0.25) == "-25.0 %");
}

TEST_CASE("rounding errors of amounts are not told as minus nothing", "[base]") {
  CHECK(to_text(watts(-1e-9)) == "0.00 W");
  CHECK(to_text(seconds(-1e-15)) == "0.00 ns");
}

TEST_CASE("large counts are grouped in threes", "[base]") {
  CHECK(with_thousands(0) == "0");
  CHECK(with_thousands(999) == "999");
  CHECK(with_thousands(1000) == "1,000");
  CHECK(with_thousands(15360) == "15,360");
  CHECK(with_thousands(18446744073709551615ULL) == "18,446,744,073,709,551,615");
}

TEST_CASE("an exact text reads back as the same number", "[base]") {
  CHECK(exact_text(2.5e-8, "s") == "2.5e-08 s");
  for (const double value : {0.1, 1.0 / 3.0, 1e30, 5e-324, 123456789.123456789}) {
    CHECK(std::strtod(exact_text(value, "s").c_str(), nullptr) == value);
  }
}
