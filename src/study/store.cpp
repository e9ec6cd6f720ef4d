#include "zettasim/study/store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"

namespace zettasim::study {
namespace {

namespace fs = std::filesystem;

// "zeta" and the version of the tables, in the header of the file where `file` and sqlite3 find them.
constexpr int application_id = 0x7a657461;
constexpr int table_version = 1;

constexpr std::array statuses = {Status::done,      Status::failed,        Status::crashed,
                                 Status::timed_out, Status::out_of_memory, Status::killed};

Status status_named(std::string_view name) {
  for (const Status status : statuses) {
    if (name_of(status) == name) return status;
  }
  return Status::failed;
}

std::string join_names(const std::vector<std::string>& names) { return nlohmann::json(names).dump(); }

std::vector<std::string> split_names(const std::string& text) {
  const auto names = nlohmann::json::parse(text, nullptr, false);
  return names.is_array() ? names.get<std::vector<std::string>>() : std::vector<std::string>{};
}

// Nobody else may write here while we do. The kernel lets go of it when the process ends, however it ends.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder) {
    const fs::path file = folder / "lock";
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0)
      throw InputError(folder.string(),
                       fmt::format("cannot be written to ({}); choose another --out", std::strerror(errno)));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) {
      note_owner();
      return;
    }
    char owner[64] = {};
    const ssize_t length = ::read(descriptor_, owner, sizeof owner - 1);
    ::close(descriptor_);
    throw InputError(folder.string(),
                     fmt::format("another sweep{} is writing to it; wait until it ends, or choose another --out",
                                 length > 0 ? fmt::format(" (process {})", owner) : std::string()));
  }
  ~FolderLock() { ::close(descriptor_); }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  void note_owner() const {
    const std::string owner = std::to_string(::getpid());
    if (::ftruncate(descriptor_, 0) == 0 && ::write(descriptor_, owner.data(), owner.size()) < 0) {
      return;  // only a courtesy to who finds it locked; a full disk shows when the first row comes
    }
  }
  int descriptor_ = -1;
};

class Statement {
 public:
  Statement(sqlite3* database, const fs::path& file, const std::string& sql) : database_(database), file_(file) {
    if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement_, nullptr) != SQLITE_OK) fail();
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int at, const std::string& text) {
    sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(int at, std::uint64_t number) {
    sqlite3_bind_int64(statement_, at, static_cast<sqlite3_int64>(number));
    return *this;
  }
  Statement& bind(int at, double number) {
    sqlite3_bind_double(statement_, at, number);
    return *this;
  }
  // The next row, if there is one.
  bool step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) fail();
    return false;
  }
  void reset() { sqlite3_reset(statement_); }
  std::string text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)))
                 : std::string();
  }
  std::uint64_t whole(int column) const { return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column)); }
  double real(int column) const { return sqlite3_column_double(statement_, column); }

 private:
  [[noreturn]] void fail() const {
    const int code = sqlite3_errcode(database_) & 0xff;
    std::string text = fmt::format("cannot be used: {}", sqlite3_errmsg(database_));
    if (code == SQLITE_FULL)
      text = "the disk is full; all rows until here are kept. Make room, then go on with --resume";
    if (code == SQLITE_IOERR) {
      text = fmt::format("cannot be written to ({}); all rows until here are kept. Go on with --resume when it can",
                         std::strerror(sqlite3_system_errno(database_)));
    }
    if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PERM)
      text = "cannot be written to; choose another --out";
    if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
      text = "is not a store of zettasim, or is damaged; choose another --out";
    if (code == SQLITE_BUSY) text = "another program holds it locked; end that, then go on with --resume";
    throw InputError(file_.string(), text);
  }

  sqlite3* database_;
  const fs::path& file_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace

std::string_view name_of(Status status) {
  switch (status) {
    case Status::done:
      return "done";
    case Status::failed:
      return "failed";
    case Status::crashed:
      return "crashed";
    case Status::timed_out:
      return "timed out";
    case Status::out_of_memory:
      return "out of memory";
    case Status::killed:
      return "killed";
  }
  return {};
}

struct Store::Connection {
  fs::path file;
  std::unique_ptr<FolderLock> lock;
  sqlite3* database = nullptr;
  About about;
  std::unique_ptr<Statement> insert;

