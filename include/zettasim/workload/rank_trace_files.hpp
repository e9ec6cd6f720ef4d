// Rank traces in and out: which files they are made of, and which format those have.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "zettasim/workload/rank_trace.hpp"

namespace zettasim::workload {

struct RankFile {
  std::string name;  // for messages
  std::string text;
};

// Whether `path` is a rank trace by its kind and name: a folder, an archive (.tar, also .gz or .zst, .tgz), .goal, .et,
// or .txt (also .gz or .zst).
bool is_rank_trace(const std::filesystem::path& path);

// Reads a rank trace and checks it: a folder or an archive with a file per rank, an index of such files, or one file of
// all ranks. Throws InputError with the problems found.
RankTrace read_rank_trace(const std::filesystem::path& path);

// The files that such a trace is made of, as texts.
std::vector<RankFile> files_of_rank_trace(const std::filesystem::path& path);

// The readers of each format, without the check between ranks. Files of one rank each, or of all; a schedule is one
// file; those of Chakra end in their rank ("name.3.et").
RankTrace read_time_independent(const std::string& name, const std::vector<RankFile>& files);
RankTrace read_goal(const std::string& name, const std::string& text);
RankTrace read_chakra(const std::string& name, const std::vector<RankFile>& files);

}  // namespace zettasim::workload
