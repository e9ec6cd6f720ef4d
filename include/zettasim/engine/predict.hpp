// One application alone on a machine: its program priced phase by phase, without a batch system and without SimGrid.
// The same prices that a simulated job has, so that both agree (tests/engine/predict_tests.cpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zettasim/base/quantity.hpp"
#include "zettasim/base/vocabulary.hpp"
#include "zettasim/engine/resolution.hpp"
#include "zettasim/engine/run_record.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/topology/network.hpp"
#include "zettasim/workload/application.hpp"

namespace zettasim::engine {

// All phases of one name.
struct PhaseShare {
  std::string name;
  Duration time;  // of the time alone; what another phase hides is not in it, so that shares sum to it
  Duration own;   // hidden or not
  FlopCount flops;
  Energy energy;  // above idle
};

struct Prediction {
  std::int64_t nodes = 0;
  std::int64_t devices = 0;  // main ones
  Duration time;
  std::int64_t steps = 0;
  Duration step_time;  // zero where the program has no steps
  workload::Outcome per_step;
  Energy step_energy;  // of a step, as `energy` counts
  TimeByActivity activities;
  PerPrecision<FlopCount> flops;  // executed
  workload::Outcome outcome;      // what the application counts; its flops are those executed where it does not say
  // Of the application's nodes, at rest and above, with their supplies, and of as large a share of the network as they
  // are of the machine. Neither cooling nor storage at rest: what is metered for the lists of fast machines.
  PerComponent<Energy> energy;
  Power highest;                   // mean over the stage that draws most
  Power facility_power;            // mean of the whole machine: idle nodes, storage and cooling too
  std::vector<PhaseShare> phases;  // in the order in which they first appear
  DataSize device_memory;          // that each main device holds; zero where the application does not say
  Energy total_energy() const { return energy.sum(); }
};

// The application on the first `nodes` nodes. find_misfits, and of messages
// find_message_misfits, has been asked before; throws InputError where messages cannot be simulated after all.
Prediction predict(const platform::Machine& machine, const topology::Network& network,
                   const workload::Application& application, std::int64_t nodes,
                   Resolution resolution = Resolution::patterns);

}  // namespace zettasim::engine
