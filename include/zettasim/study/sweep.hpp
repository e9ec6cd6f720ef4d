// A sweep as its file describes it: commands to run, what to change between runs, what to keep of each result.
// The format is docs/formats-study.md. What comes next: points.hpp (which points), run_sweep.hpp (running them).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "zettasim/base/document.hpp"
#include "zettasim/base/quantity.hpp"
#include "zettasim/study/expression.hpp"
#include "zettasim/study/value.hpp"

namespace zettasim {
class Field;
}

namespace zettasim::study {

// One command of the program that a point carries out, such as: predict fugakunext hpl.
struct Run {
  std::string name;
  std::vector<std::string> command;
};

// Where a parameter's value goes.
enum class Change {
  platform,  // a JSON pointer into the machine: --set
  workload,  // a JSON pointer into the workload file of `run`
  argument,  // name=value of the application of `predict`
  option,    // an option of the command, such as --placement
  overlay,   // a file laid over the machine; "none" leaves it as it is
};

enum class Scale { linear, logarithmic };

// From one end to the other, both included; samples fall anywhere between.
struct Range {
  double from = 0.0;
  double to = 1.0;
  std::string unit;  // empty: a plain number
  Scale scale = Scale::linear;
  bool whole = false;            // only whole numbers: counts
  Value at(double share) const;  // 0 is `from`, 1 is `to`
};

struct Parameter {
  std::string name;
  Change change = Change::platform;
  std::string target;             // pointer, name or option; empty for overlays
  std::vector<std::string> runs;  // the runs it changes; empty: all
  std::vector<Value> values;      // of a list; of a range with steps, its steps
  std::optional<Range> range;
};

// Parameters that move together; axes are multiplied with each other, the first one slowest.
struct Axis {
  std::vector<std::size_t> parameters;   // positions in Sweep::parameters
  std::vector<std::vector<Value>> rows;  // a value for each of them
};

struct Metric {
  std::string name;
  std::string run;                    // of a number in a run's result
  std::string pointer;                //   and where it stands in its JSON
  std::optional<Expression> formula;  // of a number computed from parameters and other metrics
  std::string unit;
  Dimension dimension = {};
};

enum class Sense { maximise, minimise };

struct Objective {
  std::string metric;
  Sense sense;
};

struct Limits {
  Duration time = seconds(600);
  DataSize memory = bytes(0x1p32);  // of address space, for each process of a point
};

// Looking for the best point instead of visiting all (search.hpp).
struct Search {
  Objective objective;
  std::vector<Expression> subject_to;
  std::size_t evaluations = 200;
  std::size_t starts = 4;
};

struct Sweep {
  std::string name;
  std::vector<Run> runs;
  std::vector<Parameter> parameters;
  std::vector<Axis> axes;
  std::vector<Expression> constraints;
  std::vector<Metric> metrics;
  std::vector<Objective> objectives;
  Limits limits;
  std::uint64_t seed = 1;
  std::optional<std::size_t> repeats;  // seeds per point
  std::optional<Search> search;
  std::string source;  // the whole description, for the store
};

// Throws InputError with all problems of the file.
Sweep read_sweep(Document document);

// Commands that print one result in JSON with --json.
const std::vector<std::string>& studied_commands();

// ["predict", "fugakunext", "hpl"]: a command of those and its arguments; problems where it is none.
std::vector<std::string> read_command(const Field& field);

// {"time": "1 min", "memory": "2 GiB"}, both optional.
Limits read_limits(const Field& field);

inline constexpr std::size_t most_points = 1'000'000;

}  // namespace zettasim::study
