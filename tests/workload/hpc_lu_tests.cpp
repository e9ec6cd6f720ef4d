#include <cmath>

#include "support/catch.hpp"
#include "workload/device_grid.hpp"
#include "zettasim/workload/application.hpp"

using namespace zettasim;
using namespace zettasim::workload;
using namespace zettasim::literals;

namespace {

const NodeShape four_gpus{.main_devices = 4, .main_memory = 800_GB, .host_memory = 400_GB};

Program program_of(const std::string& model, const std::map<std::string, double>& changed, std::int64_t nodes,
                   const NodeShape& shape = four_gpus) {
  Application one{.name = model, .model = model, .parameters = {}, .tier = {}, .program = {}};
  for (const ModelInfo& info : models()) {
    if (info.name != model) continue;
    for (const ParameterInfo& p : info.parameters) one.parameters[std::string(p.name)] = p.default_value;
  }
  for (const auto& [name, value] : changed) one.parameters.at(name) = value;
  return build_program(one, nodes, shape);
}

// The sum over all phases of that name, loops counted out.
template <class Amount>
double total(const std::vector<Phase>& phases, std::string_view name, const Amount& amount) {
  double sum = 0.0;
  for (const Phase& phase : phases) {
    if (const auto* loop = std::get_if<Loop>(&phase.what)) {
      sum += static_cast<double>(loop->count) * total(loop->body, name, amount);
    } else if (const auto* overlap = std::get_if<Overlap>(&phase.what)) {
      for (const auto& branch : overlap->branches) sum += total(branch, name, amount);
    } else if (phase.name == name) {
      sum += amount(phase);
    }
  }
  return sum;
}
double product_flops(const Phase& phase) { return std::get<MatrixMultiply>(phase.what).flops_per_device().si(); }
double buffer(const Phase& phase) { return std::get<Collective>(phase.what).size.si(); }
double streamed(const Phase& phase) { return std::get<Kernel>(phase.what).host_traffic.si(); }

}  // namespace

// N = sqrt(0.9 * 800 GB * 16 / 8 B) = 1.2e6, in blocks of 512: 1,199,616. The update is 2/3 N^3 over 64 devices.
TEST_CASE("HPL updates for two thirds of N cubed flops however many sections it has", "[workload]") {
  const double n = 1199616.0;
  for (const double sections : {1.0, 7.0, 50.0}) {
    const auto program = program_of("hpl", {{"sections", sections}}, 16);
    CHECK(program.once.flops.si() == Approx(2.0 / 3.0 * n * n * n + 1.5 * n * n).epsilon(1e-12));
    CHECK(64.0 * total(program.setup, "update", product_flops) == Approx(2.0 / 3.0 * n * n * n).epsilon(1e-9));
  }
}

// 1,199,616 / 512 = 2,343 panels: 50 steps of 46 of them, each of the mean shape.
TEST_CASE("HPL in equal steps counts the share of the factorisation that its steps do", "[workload]") {
  const auto program = program_of("hpl", {{"sections", 0.0}}, 16);
  const double n = 1199616.0;
  CHECK(program.steps == 50);
  CHECK(program.per_step.flops.si() == Approx((2.0 / 3.0 * n * n * n + 1.5 * n * n) * 46.0 / 2343.0).epsilon(1e-9));
  CHECK(64.0 * total(program.step, "update", product_flops) ==
        Approx(2.0 / 3.0 * n * n * n * 46.0 / 2343.0).epsilon(1e-9));
}

// The panels of an 8 x 8 grid in one section, whose mean edge is N / sqrt(3): along rows 8 B * N * N / sqrt(3) / 8.
// Rows that are swapped move twice along columns, spread and rolled.
TEST_CASE("HPL broadcasts every column of the matrix along the rows of its grid", "[workload]") {
  const double n = 51200.0;
  const auto program = program_of("hpl", {{"n", n}, {"block", 512.0}, {"sections", 1.0}}, 16);
  CHECK(total(program.setup, "panel broadcast", buffer) == Approx(n * n / std::sqrt(3.0)).epsilon(1e-9));
  CHECK(total(program.setup, "row swaps", buffer) == Approx(2.0 * n * n / std::sqrt(3.0)).epsilon(1e-9));
}

