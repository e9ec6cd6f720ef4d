#include "zettasim/base/field.hpp"

#include <functional>

#include "problems_of.hpp"
#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::literals;
using test::problems_of;
using test::Texts;

namespace {

// What is told about the member "x" of {"x": value} when it is read so; without the place, which is always the same.
Texts told(const std::string& value, const std::function<void(const Field&)>& read) {
  auto document = Document::parse("f.json", "{\"x\": " + value + "}");
  Texts texts = problems_of([&] {
    read(document.root()["x"]);
    document.finish();
  });
  const std::string place = "f.json#/x: ";
  for (std::string& text : texts) {
    if (text.starts_with(place)) text.erase(0, place.size());
  }
  return texts;
}

Texts problems_when(const std::string& text, Origins origins, const std::function<void(const Field&)>& read) {
  auto document = Document::parse("f.json", text);
  return problems_of([&] {
    read(document.root(origins));
    document.finish();
  });
}

const auto read_count = [](const Field& f) { f.count(); };
const auto read_positive_count = [](const Field& f) { f.positive_count(100); };
const auto read_number = [](const Field& f) { f.number(-2.0, 3.5); };
const auto read_share = [](const Field& f) { f.positive_share(); };
const auto read_text = [](const Field& f) { f.text(); };
const auto read_boolean = [](const Field& f) { f.boolean(); };
const auto read_bandwidth = [](const Field& f) { f.positive<Bandwidth>(); };
const auto read_power = [](const Field& f) { f.nonnegative<Power>(); };

}  // namespace

TEST_CASE("a count is a whole number that is not negative and not beyond its most", "[base]") {
  const std::string wanted = "expected a whole number from 0 to 1000000000000";
  CHECK(told("0", read_count).empty());
  CHECK(told("1000000000000", read_count).empty());
  CHECK(told("1000000000001", read_count) == Texts{"found 1000000000001, " + wanted});
  CHECK(told("-1", read_count) == Texts{"found -1, " + wanted});
  CHECK(told("2.7", read_count) == Texts{"found 2.7, " + wanted});
  CHECK(told("2.0", read_count) == Texts{"found 2.0, " + wanted});
  CHECK(told("1e3", read_count) == Texts{"found 1000.0, " + wanted});
  CHECK(told("18446744073709551615", read_count) == Texts{"found 18446744073709551615, " + wanted});
  CHECK(told("18446744073709551616", read_count) == Texts{"found 1.8446744073709552e+19, " + wanted});
  CHECK(told("-9223372036854775808", read_count) == Texts{"found -9223372036854775808, " + wanted});
  CHECK(told("\"8\"", read_count) == Texts{"found \"8\", " + wanted});
  CHECK(told("true", read_count) == Texts{"found true, " + wanted});
  CHECK(told("null", read_count) == Texts{"found null, " + wanted});
  CHECK(told("[1]", read_count) == Texts{"found an array, " + wanted});
}

TEST_CASE("a positive count is at least one and a harmless one stands for a wrong one", "[base]") {
  CHECK(told("1", read_positive_count).empty());
  CHECK(told("100", read_positive_count).empty());
  CHECK(told("0", read_positive_count) == Texts{"found 0, expected a whole number from 1 to 100"});
  CHECK(told("101", read_positive_count) == Texts{"found 101, expected a whole number from 1 to 100"});
  auto document = Document::parse("f.json", R"({"x": -5})");
  CHECK(document.root()["x"].positive_count() == 1);
  CHECK(document.root()["x"].count() == 0);
}

TEST_CASE("a number stays between its bounds and both ends belong to it", "[base]") {
  for (const auto* good : {"-2", "3.5", "0", "-0.0", "1e-300"}) CHECK(told(good, read_number).empty());
  CHECK(told("-2.0001", read_number) == Texts{"found -2.0001, expected a number from -2 to 3.5"});
  CHECK(told("1e300", read_number) == Texts{"found 1e+300, expected a number from -2 to 3.5"});
  CHECK(told("\"1\"", read_number) == Texts{"found \"1\", expected a number from -2 to 3.5"});
  CHECK(told("1.01", [](const Field& f) { f.fraction(); }) == Texts{"found 1.01, expected a number from 0 to 1"});
}

