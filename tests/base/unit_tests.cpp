#include "zettasim/base/unit.hpp"

#include <cmath>
#include <locale>

#include "support/catch.hpp"
#include "zettasim/base/text.hpp"

using namespace zettasim;

namespace {

double in_si(std::string_view text, Dimension wanted) {
  const auto parsed = parse_in_si(text, wanted);
  const auto* value = std::get_if<double>(&parsed);
  return value ? *value : std::numeric_limits<double>::quiet_NaN();
}

// Why the text is refused; empty when it is read.
std::string refusal(std::string_view text, Dimension wanted) {
  const auto parsed = parse_in_si(text, wanted);
  const auto* problem = std::get_if<UnitProblem>(&parsed);
  return problem ? problem->reason : std::string();
}

struct Prefix {
  std::string name;
  double factor;
};
const std::vector<Prefix> large = {{"k", 1e3},  {"M", 1e6},  {"G", 1e9}, {"T", 1e12},
                                   {"P", 1e15}, {"E", 1e18}, {"Z", 1e21}};
const std::vector<Prefix> small = {{"p", 1e-12}, {"n", 1e-9}, {"u", 1e-6}, {"m", 1e-3}};
const std::vector<Prefix> binary = {{"Ki", 1024.0},          {"Mi", 1048576.0},          {"Gi", 1073741824.0},
                                    {"Ti", 1099511627776.0}, {"Pi", 1125899906842624.0}, {"Ei", 1152921504606846976.0}};

struct Row {
  std::string unit;
  Dimension dimension;
  double si;
  bool takes_large, takes_small, takes_binary;
};
const std::vector<Row> table = {
    {"s", Duration::dimension, 1, false, true, false},         {"min", Duration::dimension, 60, false, false, false},
    {"h", Duration::dimension, 3600, false, false, false},     {"day", Duration::dimension, 86400, false, false, false},
    {"days", Duration::dimension, 86400, false, false, false}, {"B", DataSize::dimension, 1, true, false, true},
    {"bit", DataSize::dimension, 0.125, true, false, true},    {"FLOP", FlopCount::dimension, 1, true, true, false},
    {"flop", FlopCount::dimension, 1, true, true, false},      {"J", Energy::dimension, 1, true, true, false},
    {"Wh", Energy::dimension, 3600, true, true, false},        {"W", Power::dimension, 1, true, true, false},
    {"m", Length::dimension, 1, false, false, false},          {"Hz", Frequency::dimension, 1, true, true, false},
    {"V", Voltage::dimension, 1, true, true, false},           {"K", Temperature::dimension, 1, false, false, false},
};

void check_prefixes(const Row& row, const std::vector<Prefix>& prefixes, bool taken) {
  for (const Prefix& prefix : prefixes) {
    const std::string text = "3 " + prefix.name + row.unit;
    INFO(text);
    if (taken) {
      CHECK(in_si(text, row.dimension) == Approx(3.0 * prefix.factor * row.si).epsilon(1e-15));
    } else {
      CHECK(refusal(text, row.dimension) == "\"" + prefix.name + row.unit + "\" is not a unit");
    }
  }
}

// A locale that writes 1.5 as 1,5 and 1000 as 1'000.
struct Comma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '\''; }
  std::string do_grouping() const override { return "\3"; }
};

}  // namespace

TEST_CASE("every unit takes the prefixes of its row and no others", "[base]") {
  for (const Row& row : table) {
    INFO(row.unit);
    CHECK(in_si("3 " + row.unit, row.dimension) == 3.0 * row.si);
    check_prefixes(row, large, row.takes_large);
    check_prefixes(row, small, row.takes_small);
    check_prefixes(row, binary, row.takes_binary);
  }
}

// 200 Gbit/s is 25 GB/s; 3 pJ/bit is 24 pJ per byte; 1 kWh is 3.6 MJ; 25 GiB/s is 25 * 2^30.
TEST_CASE("quotients of units are read on both sides of the slash", "[base]") {
  CHECK(in_si("200 Gbit/s", Bandwidth::dimension) == Approx(25e9).epsilon(1e-15));
  CHECK(in_si("25 GiB/s", Bandwidth::dimension) == 25.0 * 1073741824.0);
  CHECK(in_si("3.6 TB/h", Bandwidth::dimension) == Approx(1e9).epsilon(1e-15));
  CHECK(in_si("5 B/ns", Bandwidth::dimension) == Approx(5e9).epsilon(1e-15));
  CHECK(in_si("47.9 TFLOP/s", FlopRate::dimension) == Approx(47.9e12).epsilon(1e-15));
  CHECK(in_si("3 pJ/bit", EnergyPerByte::dimension) == Approx(24e-12).epsilon(1e-15));
  CHECK(in_si("3 pJ/B", EnergyPerByte::dimension) == Approx(3e-12).epsilon(1e-15));
  CHECK(in_si("10 pJ/flop", EnergyPerFlop::dimension) == Approx(10e-12).epsilon(1e-15));
  CHECK(in_si("1 kWh", Energy::dimension) == 3.6e6);
  CHECK(in_si("1 J/s", Power::dimension) == 1.0);
  CHECK(in_si("6 MW/min", PowerRate::dimension) == Approx(1e5).epsilon(1e-15));
}