// On 8 x 8 devices each column factorises an eighth of the panels: N / 512 panels of N / sqrt(3) / 8 rows a device,
// four devices a node, 8 B * 512 columns both ways over the links; read and written once by CPUs, and 2 * log2(512 /
// 16) = 10 times more by GPUs, whose base columns pass 16 times instead of twice.
TEST_CASE("HPL factorises panels on the hosts when told so and moves them there and back", "[workload]") {
  const double n = 51200.0;
  const auto of = [&](double panels) {
    return program_of("hpl", {{"n", n}, {"block", 512.0}, {"sections", 1.0}, {"panels", panels}}, 16);
  };
  const auto moved = [](const Phase& phase) { return std::get<Kernel>(phase.what).memory_traffic.si(); };
  const auto on_cpus = [](const Phase& phase) {
    return std::get<Kernel>(phase.what).device == DeviceKind::cpu ? 1.0 : 0.0;
  };
  const auto hosts = of(1.0), devices = of(0.0);
  const double parts = n / 512.0 * (4.0 / 8.0) * 8.0 * (n / std::sqrt(3.0) / 8.0) * 512.0;
  CHECK(total(hosts.setup, "panel to host and back", streamed) == Approx(parts).epsilon(1e-9));
  CHECK(total(hosts.setup, "panel factorisation", moved) == Approx(2.0 * parts).epsilon(1e-9));
  CHECK(total(devices.setup, "panel factorisation", moved) == Approx(26.0 * parts).epsilon(1e-9));
  CHECK(total(devices.setup, "panel to host and back", streamed) == 0.0);
  CHECK(total(hosts.setup, "panel factorisation", on_cpus) > 0.0);
  CHECK(total(devices.setup, "panel factorisation", on_cpus) == 0.0);
}

// 102,400 / 512 = 200 panels, 100 of 1,024 columns.
TEST_CASE("HPL takes panels as wide as the vendor's unless told otherwise", "[workload]") {
  NodeShape shape = four_gpus;
  const auto panels = [&](double block) {
    const auto program = program_of("hpl", {{"n", 102400.0}, {"sections", 1.0}, {"block", block}}, 16, shape);
    return std::get<Loop>(program.setup.at(0).what).count;
  };
  CHECK(panels(0.0) == 200);
  shape.lu_block = 1024;
  CHECK(panels(0.0) == 100);
  CHECK(panels(512.0) == 200);
}

// One node of 4 x 200 GB, 2 x 2 devices: 350,000^2 * 8 B / 4 = 245 GB for each; panels of 1,024 columns and their
// double need 2 * 8 * 1,024 * 350,000 = 5.7 GB; so 50.7 GB for each are in host memory.
TEST_CASE("HPL keeps in host memory what the devices cannot hold and streams it", "[workload]") {
  const auto program = program_of("hpl", {{"n", 350000.0}}, 1);
  const double workspace = 2.0 * 8.0 * 1024.0 * 350000.0;
  CHECK(program.misfit.empty());
  CHECK(program.device_memory.si() == Approx(200e9));
  CHECK(program.host_memory.si() == Approx(4.0 * (245e9 - (200e9 - workspace))));
  CHECK(total(program.setup, "stream from host memory", streamed) > program.host_memory.si());
  const double n = 350000.0;
  const auto other_pieces = [](const Phase& phase) {
    const auto& piece = std::get<MatrixMultiply>(phase.what);
    return piece.m == 4096.0 && piece.n == 4096.0 && piece.k == 1024.0 && piece.adds ? 0.0 : 1.0;
  };
  CHECK(total(program.setup, "update in pieces", product_flops) > 0.0);
  CHECK(total(program.setup, "update in pieces", other_pieces) == 0.0);
  CHECK(4.0 *
            (total(program.setup, "update", product_flops) + total(program.setup, "update in pieces", product_flops)) ==
        Approx(2.0 / 3.0 * n * n * n).epsilon(1e-3));
  const auto fits = program_of("hpl", {{"n", 300000.0}}, 1);
  CHECK(fits.host_memory.si() == 0.0);
  CHECK(total(fits.setup, "stream from host memory", streamed) == 0.0);
  CHECK(total(fits.setup, "update in pieces", product_flops) == 0.0);
}

// 500,000^2 * 8 B = 2 TB; the node has 1.2 TB in all.
TEST_CASE("HPL refuses a matrix beyond the memory of devices and hosts together", "[workload]") {
  const auto program = program_of("hpl", {{"n", 500000.0}}, 1);
  CHECK(program.misfit.find("a matrix of 500000 rows takes 500 GB of each device") == 0);
  CHECK(program.memory_advice.find("a smaller n, or a run on") == 0);
}

