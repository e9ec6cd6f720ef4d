// Rows survive, and rows of different sweeps never meet.
#include "zettasim/study/store.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "support/catch.hpp"
#include "zettasim/base/problem.hpp"

using namespace zettasim;
using namespace zettasim::study;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "zettasim-store-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

About some_sweep(const std::string& source = "{}") {
  return {.name = "some",
          .source = source,
          .inputs = "i",
          .version = "1",
          .points = 100'000,
          .parameters = {"gpus"},
          .metrics = {"time"}};
}

Row some_row(std::uint64_t id, Status status = Status::done) {
  return {.id = id,
          .status = status,
          .message = "",
          .parameters = "{\"gpus\":4}",
          .metrics = "{\"time\":1.5}",
          .seed = 1,
          .platform = "p",
          .version = "1",
          .wall_s = 0.01};
}

std::string refusal(const std::filesystem::path& folder, const About& about = some_sweep()) {
  try {
    Store::open_for_writing(folder, about);
  } catch (const InputError& error) {
    return error.what();
  }
  return "opened";
}

void run_sql(const std::filesystem::path& folder, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(Store::file_in(folder).c_str(), &database) == SQLITE_OK);
  REQUIRE(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a row is there after the store is closed and opened again", "[study]") {
  const Folder folder;
  Store::open_for_writing(folder.path(), some_sweep()).add(some_row(7));
  const auto store = Store::open_for_reading(folder.path());
  CHECK(store.row_count() == 1);
  CHECK(store.present()[7]);
  CHECK_FALSE(store.present()[8]);
  CHECK(store.find(7)->metrics == "{\"time\":1.5}");
  CHECK(store.about().metrics == std::vector<std::string>{"time"});
}

TEST_CASE("a second row of one point is refused", "[study]") {
  const Folder folder;
  auto store = Store::open_for_writing(folder.path(), some_sweep());
  store.add(some_row(7));
  CHECK_THROWS_AS(store.add(some_row(7)), InputError);
  CHECK(store.row_count() == 1);
}

TEST_CASE("a second sweep on one store is told who has it", "[study]") {
  const Folder folder;
  const auto store = Store::open_for_writing(folder.path(), some_sweep());
  CHECK(has(refusal(folder.path()), "another sweep (process " + std::to_string(::getpid()) + ") is writing to it"));
}

TEST_CASE("a store of another sweep, of other inputs or of another zettasim is not continued", "[study]") {
  const Folder folder;
  { const auto store = Store::open_for_writing(folder.path(), some_sweep()); }
  CHECK(has(refusal(folder.path(), some_sweep("{\"other\": 1}")), "holds another sweep"));
  auto newer = some_sweep();
  newer.version = "2";
  CHECK(has(refusal(folder.path(), newer), "was written by zettasim 1, and this is 2"));
  auto changed = some_sweep();
  changed.inputs = "j";
  CHECK(has(refusal(folder.path(), changed), "before a machine, an overlay or a workload of this sweep changed"));
  CHECK(refusal(folder.path()) == "opened");
}

TEST_CASE("a store of an older version is named as such", "[study]") {
  const Folder folder;
  { const auto store = Store::open_for_writing(folder.path(), some_sweep()); }
  run_sql(folder.path(), "PRAGMA user_version=0");
  CHECK(has(refusal(folder.path()), "is a store of version 0, and this zettasim reads version 1"));
}

TEST_CASE("another program's database and a text file are not taken for a store", "[study]") {
  const Folder folder;
  run_sql(folder.path(), "CREATE TABLE recipes(name TEXT)");
  CHECK(has(refusal(folder.path()), "not a store of zettasim"));
  std::ofstream(Store::file_in(folder.path()), std::ios::trunc) << std::string(4096, 'x');
  CHECK(has(refusal(folder.path()), "not a store of zettasim"));
}

// The limit of pages stands for the disk: SQLite reports both in the same way.
TEST_CASE("a full disk is said, and every row until then is kept", "[study]") {
  const Folder folder;
  std::size_t added = 0;
  std::string message;
  {
    auto store = Store::open_for_writing(folder.path(), some_sweep());
    store.limit_pages(30);
    try {
      for (std::uint64_t id = 0; id < 10'000; ++id) store.add(some_row(id)), ++added;
    } catch (const InputError& error) {
      message = error.what();
    }
  }
  CHECK(has(message, "the disk is full; all rows until here are kept"));
  CHECK(added > 100);
  CHECK(Store::open_for_reading(folder.path()).row_count() == added);
}

TEST_CASE("shards are merged once however often they are given", "[study]") {
  const Folder first, second, whole;
  {
    auto a = Store::open_for_writing(first.path(), some_sweep()),
         b = Store::open_for_writing(second.path(), some_sweep());
    a.add(some_row(0)), b.add(some_row(1));
    auto all = Store::open_for_writing(whole.path(), some_sweep());
    for (const Store* part : {&a, &b, &a}) all.add_all(*part);
    CHECK(all.row_count() == 2);
  }
  auto other = Store::open_for_writing(second.path(), some_sweep());
  auto row = some_row(0);
  row.metrics = "{\"time\":2}";
  other.add(row);
  auto all = Store::open_for_writing(whole.path(), some_sweep());
  CHECK_THROWS_AS(all.add_all(other), InputError);
}

// The last tenth of 100,000 rows may take as long as the first, with room for a busy machine.
TEST_CASE("a store of 100000 rows takes further rows as fast as an empty one", "[study]") {
  const Folder folder;
  auto store = Store::open_for_writing(folder.path(), some_sweep());
  const auto time_of = [&](std::uint64_t from, std::uint64_t to) {
    const auto began = std::chrono::steady_clock::now();
    for (std::uint64_t id = from; id < to; ++id) store.add(some_row(id));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  const double first = time_of(0, 10'000);
  time_of(10'000, 90'000);
  const double last = time_of(90'000, 100'000);
  CHECK(store.row_count() == 100'000);
  CHECK(last < 5 * first + 1.0);
}
