// Finds the files that a rank trace is made of, in a folder, an archive or an index, and gives them to the reader of
// their format. See rank_trace_files.hpp.
#include "zettasim/workload/rank_trace_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "rank_trace_archive.hpp"
#include "zettasim/base/files.hpp"
#include "zettasim/base/problem.hpp"

namespace zettasim::workload {
namespace {

namespace fs = std::filesystem;

// "trace3.txt" of "trace3.txt.gz".
fs::path unpacked_name(const fs::path& path) {
  const auto extension = path.extension();
  if (extension == ".tgz") return fs::path(path).replace_extension(".tar");
  return extension == ".gz" || extension == ".zst" ? fs::path(path).replace_extension() : path;
}

// The words of a line, separated by blanks.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  const char* blanks = " \t\r";
  for (auto at = line.find_first_not_of(blanks); at != std::string_view::npos;
       at = line.find_first_not_of(blanks, at)) {
    const auto end = std::min(line.find_first_of(blanks, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

std::string_view first_line(const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = rest.substr(0, end);
    if (!words_of(line).empty()) return line;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

// "0 init", "p12 init 1": how each file of a time-independent trace begins.
bool begins_time_independent(const std::string& text) {
  const auto words = words_of(first_line(text));
  if (words.size() < 2 || words[1] != "init") return false;
  auto rank = words[0];
  if (rank.front() == 'p') rank.remove_prefix(1);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(rank.data(), rank.data() + rank.size(), number);
  return error == std::errc{} && end == rank.data() + rank.size();
}

// "a.3.et", "a.3.et.zst", and as a member of an archive: "b.tar(a.3.et)".
bool is_chakra(std::string name) {
  if (!name.empty() && name.back() == ')') name.pop_back();
  return unpacked_name(name).extension() == ".et";
}

// Those that are of a rank trace, whatever else lies beside them.
std::vector<RankFile> without_others(const std::string& name, std::vector<RankFile> files) {
  const bool chakra = std::any_of(files.begin(), files.end(), [](const RankFile& f) { return is_chakra(f.name); });
  std::erase_if(files, [&](const RankFile& file) {
    return chakra ? !is_chakra(file.name) : !begins_time_independent(file.text);
  });
  if (!files.empty()) return files;
  throw InputError(name,
                   "holds no file of a rank trace (a time-independent trace begins with a line as \"0 init\", "
                   "the files of a Chakra trace end in .et)");
}

std::vector<RankFile> files_in_folder(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file(error)) paths.push_back(entry.path());
  }
  if (error) throw InputError(folder.string(), fmt::format("cannot be looked into ({})", error.message()));
  std::sort(paths.begin(), paths.end());
  std::vector<RankFile> files;
  for (const fs::path& path : paths) files.push_back({path.string(), read_text(path)});
  return files;
}

// Each line of an index names a file: as it stands, or beside the index.
std::vector<RankFile> files_of_index(const fs::path& index, const std::string& text) {
  std::vector<RankFile> files;
  std::vector<Problem> problems;
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto words = words_of(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (words.empty()) continue;
    std::error_code ignored;
    const fs::path beside = index.parent_path() / std::string(words[0]);
    if (words.size() == 1 && fs::is_regular_file(beside, ignored)) {
      files.push_back({beside.string(), read_text(beside)});
    } else if (problems.size() < 20) {
      const bool rank = words.size() == 1;
      problems.push_back({fmt::format("{}:{}", index.string(), number),
                          rank ? fmt::format("the trace of a rank is missing: no file \"{}\"", beside.string())
                               : "found neither an action of a rank, such as \"0 init\", nor the name of one file"});
    }
  }
  if (!problems.empty()) throw InputError(std::move(problems));
  return files;
}

RankTrace read_without_check(const fs::path& path) {
  const auto files = files_of_rank_trace(path);
  if (is_chakra(files.front().name)) return read_chakra(path.string(), files);
  if (unpacked_name(path).extension() == ".goal") return read_goal(path.string(), files.front().text);
  if (unpacked_name(path).extension() == ".json") return read_kineto(files.front());
  return read_time_independent(path.string(), files);
}

}  // namespace

bool is_rank_trace(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return true;
  const auto extension = unpacked_name(path).extension();
  if (extension == ".json") return is_kineto(read_text(path));
  return extension == ".tar" || extension == ".txt" || extension == ".goal" || extension == ".et";
}

std::vector<RankFile> files_of_rank_trace(const fs::path& path) {
  if (fs::is_directory(path)) return without_others(path.string(), files_in_folder(path));
  std::string text = read_text(path);
  const auto extension = unpacked_name(path).extension();
  if (extension == ".tar") return without_others(path.string(), unpack_archive(path.string(), text));
  if (extension == ".et" || extension == ".goal" || extension == ".json" || begins_time_independent(text)) {
    return {{path.string(), std::move(text)}};
  }
  return without_others(path.string(), files_of_index(path, text));
}

RankTrace read_rank_trace(const fs::path& path) {
  RankTrace trace = read_without_check(path);
  check(trace);
  return trace;
}

}  // namespace zettasim::workload