TEST_CASE("HPL on processors takes smaller blocks than on GPUs", "[workload]") {
  const NodeShape sockets{.main_devices = 2, .main_memory = 800_GB, .main_kind = DeviceKind::cpu};
  const auto program = program_of("hpl", {{"sections", 1.0}}, 1, sockets);
  const double n = std::floor(std::sqrt(0.9 * 800e9 / 8.0) / 256.0) * 256.0;
  CHECK(std::get<Loop>(program.setup.at(0).what).count == static_cast<std::int64_t>(n / 256.0));
}

// N = sqrt(0.85 * 800 GB * 16 / 4 B) = 1,649,242 in blocks of 3,072: 1,646,592.
TEST_CASE("HPL-MxP holds a matrix of four bytes a number and counts what HPL counts", "[workload]") {
  const double n = 1646592.0;
  const auto program = program_of("hpl-mxp", {}, 16);
  CHECK(program.once.flops.si() == Approx(2.0 / 3.0 * n * n * n + 1.5 * n * n).epsilon(1e-12));
  CHECK(64.0 * total(program.setup, "update", product_flops) == Approx(2.0 / 3.0 * n * n * n).epsilon(1e-9));
  CHECK(program.misfit.empty());
}

// Each panel solves NB^2 flops for every row of L below it, and as many for every column of U: NB N^2 / 2 over the
// factorisation, to the rounding of the sections' mean shapes. The grid of 64 devices is 8 x 8.
TEST_CASE("HPL-MxP solves for U as long as for L and adds up in FP32", "[workload]") {
  const double n = 1646592.0, block = 3072.0;
  const auto program = program_of("hpl-mxp", {}, 16);
  const double l = 64.0 * total(program.setup, "solve for L", product_flops);
  CHECK(l == Approx(block * n * n / 2.0).epsilon(0.01));
  CHECK(64.0 * total(program.setup, "solve for U", product_flops) == l);
  const auto wide = [](const Phase& phase) {
    return std::get<MatrixMultiply>(phase.what).result == Precision::fp32 ? 1.0 : 0.0;
  };
  CHECK(total(program.setup, "update", wide) == std::ceil(n / block));
}

// 23,536 = 16 * 1471 devices would make a ribbon: 148 x 159 leaves four out. 7 are better in a row than six as 2 x 3.
TEST_CASE("a grid of devices leaves a few out rather than become a ribbon", "[workload]") {
  const DeviceGrid large = near_square_grid(23536.0);
  CHECK(large.rows == 148.0);
  CHECK(large.columns == 159.0);
  CHECK(near_square_grid(7.0).columns == 7.0);
  CHECK(near_square_grid(38416.0).rows == 196.0);
  CHECK(near_square_grid(1.0).rows == 1.0);
}

// 5,040 = 70 * 72, of which 72 are 18 whole nodes of four. 37,888 on nodes of four: 196 * 193 leaves 60 out, 192 * 197
// leaves 64 out. Two nodes of eight are too few for columns of whole nodes: 4 x 4.
TEST_CASE("the columns of a grid are whole nodes where there are more than a few", "[workload]") {
  CHECK(near_square_grid(5040.0, 4.0).rows == 72.0);
  CHECK(near_square_grid(5040.0, 4.0).columns == 70.0);
  const DeviceGrid frontier = near_square_grid(37888.0, 4.0);
  CHECK(frontier.rows == 196.0);
  CHECK(frontier.columns == 193.0);
  CHECK(near_square_grid(16.0, 8.0).rows == 4.0);
  CHECK(near_square_grid(32.0, 4.0).rows == 4.0);
}

// The panel's two branches: what the update has to wait for stands before or after it, the next panel beside it.
TEST_CASE("HPL-MxP solves for U beside no update and for L beside the last one", "[workload]") {
  const auto program = program_of("hpl-mxp", {{"sections", 1.0}}, 16);
  const auto& panels = std::get<Loop>(program.setup.at(0).what).body;
  const auto& branches = std::get<Overlap>(panels.at(0).what).branches;
  REQUIRE(branches.size() == 2);
  CHECK(total(branches[0], "update", product_flops) > 0.0);
  CHECK(total(branches[0], "solve for U", product_flops) > 0.0);
  CHECK(total(branches[0], "solve for L", product_flops) == 0.0);
  CHECK(total(branches[1], "solve for L", product_flops) > 0.0);
  CHECK(total(branches[1], "solve for U", product_flops) == 0.0);
}
