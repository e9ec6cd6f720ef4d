#include "zettasim/base/document.hpp"

#include <nlohmann/json.hpp>

#include "problems_of.hpp"
#include "support/catch.hpp"
#include "zettasim/base/field.hpp"

using namespace zettasim;
using test::problems_of;
using test::Texts;

namespace {

Texts problems_in(const std::string& text) {
  return problems_of([&] { Document::parse("a.json", text); });
}

std::string nested(std::size_t depth) { return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}"; }

}  // namespace

TEST_CASE("a repeated key is told with its place and the others too", "[base]") {
  CHECK(problems_in(R"({"a": {"b/c": 1, "b/c": 2}, "l": [0, {"x": 1, "x": 1}]})") ==
        Texts{"a.json#/a/b~1c: the key stands here twice; keep one of them",
              "a.json#/l/1/x: the key stands here twice; keep one of them"});
}

TEST_CASE("equal keys of different objects are no repetition", "[base]") {
  CHECK(problems_in(R"({"a": {"x": 1}, "b": {"x": 1}, "x": [{"x": 1}, {"x": 2}]})").empty());
}

TEST_CASE("what is nearly JSON is told what it is instead", "[base]") {
  struct Line {
    const char* text;
    const char* problem;
  };
  const Line lines[] = {
      {"", "a.json:1: the file is empty; expected a JSON object"},
      {" \n\t\n", "a.json:3: the file is empty; expected a JSON object"},
      {"{\"a\": NaN}", "a.json:1: NaN is not JSON; write a finite number"},
      {"{\"a\": nan}", "a.json:1: nan is not JSON; write a finite number"},
      {"{\n\"a\": -Infinity}", "a.json:2: -Infinity is not JSON; write a finite number"},
      {"{\"a\": 1", "a.json:1: the file ends in the middle of the JSON; is it cut off?"},
      {"{\"a\": \"tex", "a.json:1: the file ends in the middle of the JSON; is it cut off?"},
      {"{} {}", "a.json:1: there is more text after the end of the JSON object"},
      {"{\"a\": 1,}", "a.json:1: a comma before `}` has nothing after it; take it out"},
      {"{\"a\": [1,\n]}", "a.json:2: a comma before `]` has nothing after it; take it out"},
      {"{\"a\": 1 // one\n}", "a.json:1: JSON has no comments; a member \"note\" may hold the text"},
      {"{\"a\": 1e999}", "a.json:1: the number 1e999 is beyond what a double can hold"},
      {"[1, 2]", "a.json: holds an array; expected one JSON object, { ... }"},
      {"12", "a.json: holds a single value; expected one JSON object, { ... }"},
      {"{'a': 1}", "a.json:1: not JSON, near `{'`"},
      {"{\"a\": 010}", "a.json:1: not JSON, near `{\"a\": 010`"},
      {"{\"a\": +1}", "a.json:1: not JSON, near `{\"a\": +`"},
  };
  for (const Line& line : lines) {
    INFO(line.text);
    CHECK(problems_in(line.text) == Texts{line.problem});
  }
}

TEST_CASE("bytes that are not UTF-8 and zero bytes are named as such", "[base]") {
  CHECK(problems_in("{\"a\": \"caf\xe9\"}") == Texts{"a.json:1: this is not JSON text (bytes that are not UTF-8)"});
  CHECK(problems_in("{\"a\": \"\xc0\xaf\"}") == Texts{"a.json:1: this is not JSON text (bytes that are not UTF-8)"});
  CHECK(problems_in(std::string("{\"a\": \0 1}", 10)) ==
        Texts{"a.json:1: this is not JSON text (it holds zero bytes)"});
  CHECK(problems_in("{\"a\": \"café\"}").empty());
}

TEST_CASE("every proper beginning of a description is refused", "[base]") {
  const std::string whole = R"({"name": "é", "list": [1, 2.5e3, true, null], "o": {"k": "\u00e9"}})";
  CHECK(problems_in(whole).empty());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    INFO(whole.substr(0, length));
    CHECK(problems_in(whole.substr(0, length)).size() == 1);
  }
}

