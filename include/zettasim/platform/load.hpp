// From files to a Machine: parts are put in place, overlays and settings applied, everything checked.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "zettasim/platform/machine.hpp"

namespace zettasim::platform {

struct Changes {
  // Merge patches (RFC 7396) with format "zettasim-overlay", applied in order.
  std::vector<std::filesystem::path> overlays = {};
  // "/node/gpus/count=8", applied after the overlays.
  std::vector<std::string> settings = {};
};

// Loads a system description. Throws InputError with all problems of all its files.
Machine load_machine(const std::filesystem::path& file, const Changes& changes = {});

// The same from text, for tests: parts are looked up relative to the folder of `name`.
Machine parse_machine(const std::string& name, const std::string& text, const Changes& changes = {});

}  // namespace zettasim::platform
