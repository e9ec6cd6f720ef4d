// One point in child processes, from its parameters to a row: shared by sweeps, searches and checks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zettasim/study/points.hpp"
#include "zettasim/study/store.hpp"
#include "zettasim/study/sweep.hpp"
#include "zettasim/study/worker_pool.hpp"

namespace zettasim::study {

// The program as its studies use it, given by `app`.
struct Program {
  // One command line, in this process, its result on standard output: the exit code. Called in children only.
  std::function<int(const std::vector<std::string>& arguments)> run;
  // The file that a name stands for: find("fugakunext", "platforms"). Throws InputError.
  std::function<std::filesystem::path(const std::string& name, const std::string& folder)> find;
  std::string version;
};

// A number in a JSON text at a pointer, as it is or from true or false; otherwise what is there instead.
struct Lookup {
  std::optional<double> number;
  std::string problem;
};
Lookup look_up(std::string_view json, const std::string& pointer);

// Standard output of a child that ran `invocation`: the digest of its machine on a line, then the result.
// Called in the child.
int carry_out(const Program& program, const Invocation& invocation);

// Splits what carry_out printed; nothing when it did not get that far.
struct Result {
  std::string platform;
  std::string json;
};
std::optional<Result> split_result(const std::string& out);

// What became of a child in words: empty when it returned 0.
std::string describe_failure(const Ended& ended, const Limits& limits);
Status status_of(const Ended& ended);

// Points on their way through the pool. Tickets are the caller's numbers for points.
class Evaluator {
 public:
  Evaluator(const Sweep& sweep, const Program& program, std::size_t workers);

  bool has_room() const { return pool_.has_room(); }
  bool is_idle() const { return pool_.is_idle() && again_.empty(); }
  void start(const Point& point);
  // Rows of points that ended.
  std::vector<Row> wait();

 private:
  // A point of which some runs may still be to come.
  struct Open {
    Point point;
    std::size_t run = 0;
    std::size_t attempts = 0;
    double wall_s = 0.0;
    std::vector<std::string> platforms;
    std::map<std::string, double> metrics;
  };

  void launch(std::uint64_t id, Open& open);
  std::optional<Row> take(const Ended& ended);
  std::string keep_metrics(Open& open, const Result& result) const;
  Row row_of(const Open& open, Status status, std::string message) const;

  const Sweep& sweep_;
  const Program& program_;
  WorkerPool pool_;
  std::map<std::uint64_t, Open> open_;
  std::vector<std::uint64_t> again_;  // killed from outside, to be started once more
};

// The formulas of a sweep, from parameters and the metrics of its runs. Adds to `metrics`; a problem in words, or
// nothing.
std::string add_formulas(const Sweep& sweep, const Point& point, std::map<std::string, double>& metrics);

// {"hpl": 1.2e+18}: numbers by name in the order of the sweep, each the shortest text that reads back the same.
std::string metrics_json(const Sweep& sweep, const std::map<std::string, double>& metrics);
std::map<std::string, double> read_metrics(const std::string& json);

}  // namespace zettasim::study
