// Every broken file in tests/rejects/workloads gives exactly the messages in NAME.expected beside it.
#include <filesystem>
#include <set>

#include "support/catch.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/workload/read_trace.hpp"

using namespace zettasim;
using namespace zettasim::workload;

namespace {

// What reading says, the place being the name of the file alone.
std::string messages_of(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  const std::string text = read_text(file);
  try {
    if (file.extension() == ".swf") {
      read_swf(name, text);
    } else if (name.starts_with("mix-")) {
      read_mix(Document::parse(name, text));
    } else {
      read_json_trace(Document::parse(name, text));
    }
  } catch (const InputError& error) {
    return std::string(error.what()) + "\n";
  }
  return "read without a problem\n";
}

}  // namespace

TEST_CASE("every broken workload is refused with exactly its messages", "[workload][rejects]") {
  std::set<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(ZETTASIM_SOURCE_DIR) + "/tests/rejects/workloads")) {
    if (entry.path().extension() != ".expected") files.insert(entry.path());
  }
  REQUIRE(files.size() >= 20);
  for (const auto& file : files) {
    auto expected = file;
    expected.replace_extension(".expected");
    INFO(file.filename().string());
    CHECK(messages_of(file) == read_text(expected));
  }
}
