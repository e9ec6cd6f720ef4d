// --network patterns|messages, of the commands that price jobs.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "zettasim/engine/resolution.hpp"

namespace zettasim::app {

inline void add_resolution(CLI::App& command, engine::Resolution& resolution) {
  command
      .add_option("--network", resolution,
                  "patterns (default), or messages: each message of a phase simulated, for small machines")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, engine::Resolution>{{"patterns", engine::Resolution::patterns},
                                                                            {"messages", engine::Resolution::messages}})
              .description("{patterns,messages}"));
}

}  // namespace zettasim::app