TEST_CASE("a positive share is more than zero and at most one", "[base]") {
  CHECK(told("1", read_share).empty());
  CHECK(told("0.93", read_share).empty());
  CHECK(told("0", read_share) == Texts{"found 0, expected a share: more than 0, at most 1 (93 % is 0.93)"});
  CHECK(told("93", read_share) == Texts{"found 93, expected a share: more than 0, at most 1 (93 % is 0.93)"});
  CHECK(told("1e-300", read_share).size() == 1);
  CHECK(told("-0.5", read_share).size() == 1);
}

TEST_CASE("a text is not empty and a boolean is no number", "[base]") {
  CHECK(told("\"a\"", read_text).empty());
  CHECK(told("\"\"", read_text) == Texts{"found \"\", expected a text"});
  CHECK(told("3", read_text) == Texts{"found 3, expected a text"});
  CHECK(told("true", read_boolean).empty());
  CHECK(told("1", read_boolean) == Texts{"found 1, expected true or false"});
  CHECK(told("\"true\"", read_boolean) == Texts{"found \"true\", expected true or false"});
}

TEST_CASE("a quantity is told what is wrong with its unit or its size", "[base]") {
  const std::string wanted = "expected a bandwidth such as \"25 GB/s\"";
  CHECK(told("\"25 GB/s\"", read_bandwidth).empty());
  CHECK(told("\"25 GB\"", read_bandwidth) == Texts{"found \"25 GB\", " + wanted + " (\"GB\" is a size)"});
  CHECK(told("25", read_bandwidth) == Texts{"found 25, " + wanted + " (a number needs its unit)"});
  CHECK(told("\"25\"", read_bandwidth) == Texts{"found \"25\", " + wanted + " (it has no unit)"});
  CHECK(told("\"0 GB/s\"", read_bandwidth) == Texts{"found \"0 GB/s\", " + wanted + ", more than zero"});
  CHECK(told("\"-1 GB/s\"", read_bandwidth) == Texts{"found \"-1 GB/s\", " + wanted + ", more than zero"});
  CHECK(told("\"1e29 GB/s\"", read_bandwidth) == Texts{"found \"1e29 GB/s\", " + wanted + ", not as large as that"});
  CHECK(told("\"1e-40 GB/s\"", read_bandwidth) == Texts{"found \"1e-40 GB/s\", " + wanted + ", not as small as that"});
  CHECK(told("{}", read_bandwidth) == Texts{"found an object, " + wanted});
  CHECK(told("\"0 W\"", read_power).empty());
  CHECK(told("\"-1 W\"", read_power) == Texts{"found \"-1 W\", expected a power such as \"700 W\", zero or more"});
  auto document = Document::parse("f.json", R"({"x": "2 KiB"})");
  CHECK(document.root()["x"].positive<DataSize>() == bytes(2048));
}

TEST_CASE("a choice is one of its names and a near miss is suggested", "[base]") {
  const auto read = [](const Field& f) { f.choice(device_kind_names()); };
  CHECK(told("\"gpu\"", read).empty());
  CHECK(told("\"gpux\"", read) == Texts{"found \"gpux\", expected one of cpu, gpu; did you mean \"gpu\"?"});
  CHECK(told("\"accelerator\"", read) == Texts{"found \"accelerator\", expected one of cpu, gpu"});
  CHECK(told("7", read) == Texts{"found 7, expected one of cpu, gpu"});
}

TEST_CASE("what is missing is told once and its members are not complained about", "[base]") {
  CHECK(problems_when("{}", Origins::not_asked, [](const Field& root) {
          root["gpu"]["memory"]["bandwidth"].positive<Bandwidth>();
          root["gpu"]["count"].count();
        }) == Texts{"f.json#/gpu: missing; expected an object"});
  CHECK(problems_when("{\"gpu\": 3}", Origins::not_asked, [](const Field& root) {
          root["gpu"]["memory"].text();
          root["gpu"]["count"].count();
        }) == Texts{"f.json#/gpu: found 3, expected an object"});
  CHECK(problems_when("{}", Origins::not_asked, [](const Field& root) { root["n"].count(5); }) ==
        Texts{"f.json#/n: missing; expected a whole number from 0 to 5"});
  CHECK(problems_when("{}", Origins::not_asked, [](const Field& root) {
          CHECK_FALSE(root.optional("n").has_value());
        }).empty());
}

