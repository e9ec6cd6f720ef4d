// Searches over functions whose best point is known by hand.
#include "zettasim/study/search.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "support/catch.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/study/table.hpp"

using namespace zettasim;
using namespace zettasim::study;

namespace {

// Speed x y of a machine that draws x + y watts.
const std::string product = R"({"format": "zettasim-sweep", "version": 1, "name": "product",
  "runs": {"p": ["predict", "two-nodes", "hpl"]},
  "parameters": [{"name": "x", "argument": "x", "from": 0, "to": 10}, {"name": "y", "argument": "y", "from": 0, "to": 10}],
  "metrics": {"speed": {"run": "p", "at": "/speed"}, "power": {"run": "p", "at": "/power", "unit": "W"}},
  "search": {"maximise": "speed", "subject_to": ["power <= '8 W'"], "evaluations": 160, "starts": 2}})";

const Program by_hand = {.run =
                             [](const std::vector<std::string>& words) {
                               double x = 0.0, y = 0.0;
                               for (const std::string& word : words) {
                                 if (word.starts_with("x=")) x = std::stod(word.substr(2));
                                 if (word.starts_with("y=")) y = std::stod(word.substr(2));
                               }
                               fmt::print(R"({{"speed": {}, "power": {}}})", x * y, x + y);
                               return 0;
                             },
                         .find = [](const std::string& name, const std::string& folder) -> std::filesystem::path {
                           return std::string(ZETTASIM_SOURCE_DIR "/") + folder + "/" + name + ".json";
                         },
                         .version = "1"};

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / fmt::format("zettasim-search-{}", ::getpid());
  ~Folder() { std::filesystem::remove_all(path); }
};

Store open(const std::filesystem::path& folder, const Sweep& sweep) {
  return Store::open_for_writing(folder, about_sweep(sweep, by_hand, most_evaluations(sweep)));
}

double best_of(const Store& store) {
  double best = 0.0;
  store.for_each([&](const Row& row) {
    const auto metrics = read_metrics(row.metrics);
    if (metrics.at("power") <= 8.0) best = std::max(best, metrics.at("speed"));
  });
  return best;
}

}  // namespace

// Of all x + y <= 8 the product is largest where both are 4: 16.
TEST_CASE("a search finds the best point inside a budget", "[study]") {
  const Folder folder;
  const Sweep sweep = read_sweep(Document::parse("s.json", product));
  Store store = open(folder.path, sweep);
  const auto outcome = run_search(sweep, by_hand, store, {.workers = 2});
  CHECK(outcome.done <= 160);
  CHECK(best_of(store) == Approx(16.0).epsilon(0.001));
  CHECK(best_of(store) <= 16.0);
  CHECK_THAT(search_table(store, sweep), Catch::Contains("highest speed with power <= '8 W'"));
}

// Rows taken out behind the search's back are computed again, the others are not, and the path is the same.
TEST_CASE("a search that was interrupted goes on to the same rows with any number of workers", "[study]") {
  const Folder one, other;
  const Sweep sweep = read_sweep(Document::parse("s.json", product));
  const auto second = other.path / "b";
  {
    Store store = open(one.path / "a", sweep), cut = open(second, sweep);
    (void)run_search(sweep, by_hand, store, {.workers = 1});
    std::size_t asked = 0;
    const auto stopped = run_search(sweep, by_hand, cut, {.workers = 3, .stop = [&] { return ++asked == 30; }});
    CHECK(stopped.stopped);
    CHECK_THROWS_AS(run_search(sweep, by_hand, cut, {.workers = 1}), InputError);
    CHECK(!run_search(sweep, by_hand, cut, {.workers = 2, .resume = true}).stopped);
    CHECK(rows_csv(cut) == rows_csv(store));
  }
}

TEST_CASE("a search without a point that keeps to its conditions says so", "[study]") {
  const Folder folder;
  std::string text = product;
  text.replace(text.find("8 W"), 3, "-1 W");
  const Sweep sweep = read_sweep(Document::parse("s.json", text));
  Store store = open(folder.path, sweep);
  (void)run_search(sweep, by_hand, store, {.workers = 2});
  CHECK_THAT(search_table(store, sweep), Catch::Contains("evaluations keeps to that"));
}
