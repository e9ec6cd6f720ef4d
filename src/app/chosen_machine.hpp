// The machine that a command line names, with its overlays and settings.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "app/library.hpp"
#include "zettasim/platform/load.hpp"

namespace zettasim::app {

struct ChosenMachine {
  std::string platform;
  std::vector<std::string> overlays;
  std::vector<std::string> settings;

  void add_options(CLI::App& command) {
    command.add_option("platform", platform, "A file, or a name of the library")->required();
    command.add_option("--overlay", overlays, "Merge patch on the machine; may be repeated")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command.add_option("--set", settings, "Change one value, as in /node/gpus/count=8; may be repeated")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  platform::Machine load() const {
    platform::Changes changes{.overlays = {}, .settings = settings};
    for (const auto& overlay : overlays) changes.overlays.push_back(find_in_library(overlay, "platforms/overlays"));
    return platform::load_machine(find_in_library(platform, "platforms"), changes);
  }
};

}  // namespace zettasim::app
