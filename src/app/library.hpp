// Where platforms, workloads and mixes are found when a name is given instead of a path.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace zettasim::app {

// A path that exists is taken as it is. Otherwise `name` (with or without .json) is looked up below `folder`
// ("platforms", "workloads", "workloads/mixes") of the library. Throws InputError with the nearest known name.
std::filesystem::path find_in_library(const std::string& name, const std::string& folder);

// The .json files directly in a folder of the library, by name.
std::vector<std::filesystem::path> list_library(const std::string& folder);

}  // namespace zettasim::app