  Connection(fs::path path, int flags) : file(std::move(path)) {
    if (sqlite3_open_v2(file.c_str(), &database, flags, nullptr) != SQLITE_OK) {
      const std::string reason = sqlite3_errmsg(database);
      sqlite3_close(database);
      throw InputError(file.string(), fmt::format("cannot be opened ({}); choose another --out", reason));
    }
    sqlite3_busy_timeout(database, 10'000);
  }
  ~Connection() {
    insert.reset();
    sqlite3_close(database);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void run(const std::string& sql) {
    Statement statement(database, file, sql);
    while (statement.step()) {
    }
  }
  std::uint64_t number(const std::string& sql) {
    Statement statement(database, file, sql);
    return statement.step() ? statement.whole(0) : 0;
  }

  void begin_writing() {
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=NORMAL");
  }
  bool has_tables() { return number("SELECT count(*) FROM sqlite_schema") > 0; }
  void check_kind() {
    const auto id = number("PRAGMA application_id");
    const auto version = number("PRAGMA user_version");
    if (id != application_id)
      throw InputError(file.string(), "is an SQLite file, but not a store of zettasim; choose another --out");
    if (version == table_version) return;
    throw InputError(
        file.string(),
        fmt::format(
            "is a store of version {}, and this zettasim reads version {}; export it with the zettasim that wrote "
            "it, or choose another --out",
            version, table_version));
  }
  void make_tables(const About& made);
  void read_about();
  void expect_same(const About& wanted) const;
};

void Store::Connection::make_tables(const About& made) {
  // In one transaction: a kill leaves either no tables or all of them, and who they are for.
  run("BEGIN IMMEDIATE");
  run(fmt::format("PRAGMA application_id={}", application_id));
  run(fmt::format("PRAGMA user_version={}", table_version));
  run("CREATE TABLE about(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
  run("CREATE TABLE points(id INTEGER PRIMARY KEY, status TEXT NOT NULL, message TEXT NOT NULL, parameters TEXT NOT "
      "NULL, "
      "metrics TEXT NOT NULL, seed INTEGER NOT NULL, platform TEXT NOT NULL, version TEXT NOT NULL, wall_s REAL NOT "
      "NULL)");
  std::vector<std::string> columns;
  for (const auto& name : made.parameters)
    columns.push_back(fmt::format("json_extract(parameters, '$.{0}') AS \"{0}\"", name));
  for (const auto& name : made.metrics)
    columns.push_back(fmt::format("json_extract(metrics, '$.{0}') AS \"{0}\"", name));
  run(fmt::format("CREATE VIEW results AS SELECT id, {}, status, message FROM points", fmt::join(columns, ", ")));
  Statement insert_about(database, file, "INSERT INTO about VALUES(?, ?)");
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"name", made.name},
                                                        {"source", made.source},
                                                        {"inputs", made.inputs},
                                                        {"version", made.version},
                                                        {"points", std::to_string(made.points)},
                                                        {"parameters", join_names(made.parameters)},
                                                        {"metrics", join_names(made.metrics)}}) {
    insert_about.bind(1, name).bind(2, value).step();
    insert_about.reset();
  }
  run("COMMIT");
}

void Store::Connection::read_about() {
  Statement all(database, file, "SELECT name, value FROM about");
  while (all.step()) {
    const std::string name = all.text(0), value = all.text(1);
    if (name == "name") about.name = value;
    if (name == "source") about.source = value;
    if (name == "inputs") about.inputs = value;
    if (name == "version") about.version = value;
    if (name == "points") about.points = std::stoull(value);
    if (name == "parameters") about.parameters = split_names(value);
    if (name == "metrics") about.metrics = split_names(value);
  }
}

void Store::Connection::expect_same(const About& wanted) const {
  std::string other;
  if (about.source != wanted.source) {
    other = fmt::format("holds another sweep, \"{}\", or an earlier version of this one", about.name);
  } else if (about.version != wanted.version) {
    other = fmt::format("was written by zettasim {}, and this is {}: their rows cannot stand in one table",
                        about.version, wanted.version);
  } else if (about.inputs != wanted.inputs) {
    other =
        "was written before a machine, an overlay or a workload of this sweep changed: its rows and new ones cannot "
        "stand in one table";
  }
  if (!other.empty()) throw InputError(file.string(), other + "; choose another --out");
}

