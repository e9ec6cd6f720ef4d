// Broken descriptions, each with the whole message its author gets. tests/rejects/platforms holds them side by side:
// NAME.json and NAME.expected.
#include <random>
#include <set>

#include "descriptions.hpp"
#include "support/catch.hpp"

using namespace zettasim;
using namespace zettasim::platform;

namespace {

const std::filesystem::path rejects = std::filesystem::path(ZETTASIM_SOURCE_DIR) / "tests/rejects/platforms";

std::string whole_text(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The message of a file in the folder, without the folder's name, ending like a text file.
std::string message_for(const std::filesystem::path& file) {
  std::string message = test::message_of([&] { load_machine(file); }) + "\n";
  const std::string prefix = rejects.string() + "/";
  for (auto at = message.find(prefix); at != std::string::npos; at = message.find(prefix))
    message.erase(at, prefix.size());
  return message;
}

}  // namespace

TEST_CASE("each broken description gives exactly the message stored beside it", "[platform][rejects]") {
  std::size_t compared = 0;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(rejects)) files.insert(entry.path());
  for (const auto& expected : files) {
    if (expected.extension() != ".expected") continue;
    auto file = expected;
    file.replace_extension(".json");
    INFO(file);
    CHECK(message_for(file) == whole_text(expected));
    ++compared;
  }
  CHECK(compared >= 25);
}

TEST_CASE("a description nested ten thousand deep is refused in words", "[platform][rejects]") {
  std::string deep = R"({"format": "zettasim-platform", "node": )";
  for (int i = 0; i < 10'000; ++i) deep += R"({"node": )";
  CHECK(test::message_of([&] { parse_machine("deep.json", deep); }) ==
        "deep.json: is nested deeper than 64 levels; no description of ours needs that");
}

TEST_CASE("bytes that are no text are refused in words", "[platform][rejects]") {
  const std::string picture("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
  CHECK(test::message_of([&] { parse_machine("picture.json", picture); }) ==
        "picture.json:1: this is not JSON text (it holds zero bytes)");
  CHECK(test::message_of([&] { parse_machine("latin.json", "{\"name\": \"Z\xfcrich\"}"); }) ==
        "latin.json:1: this is not JSON text (bytes that are not UTF-8)");
}

TEST_CASE("a description cut off at any byte is refused in words", "[platform][rejects]") {
  const std::string whole = whole_text(test::platforms / "two-nodes.json");
  const std::string name = (test::platforms / "two-nodes.json").string();
  for (std::size_t size = 0; size + 2 < whole.size(); ++size) {
    CHECK(test::message_of([&] { parse_machine(name, whole.substr(0, size)); }) != "nothing wrong");
  }
}

// 3,000 descriptions with a few bytes changed: each loads or gives an InputError, never another exception or a crash.
TEST_CASE("whatever bytes change in a description the answer is a machine or an InputError", "[platform][rejects]") {
  const std::string whole = load_machine(test::platforms / "two-nodes.json").resolved;
  std::mt19937 random(20260801);
  const std::string likely = "{}[]\",:0123456789.eE-+/~ nulltrue\\\xff\n";
  std::size_t refused = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::string text = whole;
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = likely[random() % likely.size()];
          break;
        case 1:
          text.erase(at, 1 + random() % 20);
          break;
        default:
          text.insert(at, 1, likely[random() % likely.size()]);
          break;
      }
    }
    if (test::message_of([&] { parse_machine("changed.json", text); }) != "nothing wrong") ++refused;
  }
  CHECK(refused > 1'000);
}

// Every value of a description replaced by every kind of wrong value: each gives an InputError or a machine.
TEST_CASE("whatever stands in the place of a value the answer is a machine or an InputError", "[platform][rejects]") {
  const nlohmann::json whole = nlohmann::json::parse(load_machine(test::platforms / "frontier.json").resolved);
  const nlohmann::json flat = whole.flatten();
  const std::vector<nlohmann::json> wrong = {nullptr,
                                             true,
                                             -1,
                                             0,
                                             1.5,
                                             1e300,
                                             "",
                                             "x",
                                             "-1 W",
                                             nlohmann::json::array(),
                                             nlohmann::json::object(),
                                             {{"value", nullptr}},
                                             {{"extends", 3}},
                                             {{"origin", 3}}};
  for (const auto& [pointer, value] : flat.items()) {
    for (const nlohmann::json& replacement : wrong) {
      nlohmann::json changed = whole;
      changed[nlohmann::json::json_pointer(pointer)] = replacement;
      INFO(pointer << " = " << replacement);
      CHECK_NOTHROW(test::message_of([&] { parse_machine("changed.json", changed.dump()); }));
    }
  }
}
