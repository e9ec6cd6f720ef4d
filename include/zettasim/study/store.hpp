// Where the rows of a sweep are kept: an SQLite file in write-ahead mode, a committed row for each finished point.
//
// A row that `add` has returned from survives the death of the process at any moment. (A power cut may take the last
// rows, never the file: `synchronous=NORMAL`.) One sweep at a time writes to a folder; readers are welcome.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zettasim::study {

enum class Status {
  done,
  failed,         // the program refused the point, or its result lacks a metric
  crashed,        // a signal of its own making
  timed_out,      // at the limit of the sweep
  out_of_memory,  // at the limit of the sweep
  killed,         // from outside, again and again; --resume tries it once more
};
std::string_view name_of(Status status);

struct Row {
  std::uint64_t id = 0;
  Status status = Status::done;
  std::string message;     // empty when done
  std::string parameters;  // JSON object
  std::string metrics;     // JSON object; empty object unless done
  std::uint64_t seed = 0;
  std::string platform;  // digest of the machine as it was run
  std::string version;   // of zettasim
  double wall_s = 0.0;
};

// What a store says of itself, to be sure that rows of different sweeps never meet in one table.
struct About {
  std::string name;
  std::string source;  // the sweep's description
  std::string inputs;  // digest of everything the points are computed from: description, machine, workloads, overlays
  std::string version;
  std::uint64_t points = 0;             // of the whole sweep, all shards
  std::vector<std::string> parameters;  // names, for the view "results"
  std::vector<std::string> metrics;
};

class Store {
 public:
  // Makes or continues the store of a sweep in `folder`, and keeps other sweeps out while it is open. Throws InputError
  // when the folder cannot be written, another sweep has it, or it holds another sweep, version or kind of file.
  static Store open_for_writing(const std::filesystem::path& folder, const About& about);
  // Opens an existing one. Throws InputError when there is none.
  static Store open_for_reading(const std::filesystem::path& folder);

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  const About& about() const;
  std::size_t row_count() const;
  // For each point of the sweep, whether it has a row.
  std::vector<bool> present() const;
  // In the order of points.
  void for_each(const std::function<void(const Row&)>& use) const;
  std::optional<Row> find(std::uint64_t id) const;

  // Commits the row. A second row of one point is refused by the table. Throws InputError when the disk is full.
  void add(const Row& row);
  // All or none, of a folder merged into this one; rows that are there already must be equal.
  void add_all(const Store& other);
  // Takes out the rows of one status, so that their points run again; says how many.
  std::size_t forget(Status status);

  // The file may not grow beyond so many pages of 4 KiB: a disk of that size, for tests of a full one.
  void limit_pages(int pages);

  static std::filesystem::path file_in(const std::filesystem::path& folder) { return folder / "sweep.sqlite"; }

 private:
  struct Connection;
  explicit Store(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace zettasim::study