TEST_CASE("an array gives its elements in order and anything else gives none", "[base]") {
  auto document = Document::parse("f.json", R"({"x": [3, 1, 2], "y": {"b": 1, "a": 2, "note": "n"}})");
  std::vector<std::int64_t> counts;
  for (const Field& item : document.root()["x"].items()) counts.push_back(item.count());
  CHECK(counts == std::vector<std::int64_t>{3, 1, 2});
  std::string names;
  for (const auto& [name, member] : document.root()["y"].members()) names += name;
  CHECK(names == "ab");
  CHECK(told("{}", [](const Field& f) { CHECK(f.items().empty()); }) == Texts{"found an object, expected an array"});
  CHECK(told("[]", [](const Field& f) { CHECK(f.members().empty()); }) == Texts{"found an array, expected an object"});
}

TEST_CASE("a key that nobody asked for is reported with the name that was meant", "[base]") {
  CHECK(problems_when(R"({"node": {"gpu_cuont": 4, "note": "fine", "description": "fine"}, "zzzzzzzz": 1})",
                      Origins::not_asked, [](const Field& root) { root["node"].optional("gpu_count"); }) ==
        Texts{"f.json#: unknown key \"zzzzzzzz\"",
              "f.json#/node: unknown key \"gpu_cuont\"; did you mean \"gpu_count\"?"});
}

TEST_CASE("one reading shows every problem of a file", "[base]") {
  CHECK(problems_when(R"({"a": -1, "b": "1 GB", "c": 5, "e": 1})", Origins::not_asked, [](const Field& root) {
          root["a"].count();
          root["b"].positive<Power>();
          root["c"].text();
          root["d"].boolean();
        }).size() == 5);
}

TEST_CASE("a problem met twice is told once", "[base]") {
  CHECK(told("-1", [](const Field& f) { f.count(), f.count(); }).size() == 1);
}

TEST_CASE("where origins are required a number needs its own or an inherited one", "[base]") {
  const auto read = [](const Field& root) { root["o"]["n"].count(); };
  const auto required = [&](const std::string& text) { return problems_when(text, Origins::required, read); };
  CHECK(required(R"({"o": {"n": 1}})") ==
        Texts{"f.json#/o/n: 1 has no origin; write {\"value\": 1, \"status\": \"found|derived|assumed\", \"source\": "
              "\"...\"}, or give an object around it an \"origin\""});
  CHECK(required(R"({"o": {"n": {"value": 1, "status": "found", "source": "sheet"}}})").empty());
  CHECK(required(R"({"o": {"n": 1, "origin": {"status": "derived", "source": "n"}}})").empty());
  CHECK(required(R"({"origin": {"status": "assumed", "source": "n"}, "o": {"n": 1}})").empty());
  CHECK(problems_when(R"({"o": {"n": 1}})", Origins::not_asked, read).empty());
}

TEST_CASE("a number may say between which two it lies and a range that it does not lie in is refused", "[base]") {
  const auto told_of = [](const std::string& value, const std::string& range, const auto& read) {
    return problems_when(
        R"({"n": {"value": )" + value + R"(, "status": "assumed", "source": "s", "range": )" + range + "}}",
        Origins::required, [&](const Field& root) { read(root["n"]); });
  };
  const std::string place = "f.json#/n/range: ";
  CHECK(told_of("0.9", "[0.8, 1.0]", read_share).empty());
  CHECK(told_of("\"2 kW\"", "[\"1500 W\", \"2 kW\"]", read_power).empty());
  const Texts between{place + "expected a lower and a higher end with the value between them"};
  CHECK(told_of("0.9", "[0.95, 1.0]", read_share) == between);
  CHECK(told_of("0.9", "[1.0, 0.8]", read_share) == between);
  CHECK(told_of("0.9", "[0.8, 1.1]", read_share) ==
        Texts{place + "an end is a number that could not be the value itself"});
  const Texts wanted{place +
                     "expected the two numbers between which the value lies, such as [\"1.5 kW\", \"2 kW\"] in its "
                     "own dimension"};
  CHECK(told_of("\"2 kW\"", "[\"1 GB\", \"3 kW\"]", read_power) == wanted);
  CHECK(told_of("\"2 kW\"", "[\"1 kW\"]", read_power) == wanted);
  CHECK(told_of("\"2 kW\"", "3", read_power) == wanted);
  CHECK(told_of("3", "[2, 4]", read_count).size() == 1);  // counts have none
}

