#include "app/library.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "zettasim/base/problem.hpp"
#include "zettasim/base/suggest.hpp"

namespace zettasim::app {
namespace fs = std::filesystem;
namespace {

// The folder that holds platforms/ and workloads/: $ZETTASIM_LIBRARY, the working directory, share/zettasim beside an
// installed program, or the checkout that the program was built in.
std::vector<fs::path> library_roots() {
  std::vector<fs::path> roots;
  if (const char* named = std::getenv("ZETTASIM_LIBRARY")) roots.emplace_back(named);
  roots.emplace_back(".");
  std::error_code ignored;
  const auto program = fs::read_symlink("/proc/self/exe", ignored);
  if (ignored) return roots;
  roots.push_back(program.parent_path().parent_path() / "share" / "zettasim");
  for (auto folder = program.parent_path(); folder.has_relative_path(); folder = folder.parent_path()) {
    if (fs::is_directory(folder / "platforms", ignored) && fs::is_directory(folder / "workloads", ignored))
      roots.push_back(folder);
  }
  return roots;
}

}  // namespace

std::vector<fs::path> list_library(const std::string& folder) {
  std::error_code ignored;
  for (const fs::path& root : library_roots()) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(root / folder, ignored)) {
      if (entry.is_regular_file(ignored) && entry.path().extension() == ".json")
        files.push_back(entry.path().lexically_normal());
    }
    std::sort(files.begin(), files.end());
    if (!files.empty()) return files;
  }
  return {};
}

fs::path find_in_library(const std::string& name, const std::string& folder) {
  std::error_code ignored;
  if (fs::exists(name, ignored)) return name;
  std::vector<std::string> known;
  for (const fs::path& file : list_library(folder)) {
    if (file.stem() == name || file.filename() == name || file == fs::path(folder) / name ||
        fs::path(name) == fs::path(folder) / file.filename()) {
      return file;
    }
    known.push_back(file.stem().string());
  }
  throw InputError(
      name, fmt::format("no such file, and no such name in the library's {}{}", folder, suggestion(name, known)));
}

}  // namespace zettasim::app