// The object is one level and the arrays are the others: 63 arrays are 64 levels.
TEST_CASE("64 levels of nesting are read and 65 and ten thousand and a million are refused", "[base]") {
  CHECK(problems_in(nested(63)).empty());
  const Texts deep{"a.json: is nested deeper than 64 levels; no description of ours needs that"};
  CHECK(problems_in(nested(64)) == deep);
  CHECK(problems_in(nested(10'000)) == deep);
  CHECK(problems_in(std::string(1'000'000, '[')) == deep);
}

TEST_CASE("a file that is not there is told by its name", "[base]") {
  CHECK(problems_of([] { Document::load("no/such/file.json"); }) == Texts{"no/such/file.json: no such file"});
}

TEST_CASE("problems inside an embedded part name the file of the part", "[base]") {
  auto whole = Document::parse("system.json", R"({"node": "nodes/a.json", "nodes": 0})");
  whole.embed("/node", Document::parse("nodes/a.json", R"({"gpus": {"count": -1}})"));
  CHECK(to_text(whole.place_of("/node/gpus/count")) == "nodes/a.json#/gpus/count");
  CHECK(to_text(whole.place_of("/nodes")) == "system.json#/nodes");
  CHECK(problems_of([&] {
          const Field root = whole.root();
          root["nodes"].positive_count();
          root["node"]["gpus"]["count"].count();
          whole.finish();
        }) == Texts{"system.json#/nodes: found 0, expected a whole number from 1 to 1000000000000",
                    "nodes/a.json#/gpus/count: found -1, expected a whole number from 0 to 1000000000000"});
}

TEST_CASE("a part inside a part keeps its own file", "[base]") {
  auto node = Document::parse("node.json", R"({"gpu": "gpu.json"})");
  node.embed("/gpu", Document::parse("gpu.json", R"({"name": "g"})"));
  auto whole = Document::parse("system.json", R"({"node": "node.json"})");
  whole.embed("/node", std::move(node));
  CHECK(to_text(whole.place_of("/node/gpu/name")) == "gpu.json#/name");
  CHECK(to_text(whole.place_of("/node")) == "node.json#");
}

// The example of RFC 7396, section 3, as far as it is of objects.
TEST_CASE("a merge patch changes and adds and takes out as RFC 7396 has it", "[base]") {
  auto target = Document::parse("t.json", R"({"title": "Goodbye!", "author": {"givenName": "John", "familyName": "Doe"},
                                             "tags": ["example", "sample"], "content": "same"})");
  target.merge(Document::parse("p.json", R"({"title": "Hello!", "phoneNumber": "+01", "author": {"familyName": null},
                                            "tags": ["example"], "new": {"a": null, "b": 1}})"));
  CHECK(target.value() == nlohmann::json::parse(R"({"title": "Hello!", "author": {"givenName": "John"},
      "tags": ["example"], "content": "same", "phoneNumber": "+01", "new": {"b": 1}})"));
  CHECK(to_text(target.place_of("/title")) == "p.json#/title");
  CHECK(to_text(target.place_of("/new/b")) == "p.json#/new/b");
  CHECK(to_text(target.place_of("/author/givenName")) == "t.json#/author/givenName");
}

TEST_CASE("a number with its origin is replaced as one value", "[base]") {
  auto target =
      Document::parse("t.json", R"({"n": {"value": 8, "status": "found", "source": "sheet", "note": "old"}})");
  target.merge(Document::parse("p.json", R"({"n": {"value": 9, "status": "assumed", "source": "what if"}})"));
  CHECK(target.value() == nlohmann::json::parse(R"({"n": {"value": 9, "status": "assumed", "source": "what if"}})"));
}

TEST_CASE("the numbers of a patch carry the origin of the patch and not the one they are put among", "[base]") {
  auto target = Document::parse("t.json", R"({"origin": {"status": "found", "source": "sheet"}, "n": 8, "k": "1 GB"})");
  target.merge(Document::parse("p.json", R"({"origin": {"status": "assumed", "source": "what if"}, "n": 9})"));
  CHECK(target.value()["n"] == nlohmann::json::parse(R"({"value": 9, "status": "assumed", "source": "what if"})"));
  CHECK(target.value()["origin"]["source"] == "sheet");
}

// The path of a part begins with a dot or a digit as quantities do; wrapped into an origin it was no name any more.
TEST_CASE("the origin of a patch speaks for its numbers and not for the names of part files", "[base]") {
  auto target = Document::parse("t.json", R"({"device": "a.json", "limit": "1 kW"})");
  target.merge(Document::parse("p.json", R"({"origin": {"status": "assumed", "source": "what if"}, "limit": "2 kW",
                                             "device": "../devices/b.json", "other": "2-way.json"})"));
  CHECK(target.value()["device"] == "../devices/b.json");
  CHECK(target.value()["other"] == "2-way.json");
  CHECK(target.value()["limit"]["source"] == "what if");
}

TEST_CASE("a setting takes JSON or a plain text and null takes a member out", "[base]") {
  auto document = Document::parse("t.json", R"({"a": {"n": 8, "b": "1 GB"}, "list": [1, 2]})");
  document.set("/a/name", "torus of 4");
  document.set("/a/b", "null");
  document.set("/list/1", "true");
  document.set("/fresh", R"(["x"])");
  CHECK(document.value() ==
        nlohmann::json::parse(R"({"a": {"n": 8, "name": "torus of 4"}, "list": [1, true], "fresh": ["x"]})"));
  document.set("/a/n", "9");
  CHECK(document.value()["a"]["n"]["value"] == 9);
  CHECK(document.value()["a"]["n"]["status"] == "assumed");
  CHECK(to_text(document.place_of("/a/n")) == "--set /a/n");
}

TEST_CASE("a setting that leads nowhere is told what is there", "[base]") {
  auto document = Document::parse("t.json", R"({"node": {"cpus": 1, "gpus": {"count": 4}}, "list": [1, 2], "e": []})");
  const auto told = [&](const std::string& pointer, const std::string& text = "1") {
    return problems_of([&] { document.set(pointer, text); });
  };
  CHECK(told("/node/gpu/count") ==
        Texts{"--set /node/gpu/count: there is no \"/node/gpu\"; \"/node\" has cpus, gpus; did you mean \"gpus\"?"});
  CHECK(told("/list/2") == Texts{"--set /list/2: there is no \"/list/2\"; \"/list\" is an array with elements 0 to 1"});
  CHECK(told("/list/01").size() == 1);
  CHECK(told("/list/99999999999999999999").size() == 1);
  CHECK(told("/e/0") == Texts{"--set /e/0: there is no \"/e/0\"; \"/e\" is an empty array"});
  CHECK(told("/node/cpus/count") ==
        Texts{"--set /node/cpus/count: there is no \"/node/cpus/count\"; \"/node/cpus\" is a single value"});
  CHECK(told("/list/0", "null") ==
        Texts{"--set /list/0: an element of an array cannot be taken out; set the whole array"});
  CHECK(told("/node/none", "null").size() == 1);
  for (const auto* pointer : {"", "node", "/a~2", "/a~"}) {
    INFO(pointer);
    REQUIRE(told(pointer).size() == 1);
    CHECK(told(pointer)[0].find("is not a JSON pointer") != std::string::npos);
  }
  CHECK(told("/\xff") == Texts{"--set: holds bytes that are not UTF-8"});
  CHECK(told("/x", "\xff") == Texts{"--set: holds bytes that are not UTF-8"});
  CHECK(told("/x", R"({"a": 1, "a": 2})") == Texts{"--set /x#/a: the key stands here twice; keep one of them"});
}
