// HPL, HPCG and HPL-MxP of machines that exist: published beside predicted. docs/validation.md tells what the figures
// mean and why the bounds are where they are.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <sstream>

#include "engine/job_plan.hpp"
#include "support/catch.hpp"
#include "support/networks.hpp"
#include "zettasim/platform/load.hpp"
#include "zettasim/workload/application.hpp"

using namespace zettasim;

namespace {

struct Published {
  std::string platform, run, application;
  std::int64_t nodes = 0;
  double n = 0.0;
  double pflops = 0.0;
};

std::vector<Published> published(const std::string& application) {
  std::ifstream file(ZETTASIM_SOURCE_DIR "/tests/validation/benchmarks.csv");
  std::vector<Published> rows;
  std::string line;
  for (std::getline(file, line); std::getline(file, line);) {
    std::istringstream text(line);
    std::vector<std::string> cells(8);
    for (std::string& cell : cells) std::getline(text, cell, ',');
    if (cells[2] != application) continue;
    rows.push_back({cells[0], cells[1], cells[2], std::stoll(cells[3]), cells[4].empty() ? 0.0 : std::stod(cells[4]),
                    std::stod(cells[5])});
  }
  return rows;
}

workload::Application standard(const std::string& model) {
  workload::Application application{.name = model, .model = model, .parameters = {}, .tier = {}, .program = {}};
  for (const auto& info : workload::models()) {
    if (info.name != model) continue;
    for (const auto& parameter : info.parameters)
      application.parameters[std::string(parameter.name)] = parameter.default_value;
  }
  return application;
}

platform::Machine machine_of(const std::string& name) {
  return platform::load_machine(ZETTASIM_SOURCE_DIR "/platforms/" + name + ".json");
}

// Operations counted over time. A run on more nodes than the description has is held against all it has, with the
// matrix smaller by the square root of the nodes, and scaled up by the nodes.
double predicted_pflops(const Published& row) {
  const auto machine = machine_of(row.platform);
  const auto network = topology::build_network(machine);
  const std::int64_t nodes = std::min(row.nodes, machine.node_count);
  const double share = static_cast<double>(nodes) / static_cast<double>(row.nodes);
  workload::Application application = standard(row.application);
  if (row.n > 0.0) application.parameters["n"] = std::floor(row.n * std::sqrt(share));
  const auto taken = test::first_nodes(static_cast<std::size_t>(nodes));
  workload::Job job;
  job.nodes = nodes;
  engine::Planner planner(machine, *network);
  const auto plan = planner.plan(application, job, taken);
  double time_s = 0.0;
  for (const auto& run : plan.schedule)
    time_s += static_cast<double>(run.iterations) * plan.stages[run.stage].iteration.once_s(1.0);
  const double operations = plan.once.flops.si() + static_cast<double>(plan.steps) * plan.per_step.flops.si();
  return operations / time_s / 1e15 / share;
}

struct Errors {
  double mean = 0.0;
  double worst = 0.0;
};

Errors print_table(const std::string& application) {
  Errors errors;
  const auto rows = published(application);
  fmt::print("{:<15}{:<9}{:>8}{:>12}{:>12}{:>9}\n", application, "run", "nodes", "published", "predicted", "error");
  for (const Published& row : rows) {
    const double predicted = predicted_pflops(row);
    const double error = predicted / row.pflops - 1.0;
    fmt::print("{:<15}{:<9}{:>8}{:>12.5g}{:>12.5g}{:>8.1f}%\n", row.platform, row.run, row.nodes, row.pflops, predicted,
               100.0 * error);
    errors.mean += std::abs(error) / static_cast<double>(rows.size());
    errors.worst = std::max(errors.worst, std::abs(error));
  }
  fmt::print("mean {:.1f} %, worst {:.1f} % (PFLOP/s)\n\n", 100.0 * errors.mean, 100.0 * errors.worst);
  return errors;
}

}  // namespace

TEST_CASE("HPL of twelve published runs is predicted from data sheets", "[validation][slow]") {
  const Errors errors = print_table("hpl");
  CHECK(errors.mean < 0.135);
  CHECK(errors.worst < 0.22);
}

TEST_CASE("HPCG of seven published runs is predicted from memory bandwidth", "[validation][slow]") {
  const Errors errors = print_table("hpcg");
  CHECK(errors.mean < 0.13);
  CHECK(errors.worst < 0.30);
}

TEST_CASE("HPL-MxP of seven published runs is predicted from data sheets", "[validation][slow]") {
  const Errors errors = print_table("hpl-mxp");
  CHECK(errors.mean < 0.56);
  CHECK(errors.worst < 1.36);
}
