// Other people's data that lies beside the project on some machines and is never copied into it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

namespace zettasim::test {

// The file below the folder of shared data ($ZETTASIM_SHARED, or ../shared beside the project), if it is there.
inline std::optional<std::filesystem::path> shared_file(const std::string& name) {
  const char* folder = std::getenv("ZETTASIM_SHARED");
  const auto root =
      folder ? std::filesystem::path(folder) : std::filesystem::path(ZETTASIM_SOURCE_DIR) / ".." / "shared";
  const auto file = root / name;
  return std::filesystem::exists(file) ? std::optional(file) : std::nullopt;
}

// Ends the test case as skipped, saying why, when `name` is not there. Exit code 4 is CTest's SKIP_RETURN_CODE here;
// each case runs in a process of its own there, so leaving it is safe.
inline std::filesystem::path shared_file_or_skip(const std::string& name) {
  if (auto file = shared_file(name)) return *file;
  std::cout << "skipped: the shared file " << name << " is not on this machine" << std::endl;
  std::exit(4);
}

}  // namespace zettasim::test