Store::Store(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Store Store::open_for_writing(const fs::path& folder, const About& about) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder))
    throw InputError(folder.string(),
                     fmt::format("the folder cannot be made ({}); choose another --out", error.message()));
  auto lock = std::make_unique<FolderLock>(folder);
  auto connection = std::make_unique<Connection>(file_in(folder), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  connection->lock = std::move(lock);
  if (connection->has_tables()) {
    connection->check_kind();
    connection->begin_writing();
  } else {
    connection->begin_writing();
    connection->make_tables(about);
  }
  connection->read_about();
  connection->expect_same(about);
  return Store(std::move(connection));
}

Store Store::open_for_reading(const fs::path& folder) {
  const fs::path file = file_in(folder);
  std::error_code ignored;
  if (!fs::exists(file, ignored)) throw InputError(folder.string(), "holds no sweep (there is no sweep.sqlite in it)");
  auto connection = std::make_unique<Connection>(file, SQLITE_OPEN_READWRITE);
  if (!connection->has_tables()) throw InputError(file.string(), "holds no rows: its sweep ended before the first");
  connection->check_kind();
  connection->read_about();
  return Store(std::move(connection));
}

const About& Store::about() const { return connection_->about; }

std::size_t Store::row_count() const {
  return static_cast<std::size_t>(connection_->number("SELECT count(*) FROM points"));
}

std::vector<bool> Store::present() const {
  std::vector<bool> result(static_cast<std::size_t>(about().points));
  Statement all(connection_->database, connection_->file, "SELECT id FROM points");
  while (all.step()) {
    if (all.whole(0) < result.size()) result[static_cast<std::size_t>(all.whole(0))] = true;
  }
  return result;
}

namespace {

constexpr const char* columns = "id, status, message, parameters, metrics, seed, platform, version, wall_s";

Row row_of(const Statement& at) {
  return {.id = at.whole(0),
          .status = status_named(at.text(1)),
          .message = at.text(2),
          .parameters = at.text(3),
          .metrics = at.text(4),
          .seed = at.whole(5),
          .platform = at.text(6),
          .version = at.text(7),
          .wall_s = at.real(8)};
}

}  // namespace

void Store::for_each(const std::function<void(const Row&)>& use) const {
  Statement all(connection_->database, connection_->file, fmt::format("SELECT {} FROM points ORDER BY id", columns));
  while (all.step()) use(row_of(all));
}

std::optional<Row> Store::find(std::uint64_t id) const {
  Statement one(connection_->database, connection_->file, fmt::format("SELECT {} FROM points WHERE id = ?", columns));
  one.bind(1, id);
  return one.step() ? std::optional(row_of(one)) : std::nullopt;
}

void Store::add(const Row& row) {
  auto& insert = connection_->insert;
  if (!insert) {
    insert =
        std::make_unique<Statement>(connection_->database, connection_->file,
                                    fmt::format("INSERT INTO points({}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", columns));
  }
  insert->bind(1, row.id)
      .bind(2, std::string(name_of(row.status)))
      .bind(3, row.message)
      .bind(4, row.parameters)
      .bind(5, row.metrics);
  insert->bind(6, row.seed).bind(7, row.platform).bind(8, row.version).bind(9, row.wall_s);
  insert->step();
  insert->reset();
}

void Store::add_all(const Store& other) {
  connection_->expect_same(other.about());
  connection_->run("BEGIN IMMEDIATE");
  other.for_each([&](const Row& row) {
    const auto here = find(row.id);
    if (!here) return add(row);
    if (here->metrics != row.metrics || here->status != row.status) {
      throw InputError(
          connection_->file.string(),
          fmt::format(
              "point {} has another result in {}; one of them was not computed by this zettasim from these inputs",
              row.id, other.connection_->file.string()));
    }
  });
  connection_->run("COMMIT");
}

void Store::limit_pages(int pages) { connection_->run(fmt::format("PRAGMA max_page_count={}", pages)); }

std::size_t Store::forget(Status status) {
  Statement remove(connection_->database, connection_->file, "DELETE FROM points WHERE status = ?");
  remove.bind(1, std::string(name_of(status))).step();
  return static_cast<std::size_t>(sqlite3_changes(connection_->database));
}

}  // namespace zettasim::study
