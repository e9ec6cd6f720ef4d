// Every broken sweep in tests/rejects/sweeps gives exactly the messages in NAME.expected beside it.
#include <filesystem>
#include <set>

#include "support/catch.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/study/points.hpp"

using namespace zettasim;
using namespace zettasim::study;

namespace {

// What reading says, the place being the name of the file alone.
std::string messages_of(const std::filesystem::path& file) {
  try {
    const auto sweep = read_sweep(Document::parse(file.filename().string(), read_text(file)));
    (void)Points(sweep);
  } catch (const InputError& error) {
    return std::string(error.what()) + "\n";
  }
  return "read without a problem\n";
}

}  // namespace

TEST_CASE("every broken sweep is refused with exactly its messages", "[study][rejects]") {
  std::set<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(ZETTASIM_SOURCE_DIR) + "/tests/rejects/sweeps")) {
    if (entry.path().extension() == ".json") files.insert(entry.path());
  }
  REQUIRE(files.size() >= 12);
  for (const auto& file : files) {
    auto expected = file;
    expected.replace_extension(".expected");
    INFO(file.filename().string());
    CHECK(messages_of(file) == read_text(expected));
  }
}