// Water freezes at 273.15 K; a difference has no such zero and is told in kelvins.
TEST_CASE("degrees Celsius count from where water freezes and take neither prefix nor quotient", "[base]") {
  CHECK(in_si("0 degC", Temperature::dimension) == 273.15);
  CHECK(in_si("-40 degC", Temperature::dimension) == Approx(233.15).epsilon(1e-15));
  CHECK(in_si("8 K", Temperature::dimension) == 8.0);
  CHECK(refusal("1 mdegC", Temperature::dimension) == "\"mdegC\" is not a unit");
  CHECK(refusal("1 degC/s", Temperature::dimension) == "\"degC/s\" is not a unit");
  CHECK(refusal("25 degC", Power::dimension) == "\"degC\" is a temperature");
}

TEST_CASE("minus nothing is nothing", "[base]") { CHECK_FALSE(std::signbit(in_si("-0 s", Duration::dimension))); }

TEST_CASE("a quantity of another dimension is told what it is", "[base]") {
  CHECK(refusal("25 GB", Bandwidth::dimension) == "\"GB\" is a size");
  CHECK(refusal("25 GB/s", DataSize::dimension) == "\"GB/s\" is a bandwidth");
  CHECK(refusal("3 W", Energy::dimension) == "\"W\" is a power");
  CHECK(refusal("3 Wh", Power::dimension) == "\"Wh\" is an energy");
  CHECK(refusal("3 TFLOP", FlopRate::dimension) == "\"TFLOP\" is a number of operations");
  CHECK(refusal("3 pJ/flop", EnergyPerByte::dimension) == "\"pJ/flop\" is an energy per operation");
  CHECK(refusal("1 B/B", DataSize::dimension) == "\"B/B\" is something else");
}

TEST_CASE("units that people bring from elsewhere are told what to write", "[base]") {
  const Dimension rate = FlopRate::dimension, speed = Bandwidth::dimension;
  CHECK(refusal("1 TFLOPS", rate) == "\"TFLOPS\" is not a unit; a rate is written \"TFLOP/s\"");
  CHECK(refusal("1 Tflops", rate) == "\"Tflops\" is not a unit; a rate is written \"TFLOP/s\"");
  CHECK(refusal("1 Gbps", speed) == "\"Gbps\" is not a unit; bits are spelled out: \"Gbit/s\"");
  CHECK(refusal("1 GBps", speed) == "\"GBps\" is not a unit; write \"GB/s\"");
  CHECK(refusal("1 Gb/s", speed) == "\"Gb/s\" is not a unit; bytes are \"B\", bits are spelled out: \"Gbit\"");
  CHECK(refusal("1 Gb", DataSize::dimension) ==
        "\"Gb\" is not a unit; bytes are \"B\", bits are spelled out: \"Gbit\"");
  CHECK(refusal("1 furlong", speed) == "\"furlong\" is not a unit");
}

TEST_CASE("the number comes first and is plain and decimal and finite", "[base]") {
  const Dimension size = DataSize::dimension;
  CHECK(in_si("1.5e3 B", size) == 1500.0);
  CHECK(in_si("1.5E3 B", size) == 1500.0);
  CHECK(in_si(".5 B", size) == 0.5);
  CHECK(in_si("-2 B", size) == -2.0);
  CHECK(in_si("8B", size) == 8.0);
  CHECK(in_si("0 B", size) == 0.0);
  for (const auto* text : {"", " ", "GB", "+1 GB", " 1 GB", "- 1 GB", "--1 GB", "one GB", ",5 GB"}) {
    INFO(text);
    CHECK(refusal(text, size) == "it does not begin with a number");
  }
  for (const auto* text :
       {"0x10 B",  "1,5 B", "1'000 B", "1  B", "1 B ",  "1\tB", "1 B\n", "1.2.3 B", "1e B", "1_000 B",
        "1 B/s/s", "1 /s",  "1 B/",    "1 /",  "1 kkB", "1 KB", "1 gb",  "1 kiB",   "1 b",  "1 Bit"}) {
    INFO(text);
    CHECK_FALSE(refusal(text, size).empty());
  }
  for (const auto* text : {"5", "5 ", "1e3"}) CHECK(refusal(text, size) == "it has no unit");
  for (const auto* text : {"nan B", "inf B", "-inf B", "infinity B", "NaN B"}) {
    INFO(text);
    CHECK(refusal(text, size) == "the number is not finite");
  }
  CHECK(refusal("1e999 B", size) == "the number is too large or too small");
  CHECK(refusal("1e-999 B", size) == "the number is too large or too small");
  CHECK(refusal("1e300 ZB", size) == "the number is too large");
  CHECK(refusal(std::string("1 B\0", 4), size) != "");
}

TEST_CASE("the locale of the process changes neither reading nor writing", "[base]") {
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Comma));
  const double read = in_si("1.5 GB", DataSize::dimension);
  const std::string refused = refusal("1,5 GB", DataSize::dimension);
  const std::string written = to_text(bytes(1234.5)) + exact_text(1234.5, "B") + with_thousands(1234);
  std::locale::global(before);
  CHECK(read == 1.5e9);
  CHECK_FALSE(refused.empty());
  CHECK(written == "1.23 kB1234.5 B1,234");
}

TEST_CASE("every quantity that descriptions hold has a name and an example that can be read", "[base]") {
  for (const Dimension dimension :
       {Duration::dimension, DataSize::dimension, Bandwidth::dimension, FlopCount::dimension, FlopRate::dimension,
        Energy::dimension, Power::dimension, EnergyPerFlop::dimension, EnergyPerByte::dimension, Length::dimension,
        Frequency::dimension, Voltage::dimension, Temperature::dimension, PowerRate::dimension}) {
    const std::string text = describe_expected(dimension);
    INFO(text);
    const auto open = text.find('"');
    REQUIRE(open != std::string::npos);
    const std::string example = text.substr(open + 1, text.rfind('"') - open - 1);
    CHECK(in_si(example, dimension) > 0.0);
  }
}
