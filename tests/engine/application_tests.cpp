// Every application model, with its defaults, on the three systems that people ask about first.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "support/catch.hpp"
#include "zettasim/engine/predict.hpp"
#include "zettasim/engine/simulate.hpp"
#include "zettasim/platform/load.hpp"

using namespace zettasim;

namespace {

struct System {
  platform::Machine machine;
  std::unique_ptr<topology::Network> network;
  explicit System(const std::string& name)
      : machine(platform::load_machine(std::filesystem::path(ZETTASIM_SOURCE_DIR) / "platforms" / (name + ".json"))),
        network(topology::build_network(machine)) {}

  // On all nodes; fails where it does not fit.
  engine::Prediction predict(const std::string& members) const {
    auto document = Document::parse("application", "{\"a\": {" + members + "}}");
    const auto application = workload::read_application("a", document.root()["a"]);
    document.finish();
    workload::Trace trace;
    trace.applications = {application};
    trace.jobs.emplace_back().nodes = machine.node_count;
    for (const Problem& problem : engine::find_misfits(machine, trace)) FAIL(machine.name << ": " << problem.text);
    return engine::predict(machine, *network, application, machine.node_count);
  }
};

void check_whole(const engine::Prediction& prediction) {
  double shares = 0.0;
  for (const auto& phase : prediction.phases) shares += phase.time.si();
  CHECK(prediction.time.si() > 0.0);
  CHECK(std::isfinite(prediction.time.si()));
  CHECK(shares == Approx(prediction.time.si()).epsilon(1e-9));
  CHECK(prediction.total_energy().si() > 0.0);
  CHECK(prediction.facility_power > prediction.total_energy() / prediction.time);
}

}  // namespace

TEST_CASE("every application is predicted on all of FugakuNEXT and Fugaku and Frontier", "[applications]") {
  for (const char* name : {"fugakunext", "fugaku", "frontier"}) {
    const System system(name);
    for (const workload::ModelInfo& model : workload::models()) {
      INFO(model.name << " on " << name);
      check_whole(system.predict(fmt::format("\"model\": \"{}\"", model.name)));
    }
  }
}

TEST_CASE("checkpoints go to and come back from each storage tier", "[applications]") {
  for (const char* name : {"fugakunext", "fugaku", "frontier"}) {
    const System system(name);
    REQUIRE(system.machine.storage.size() >= 2);
    for (const platform::StorageTier& tier : system.machine.storage) {
      INFO(tier.name << " of " << name);
      const auto prediction =
          system.predict(fmt::format(R"("model": "checkpoint", "interval": "1 min", "tier": "{}")", tier.name));
      check_whole(prediction);
      CHECK(prediction.activities.storage.si() > 0.0);
    }
  }
}

// Four of 64 experts for each token, shared out among 16 devices of different tokens.
TEST_CASE("a mixture of experts is trained and asked on FugakuNEXT and Frontier", "[applications]") {
  const std::string experts =
      R"(, "experts": 64, "top_k": 4, "layers": 32, "hidden": 4096, "heads": 32, "ffn": 2048, "tp": 1)";
  for (const char* name : {"fugakunext", "frontier"}) {
    const System system(name);
    check_whole(system.predict(R"("model": "llm-training", "pp": 2, "ep": 16)" + experts));
    const auto shared_out = system.predict(R"("model": "llm-inference", "batch": 8, "ep": 16)" + experts);
    const auto all_held = system.predict(R"("model": "llm-inference", "batch": 8, "ep": 1)" + experts);
    check_whole(shared_out);
    CHECK(shared_out.device_memory < all_held.device_memory);
  }
}
