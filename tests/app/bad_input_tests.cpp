// Bad input, from the outside: exit code 2, the whole message on standard error, nothing written.
#include <set>

#include "app/program.hpp"
#include "support/catch.hpp"

using namespace zettasim::test;

namespace {

const std::filesystem::path rejects = std::filesystem::path(ZETTASIM_SOURCE_DIR) / "tests/rejects";

std::set<std::filesystem::path> broken_files(const std::string& folder) {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(rejects / folder)) {
    if (entry.path().extension() == ".expected") continue;
    auto expected = entry.path();
    expected.replace_extension(".expected");
    if (std::filesystem::exists(expected)) files.insert(entry.path());
  }
  return files;
}

std::string without(std::string text, const std::string& part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part)) text.erase(at, part.size());
  return text;
}

void check_rejected(const std::filesystem::path& file, const std::string& arguments) {
  const Scratch scratch;
  INFO(file);
  const Outcome run = call(arguments + " --out '" + (scratch / "out").string() + "'");
  CHECK(run.exit_code == 2);
  CHECK(run.out.empty());
  CHECK(!std::filesystem::exists(scratch / "out"));
  auto expected = file;
  CHECK(without(run.error, file.parent_path().string() + "/") == text_of(expected.replace_extension(".expected")));
}

}  // namespace

TEST_CASE("a run on a broken platform says what is wrong and writes nothing") {
  const auto files = broken_files("platforms");
  CHECK(files.size() >= 25);
  for (const auto& file : files) check_rejected(file, "run '" + file.string() + "' two-jobs");
}

TEST_CASE("a run of a broken workload says what is wrong and writes nothing") {
  const auto files = broken_files("workloads");
  CHECK(files.size() >= 20);
  for (const auto& file : files) {
    if (!file.filename().string().starts_with("mix-")) check_rejected(file, "run two-nodes '" + file.string() + "'");
  }
}

TEST_CASE("a workload that does not fit its machine says what does not and writes nothing") {
  for (const auto& file : broken_files("runs")) check_rejected(file, "run two-nodes '" + file.string() + "'");
}

TEST_CASE("a folder that cannot be written is a clear message") {
  const Outcome run = call("run two-nodes two-jobs --out /dev/null/out");
  CHECK(run.exit_code == 2);
  CHECK(contains(run.error, "/dev/null/out: the folder cannot be made"));
}

TEST_CASE("wrong command lines exit with 2 and say what is known") {
  for (const char* arguments :
       {"", "runn", "run", "run two-nodes", "run two-nodes two-jobs --colour", "run two-nodes two-jobs --queue fair",
        "run two-nodes two-jobs --seed -1", "workload generate x.json", "workload generate x.json --nodes 0",
        "workload generate x.json --nodes 10 --span 3", "platform check nowhere.json"}) {
    INFO(arguments);
    const Outcome run = call(arguments);
    CHECK(run.exit_code == 2);
    CHECK(!run.error.empty());
  }
  CHECK(contains(call("runn").error, "did you mean \"run\"?"));
}

TEST_CASE("settings that make no sense name themselves") {
  CHECK(call("run two-nodes two-jobs --set /facility/budget=30").error ==
        "--set /facility/budget: found 30, expected a power such as \"700 W\" (a number needs its unit)\n");
  CHECK(contains(call("run two-nodes two-jobs --set /node/gpus/cuont=8").error, "did you mean \"count\"?"));
}
