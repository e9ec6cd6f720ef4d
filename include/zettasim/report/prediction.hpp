// What a prediction says: a screen for people, JSON under stable names for machines (docs/formats.md).
#pragma once

#include <string>
#include <vector>

#include "zettasim/engine/predict.hpp"
#include "zettasim/platform/machine.hpp"
#include "zettasim/workload/application.hpp"

namespace zettasim::report {

// All a prediction's report is made from. References only; they must outlive it.
struct Predicted {
  const platform::Machine& machine;
  const workload::Application& application;
  const engine::Prediction& prediction;
  std::string version;               // of zettasim
  std::vector<std::string> command;  // enough to predict again
};

std::string prediction_screen(const Predicted& predicted);
std::string prediction_json(const Predicted& predicted);

}  // namespace zettasim::report
