#include <cmath>

#include "support/catch.hpp"
#include "zettasim/workload/application.hpp"

using namespace zettasim;
using namespace zettasim::workload;
using namespace zettasim::literals;

namespace {

const NodeShape four_gpus{.main_devices = 4, .main_memory = 400_GB};

Program program_of(const std::string& model, std::int64_t nodes) {
  Application one{.name = model, .model = model, .parameters = {}, .tier = {}, .program = {}};
  for (const ModelInfo& info : models()) {
    if (info.name != model) continue;
    for (const ParameterInfo& p : info.parameters) one.parameters[std::string(p.name)] = p.default_value;
  }
  return build_program(one, nodes, four_gpus);
}

double all_flops(const std::vector<Phase>& phases) {
  double sum = 0.0;
  for (const Phase& phase : phases) {
    if (const auto* kernel = std::get_if<Kernel>(&phase.what)) sum += kernel->flops[Precision::fp64].si();
  }
  return sum;
}

}  // namespace

// A row of the finest level: product 54, smoothing 216, residual 54, vectors 12; the next levels 270 / 8 and 270 / 64,
// the coarsest 108 / 512. Rows: 0.25 * 400 GB / (404 B * (1 + 1/8 + 1/64 + 1/512)).
TEST_CASE("HPCG does 374 flops a row and counts what it does", "[workload]") {
  const auto program = program_of("hpcg", 10);
  const double rows = std::floor(0.25 * 400e9 / (404.0 * (1.0 + 1.0 / 8 + 1.0 / 64 + 1.0 / 512)));
  const double row = 54 + 216 + 54 + 12 + 270.0 / 8 + 270.0 / 64 + 108.0 / 512;
  CHECK(all_flops(program.step) == Approx(rows * row).epsilon(1e-9));
  CHECK(program.per_step.flops.si() == Approx(10.0 * rows * row).epsilon(1e-9));
  CHECK(program.device_memory.si() == Approx(25e9).epsilon(1e-6));
}

// 0.5 * 400 GB / 24 B elements of 24 B: the triad passes over the memory it fills once, and sends nothing.
TEST_CASE("STREAM moves all the memory it fills once a step", "[workload]") {
  const auto program = program_of("stream", 3);
  REQUIRE(program.step.size() == 1);
  CHECK(std::get<Kernel>(program.step[0].what).memory_traffic.si() == Approx(200e9));
}

// 8,388,608 sites: two applications of 1,368 flops and 240 for vectors; faces of sites^(3/4) = 155,872 sites of 96 B.
TEST_CASE("lattice QCD applies its operator twice an iteration and exchanges four-dimensional faces", "[workload]") {
  const auto program = program_of("lattice-qcd", 2);
  CHECK(all_flops(program.step) == Approx(8388608.0 * 2976.0));
  const auto& halo = std::get<Neighbours>(program.step.at(0).what);
  CHECK(halo.dimensions == 4);
  CHECK(halo.size.si() == Approx(std::pow(8388608.0, 0.75) * 96.0));
}
