// Published training runs as applications, and how long the model says a step takes on the platform file of their
// machine.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "support/shared_data.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"
#include "zettasim/engine/predict.hpp"
#include "zettasim/engine/simulate.hpp"
#include "zettasim/platform/load.hpp"
#include "zettasim/topology/network.hpp"

namespace zettasim::test {

using Row = std::map<std::string, std::string>;

// A table with a line of names and no quoted commas; may be compressed.
inline std::vector<Row> read_table(const std::filesystem::path& file) {
  std::istringstream in(read_text(file));
  const auto cells = [](std::string line) {
    if (line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);
    if (line.ends_with('\r')) line.pop_back();
    std::vector<std::string> result;
    std::istringstream text(line + ",");
    for (std::string cell; std::getline(text, cell, ',');) result.push_back(cell);
    return result;
  };
  std::string line;
  std::getline(in, line);
  const auto names = cells(line);
  std::vector<Row> rows;
  while (std::getline(in, line)) {
    const auto values = cells(line);
    Row& row = rows.emplace_back();
    for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) row[names[i]] = values[i];
  }
  return rows;
}

// A machine with its network, loaded once for all of a table's rows.
class MeasuredMachine {
 public:
  explicit MeasuredMachine(const std::string& platform, std::vector<std::string> settings = {})
      : machine_(platform::load_machine(std::filesystem::path(ZETTASIM_SOURCE_DIR) / "platforms" / platform,
                                        {.settings = std::move(settings)})),
        network_(topology::build_network(machine_)) {}

  // Empty where the application does not fit.
  std::optional<engine::Prediction> predict(const std::string& json, std::int64_t devices) const {
    auto document = Document::parse("application", "{\"a\": " + json + "}");
    auto application = workload::read_application("a", document.root()["a"]);
    document.finish();
    const std::int64_t nodes = std::max<std::int64_t>(1, devices / machine_.main_devices().count);
    workload::Trace trace;
    trace.applications = {application};
    trace.jobs.emplace_back().nodes = nodes;
    if (const auto problems = engine::find_misfits(machine_, trace); !problems.empty()) {
      last_problem_ = problems.front().text;
      return std::nullopt;
    }
    return engine::predict(machine_, *network_, application, nodes);
  }
  const std::string& last_problem() const { return last_problem_; }

 private:
  platform::Machine machine_;
  std::unique_ptr<topology::Network> network_;
  mutable std::string last_problem_;
};

struct Errors {
  double sum = 0.0;
  double worst = 0.0;
  int count = 0;
  void add(double predicted, double measured) {
    const double error = std::abs(predicted / measured - 1.0);
    sum += error;
    worst = std::max(worst, error);
    ++count;
  }
  double mean() const { return sum / count; }
};

}  // namespace zettasim::test