TEST_CASE("an origin without status or source is told so", "[base]") {
  const auto own = [](const std::string& rest) {
    return problems_when("{\"n\": {\"value\": 1" + rest + "}}", Origins::required,
                         [](const Field& root) { root["n"].count(); });
  };
  CHECK(own("") == Texts{"f.json#/n: the number has no \"status\": found, derived or assumed"});
  CHECK(own(R"(, "status": "guessed", "source": "x")") ==
        Texts{"f.json#/n: the number has \"status\": \"guessed\", expected found, derived or assumed"});
  CHECK(own(R"(, "status": "found")") ==
        Texts{"f.json#/n: the number has no \"source\": a text that says where the number comes from"});
  CHECK(own(R"(, "status": "found", "source": "")").size() == 1);
  CHECK(own(R"(, "status": "found", "source": "s", "sorce": 1)") ==
        Texts{"f.json#/n: unknown key \"sorce\"; did you mean \"source\"?"});
  CHECK(problems_when(R"({"origin": 3, "n": 1})", Origins::required, [](const Field& root) {
          root["n"].count();
        }).size() == 1);
}

// A file of 50 numbers without origin: three are shown, 47 are counted.
TEST_CASE("many numbers without origin are counted and not all listed", "[base]") {
  std::string text = "{\"l\": [0";
  for (int i = 1; i < 50; ++i) text += "," + std::to_string(i);
  const Texts texts = problems_when(text + "]}", Origins::required, [](const Field& root) {
    for (const Field& item : root["l"].items()) item.count();
  });
  REQUIRE(texts.size() == 4);
  CHECK(texts[3] == "f.json: 47 more numbers have no origin; an \"origin\" at the top of the file would speak for all");
}

TEST_CASE("the file around a part does not vouch for the numbers of the part", "[base]") {
  auto whole = Document::parse("system.json", R"({"origin": {"status": "found", "source": "s"}, "part": "part.json"})");
  whole.embed("/part", Document::parse("part.json", R"({"n": 1})"));
  const Texts texts = problems_of([&] {
    whole.root(Origins::required)["part"]["n"].count();
    whole.finish();
  });
  REQUIRE(texts.size() == 1);
  CHECK(texts[0].starts_with("part.json#/n: 1 has no origin"));
}

TEST_CASE("a file opens with its format and version", "[base]") {
  const auto check = [](const std::string& text) {
    return problems_when(text, Origins::not_asked, [](const Field& root) { check_format(root, "zettasim-x", 1); });
  };
  CHECK(check(R"({"format": "zettasim-x", "version": 1})").empty());
  CHECK(check(R"({"format": "zettasim-y", "version": 1})") ==
        Texts{"f.json#/format: found \"zettasim-y\"; expected \"format\": \"zettasim-x\""});
  CHECK(check(R"({"version": 1})") == Texts{"f.json#/format: missing; expected \"format\": \"zettasim-x\""});
  CHECK(check(R"({"format": "zettasim-x", "version": 2})") ==
        Texts{"f.json#/version: found 2; this zettasim reads version 1"});
  CHECK(check(R"({"format": "zettasim-x"})") == Texts{"f.json#/version: missing; this zettasim reads version 1"});
}

TEST_CASE("a long or broken text is quoted short and on one line", "[base]") {
  const Texts long_text = told("\"" + std::string(5000, 'x') + "\"", read_count);
  REQUIRE(long_text.size() == 1);
  CHECK(long_text[0].size() < 200);
  const Texts lines = told("\"a\\nb\"", read_count);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find('\n') == std::string::npos);
}
